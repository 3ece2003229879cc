"""How long a search has worked, read from its ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Nobody worked before these: a search stood still until it was taken up, or closed again.
_IDLE_BEFORE = ("resumed", "closed")


def worked(events: Sequence[Mapping[str, Any]]) -> Iterator[float]:
    """Yield for each event the seconds worked since the one before it; 0 for the first.

    The time between a kill and its resumption is left out. A clock that was set back adds nothing.
    """
    previous = events[0]["time"] if events else 0.0
    for event in events:
        idle = event["event"] in _IDLE_BEFORE
        yield 0.0 if idle else max(0.0, event["time"] - previous)
        previous = event["time"]
