"""Curves and rungs drawn in single characters."""

from collections.abc import Sequence

_LEVELS = "▁▂▃▄▅▆▇█"
_FULL, _EMPTY = "■", "□"


def sparkline(values: Sequence[float], width: int) -> str:
    """A curve of at most ``width`` characters, the lowest value at the bottom.

    Where there are more values than characters, each stands for the last of its share.
    """
    count = min(len(values), width)
    if count == 0:
        return ""
    shown = [values[(place + 1) * len(values) // count - 1] for place in range(count)]
    low, high = min(shown), max(shown)
    if low == high:
        return _LEVELS[0] * count
    steps = len(_LEVELS) - 1
    return "".join(_LEVELS[round(steps * (value - low) / (high - low))] for value in shown)


def cells(done: int, total: int, width: int) -> str:
    """A rung: one character a trial, or at most ``width`` for all; full ones have ended.

    It looks full only when all have, and empty only when none has.
    """
    count = min(total, width)
    full = count * done // total if total else 0
    if done > 0 and full == 0:
        full = 1
    if done < total and full == count:
        full = count - 1
    return _FULL * full + _EMPTY * (count - full)
