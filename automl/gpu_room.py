"""A GPU's memory, shared by processes of one node that tell each other what they need.

Every reservation is a file in the GPU's folder, locked for as long as it holds. The system drops
the lock of a process that dies, however it dies, and with it the reservation: nobody watches,
and nothing has to be cleaned up. The folder itself is locked while somebody looks or enters.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

# What is not given out: other programs, and what allocators lose to fragments.
GIVEN_OUT = 0.9
_POLL_SECONDS = 0.1
_KEPT, _TRIAL = "kept", "trial"


class GpuRoom:
    """Admits trials to one GPU, first come, first served.

    A trial is admitted when it, all that came before it and all that processes keep fit into
    :data:`GIVEN_OUT` of the capacity, or when no trial is before it. One that came before and
    still waits counts too, so that small trials do not overtake a large one for ever.

    Args:
        folder: Of this GPU; on storage of the node's own, the same for all its processes.
        capacity: The GPU's memory in bytes.
    """

    def __init__(self, folder: Path, capacity: int) -> None:
        self.capacity = capacity
        self._folder = folder
        self._kept: list[IO[str]] = []

    def keep(self, needed: int) -> None:
        """Count bytes that this process holds until it ends, between its trials too."""
        with self._locked():
            self._kept.append(self._enter(_KEPT, needed))

    @contextmanager
    def reserved(self, needed: int) -> Iterator[None]:
        """Wait for so many bytes and hold them.

        Args:
            needed: Bytes beyond what the process keeps. More than the capacity is admitted too,
                alone: whoever asks should know better.
        """
        with self._locked():
            ticket = self._enter(_TRIAL, needed)
        try:
            while not self._admits(Path(ticket.name), needed):
                time.sleep(_POLL_SECONDS)
            yield
        finally:
            Path(ticket.name).unlink(missing_ok=True)
            ticket.close()

    def alone(self) -> AbstractContextManager[None]:
        """Wait until no other trial is on the GPU, and let none in."""
        return self.reserved(self.capacity)

    def _admits(self, ticket: Path, needed: int) -> bool:
        with self._locked():
            before = [held for name, held in self._live(_TRIAL) if name < ticket.name]
            kept = [held for _, held in self._live(_KEPT)]
        return not before or sum(before) + sum(kept) + needed <= GIVEN_OUT * self.capacity

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _enter(self, kind: str, needed: int) -> IO[str]:
        """Make and lock a file; names of one kind sort as they were made."""
        numbers = [int(path.name.rpartition("-")[2]) for path in self._folder.glob(f"{kind}-*")]
        path = self._folder / f"{kind}-{max(numbers, default=0) + 1:012}"
        file = path.open("x")
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(str(needed))
        file.flush()
        return file

    def _live(self, kind: str) -> Iterator[tuple[str, int]]:
        """Return names and bytes of what living processes hold; remove what dead ones left."""
        for path in self._folder.glob(f"{kind}-*"):
            try:
                with path.open() as file:
                    if _is_held(file):
                        yield path.name, int(file.read())
                    else:
                        path.unlink()
            except FileNotFoundError:  # Given back since the folder was listed.
                continue


def _is_held(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
