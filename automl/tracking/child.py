"""The mirror's own process: a :class:`MirrorThread` at the other end of a connection."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from automl.tracking.thread import MirrorThread

if TYPE_CHECKING:
    from automl.tracking.session import Session

# The mirror can wait: what trials and driver leave of the processors is enough for it.
_NICENESS = 5


@dataclass(frozen=True)
class Target:
    """Where and how often a mirror writes; see :class:`automl.tracking.mirror.Mirror`."""

    uri: str
    experiment: str
    artifact_location: str | None
    interval: float
    retry: float

    def connect(self) -> Session:
        """Open the store."""
        # Imported when it is needed: MLflow takes seconds to import.
        from automl.tracking.session import Session

        return Session(self.uri, self.experiment, self.artifact_location)


def main(link: Connection) -> None:
    """Serve the driver at the other end until it closes the search, or is gone.

    What comes first is a :class:`Target`, then messages. What goes back are dictionaries with
    ``warning`` or with the attributes of the thread that have changed.
    """
    # Ctrl-C is for the driver, which then tells how the search has ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    target: Target = link.recv()
    told: dict[str, Any] = {}

    def tell() -> None:
        now = {name: getattr(thread, name) for name in ATTRIBUTES}
        changed = {name: value for name, value in now.items() if value != told.get(name)}
        told.update({name: list(v) if isinstance(v, list) else v for name, v in changed.items()})
        link.send(changed)

    thread = MirrorThread(
        target.connect,
        lambda text: link.send({"warning": text}),
        target.interval,
        target.retry,
        tell,
    )

    def take() -> None:
        while True:
            try:
                thread.send(link.recv())
            except (EOFError, OSError):
                # The driver is gone, and a new one's mirror may be at work any moment.
                os._exit(1)

    threading.Thread(target=take, daemon=True).start()
    thread.run()
    # Without waiting for the other thread, which stands in a read.
    os._exit(0)


ATTRIBUTES = ("drained", "error", "problems", "beats", "run_id", "experiment_id", "written")
