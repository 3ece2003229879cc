"""``tracking=none``: the place of a mirror where nothing is mirrored."""

from __future__ import annotations

from typing import Any


class NoMirror:
    """Takes what a mirror takes and keeps nothing."""

    parent_run_id: str | None = None

    def start(self, events: Any) -> None:
        """Do nothing."""

    def append(self, event: Any) -> None:
        """Do nothing."""

    def finish(self, **outcome: Any) -> None:
        """Do nothing."""

    def abort(self, status: str) -> None:
        """Do nothing."""

    def close(self, timeout: float) -> list[str]:  # noqa: ARG002 - as a mirror's
        """Nothing is missing."""
        return []
