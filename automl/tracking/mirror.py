"""Mirrors ledger events to MLflow, beside the driver."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.disclosure import hidden
from automl.tracking.child import Target
from automl.tracking.model import ModelSource
from automl.tracking.outcome import Outcome
from automl.tracking.process import MirrorProcess
from automl.tracking.run_view import KILLED
from automl.tracking.thread import MirrorThread
from automl.tracking.uri import absolute_uri
from automl.tracking.written import Written

_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS = 30.0  # before somebody who waits is told for what


def print_warning(text: str) -> None:
    """Write a warning to standard error."""
    print(f"warning: {text}", file=sys.stderr)


class Mirror:
    """A view of the ledger in MLflow that never stops or slows the search.

    Events are queued and written aside, those that wait together in one go. While the store does
    not answer they are kept and tried again; what is still missing when the search
    ends is written by the next `start` on the same ledger. No method raises or waits, but for
    `close`, which waits as long as the store takes what is written.

    Args:
        uri: Tracking URI; see `automl.tracking.check.check_uri`.
        experiment: Name of the MLflow experiment, one for each problem.
        artifact_location: Folder or URI that holds each experiment's artifacts in a folder of
            its own; None: beside an SQLite store, or where the server says.
        warn: Takes one line when the store first fails; called from another thread.
        interval: Least seconds between two writes; events of that time share their calls.
        retry: Seconds before the first new attempt on a store that failed; doubled each time.
        apart: Write from a process of its own, so that nothing else waits for Python's lock or
            for MLflow's import; else from a thread.
    """

    def __init__(
        self,
        uri: str,
        experiment: str,
        artifact_location: str | None = None,
        warn: Callable[[str], None] = print_warning,
        *,
        interval: float = 1.0,
        retry: float = 2.0,
        apart: bool = False,
    ) -> None:
        # Made absolute here: the writer must not depend on the folder the process stands in.
        self._uri = absolute_uri(uri)
        if artifact_location is not None and "://" not in artifact_location:
            artifact_location = str(Path(artifact_location).expanduser().absolute())

        target = Target(self._uri, experiment, artifact_location, interval, retry)
        self._writer: MirrorThread | MirrorProcess = (
            MirrorProcess(target, warn)
            if apart
            else MirrorThread(target.connect, warn, interval, retry)
        )
        self._warn = warn
        self._aborted = False

    def start(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Begin with the events that the ledger has; MLflow gets what it lacks of them."""
        for event in events:
            self.append(event)
        self._writer.start()

    def append(self, event: Mapping[str, Any]) -> None:
        """Queue an event that the ledger has taken."""
        self._writer.send(("event", event))

    def finish(
        self,
        *,
        results: Mapping[str, Any],
        files: Mapping[str, Path],
        figures: Mapping[str, Path],
        model: ModelSource | None,
        time: int,
    ) -> None:
        """Queue the end of a search that came through.

        Args:
            results: What results.json holds.
            files: Artifact names (``report.html``) and the files.
            figures: The same for pictures, which go into ``figures/``.
            model: Gives the chosen model, if there is one; called where MLflow is written, to
                which it must be possible to send it.
            time: When the search was closed, in milliseconds since 1970.
        """
        outcome = Outcome(results, files, figures, model, time)
        self._writer.send(("finish", outcome))

    def abort(self, status: str) -> None:
        """Queue the end of a search that was stopped; taking it up again re-opens its runs.

        Args:
            status: ``KILLED`` or ``FAILED``.
        """
        self._aborted = True
        self._writer.send(("abort", (status, _now())))

    def left(self, time: int) -> None:
        """Queue that a search was left unfinished at ``time``, in milliseconds since 1970."""
        self._writer.send(("abort", (KILLED, time)))

    def close(self, timeout: float) -> list[str]:
        """Write what is queued and end the writer, or leave one behind that stands still.

        A search that has not ended by then counts as killed.

        Args:
            timeout: Seconds without any progress after which the writer is left behind. After
                `abort`, when somebody may be waiting to be let go, seconds in all.

        Returns:
            One line for each thing that MLflow lacks; empty if it has everything.
        """
        writer = self._writer
        if writer.is_alive():
            writer.send(("close", _now()))
            self._join(timeout)
            if writer.is_alive():
                writer.leave()
        problems = list(writer.problems)
        if writer.ident is not None and not writer.drained:
            reason = writer.error or f"not done within {timeout:g} s"
            problems.append(
                f"MLflow at {hidden(self._uri)} lacks the end of this search ({reason}); "
                "the same command writes it, and so does python -m automl.sync"
            )
        return problems

    def _join(self, timeout: float) -> None:
        writer, begin = self._writer, time.monotonic()
        beats, deadline, told = writer.beats, begin + timeout, False
        while writer.is_alive() and (now := time.monotonic()) < deadline:
            writer.join(min(_LOOK_SECONDS, deadline - now))
            works = writer.beats != beats
            if works and not self._aborted:
                beats, deadline = writer.beats, time.monotonic() + timeout
            if works and not told and time.monotonic() - begin > _PATIENCE_SECONDS:
                told = True
                self._warn("MLflow is being told the rest of the search; Ctrl-C leaves that out")

    @property
    def parent_run_id(self) -> str | None:
        """The MLflow id of the search's run, once it was written."""
        return self._writer.run_id

    @property
    def written(self) -> Written:
        """What the store lacked and has taken, as far as the writer has told."""
        return self._writer.written

    @property
    def process_id(self) -> int | None:
        """The process that writes, once it was started; None where a thread does."""
        return self._writer.pid if isinstance(self._writer, MirrorProcess) else None

    @property
    def run_path(self) -> str | None:
        """Where the search is in MLflow's pages, from their root: ``#/experiments/1/runs/…``."""
        if self._writer.run_id is None:
            return None
        return f"#/experiments/{self._writer.experiment_id}/runs/{self._writer.run_id}"


def _now() -> int:
    return round(time.time() * 1000)
