"""Processes that make images: they leave a Ctrl-C to their parent, and never outlive it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from diffranet.errors import UnfinishedError

Rows = list[dict[str, object]]
Runner = Callable[[Callable[..., Rows], Iterable[tuple[Any, ...]]], Iterator[Rows]]


@contextmanager
def runner(workers: int) -> Iterator[Runner]:
    """Something that makes calls here or in other processes and yields their results in order.

    Raises:
        UnfinishedError: A process died.
    """
    if workers <= 1:
        yield lambda function, calls: (function(*call) for call in calls)
        return
    context = get_context("spawn")
    lifeline, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, initializer=_initialize, initargs=(lifeline,))

    def run(function: Callable[..., Rows], calls: Iterable[tuple[Any, ...]]) -> Iterator[Rows]:
        # Processes start as calls come in, and inherit that the signal is blocked: a Ctrl-C goes
        # to all processes of a terminal, and only this one has something to say then.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with _naming_the_dead():
                futures = [pool.submit(function, *call) for call in calls]
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return _results(futures)

    try:
        yield run
    except BaseException:
        ours.close()  # what is in work may be dropped at any moment, so nobody waits for it
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        ours.close()
        lifeline.close()


def _results(futures: list[Future[Rows]]) -> Iterator[Rows]:
    for future in futures:
        with _naming_the_dead():
            result = future.result()
        yield result


@contextmanager
def _naming_the_dead() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise UnfinishedError(
            "a simulation process died (out of memory?); run again to go on where it stopped, "
            "with fewer workers if it was memory"
        ) from None


def _initialize(lifeline: Connection) -> None:
    Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    # Nothing is ever sent: the pipe ends when the parent closes it or dies. A pool's process would
    # otherwise wait for work for ever if its parent was killed.
    lifeline.poll(None)
    os._exit(1)
