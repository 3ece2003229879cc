"""A request to stop is answered at once, however long the end then takes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def answered(answer: Callable[[], None]) -> Iterator[None]:
    """Answer the first SIGINT or SIGTERM, then do what was done about either before.

    Args:
        answer: Called once, in a thread: the signal may have come in the middle of a line.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = False
    thread = threading.Thread(target=answer, daemon=True)
    before = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM)
        if callable(handler := signal.getsignal(number))
    }

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if not asked:
            asked = True
            thread.start()
        before[signal.Signals(number)](number, frame)

    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if asked:
            thread.join()
