"""When a trial is tried again, and when so many have failed that the search stops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from automl.errors import SearchError
from automl.settings import FailureSettings
from automl.state import Trial

# What a configuration does to itself. Any other failure may be the machine's or the code's.
RESULTS = ("diverged", "infeasible", "hopeless")
_SHOWN = 5


class FailurePolicy:
    """Follows the ledger's events; raises when too many trials failed one after the other.

    Args:
        settings: Of this search.
    """

    def __init__(self, settings: FailureSettings) -> None:
        self._settings = settings
        self._row: list[str] = []

    def try_again(self, trial: Trial) -> bool:
        """Return whether a trial whose worker died gets a new attempt."""
        return trial.lost <= self._settings.retries

    def follow(self, event: Mapping[str, Any]) -> None:
        """Take an event of the ledger, in its order; a search taken up again counts anew."""
        kind = event["event"]
        if kind in ("finished", "resumed"):
            self._row.clear()
        elif kind == "failed" and _counts(event):
            self._row.append(f"{event['status'].replace('_', ' ')}: {event['reason']}")

    def check(self) -> None:
        """Stop a search in which nothing but failures comes back.

        Raises:
            SearchError: With the reasons, the most frequent first.
        """
        limit = self._settings.in_a_row
        if limit is None or len(self._row) < limit:
            return
        reasons = Counter(self._row).most_common()
        shown = "; ".join(f"{count} × {reason}" for reason, count in reasons[:_SHOWN])
        more = f"; and {len(reasons) - _SHOWN} other reasons" if len(reasons) > _SHOWN else ""
        raise SearchError(
            f"{len(self._row)} trials in a row failed (failures.in_a_row={limit}): {shown}{more}"
        )


def _counts(event: Mapping[str, Any]) -> bool:
    return event.get("answered_by") is None and event["status"] not in RESULTS
