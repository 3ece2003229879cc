"""How numbers, configurations and durations are written for people, in one place."""

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

MISSING = "–"


def number(value: object) -> str:
    """A value of a configuration, short: floats to three digits, lists without spaces."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case float():
            # 1e-4 and 0.0001 are one value; `%g` would also write 20.0 as 20, which is wanted.
            return f"{value:.3g}"
        case list() | tuple():
            return "[" + ",".join(number(item) for item in value) + "]"
        case _:
            return str(value)


def configuration(values: Mapping[str, Any]) -> str:
    """A configuration on one line of a terminal: ``topology=8 learning_rate=0.000845``."""
    return " ".join(f"{name}={number(value)}" for name, value in values.items())


def configuration_words(values: Mapping[str, Any]) -> str:
    """A configuration as a phrase: ``topology 8, learning rate 0.000845``."""
    return ", ".join(
        f"{str(name).replace('_', ' ')} {number(value)}" for name, value in values.items()
    )


def percent(fraction: float | None, n: int | None = None) -> str:
    """A fraction as a percentage: one decimal, two where at least 1,000 images carry them.

    Rounding never reaches 100 % or 0 % unless the fraction is 1 or 0: one error stays visible.
    """
    return MISSING if not _finite(fraction) else f"{_percentage(fraction, n)} %"


def percent_interval(
    fraction: float | None, interval: tuple[float, float] | list[float] | None, n: int | None = None
) -> str:
    """A percentage with its interval: ``94.5 % (87.8–97.6)``."""
    if interval is None or len(interval) != 2 or not all(_finite(bound) for bound in interval):
        return percent(fraction, n)
    low, high = (_percentage(bound, n) for bound in interval)
    return f"{percent(fraction, n)} ({low}–{high})"


def mean_over_seeds(mean: float | None, interval: tuple[float, float] | list[float] | None) -> str:
    """A mean over seeds with its interval: ``94.5 % (93.8–95.2)``, or ``94.5 % (seeds alike)``.

    Seeds that agree say nothing of chance: no interval of no width is given.
    """
    if interval is not None and len(interval) == 2 and interval[0] == interval[1]:
        return f"{percent(mean)} (seeds alike)"
    return percent_interval(mean, interval)


def duration(seconds: float | None) -> str:
    """Seconds in the two units that matter: ``3 min 20 s``, ``2 h 5 min``, ``9 d 4 h``."""
    if not _finite(seconds):
        return MISSING
    if seconds < 9.95:
        return f"{max(seconds, 0.0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _two(whole // 60, "min", whole % 60, "s")
    if whole < 86400:
        return _two(whole // 3600, "h", whole % 3600 // 60, "min")
    return _two(whole // 86400, "d", whole % 86400 // 3600, "h")


def quantity(value: float | None) -> str:
    """A count or an amount with thousands marked: ``12,600``."""
    if not _finite(value):
        return MISSING
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def counted(amount: float | None, plural: str) -> str:
    """An amount with its noun, given in the plural: ``1 trial``, ``27 trials``."""
    noun = plural
    if amount == 1:
        if plural.endswith("ches"):
            noun = plural[:-2]
        elif plural.endswith("s"):
            noun = plural[:-1]
    return f"{quantity(amount)} {noun}"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"


def _percentage(fraction: float, n: int | None) -> str:
    digits = 2 if n is not None and n >= 1000 else 1
    text = f"{100 * fraction:.{digits}f}"
    step = 10.0**-digits
    if fraction < 1 and float(text) >= 100:
        return f"{100 - step:.{digits}f}"
    if fraction > 0 and float(text) <= 0:
        return f"{step:.{digits}f}"
    return text


def _finite(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
