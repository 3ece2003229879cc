"""The command: ``python -m automl.run search=deepfreak_bohb``."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from automl import environment
from automl.command_line import python_command
from automl.errors import SearchError, UserError
from automl.terminal import say

if TYPE_CHECKING:
    from automl.multirun import Planned

BAD_INPUT = 2
FAILED = 1
INTERRUPTED = 130
TERMINATED = 143


def main(arguments: Sequence[str] | None = None) -> int:
    """Compose and run one search, or one for each point of a multirun.

    Returns:
        0; 2 for bad input, with nothing created; 1 for a search that cannot go on; 130 after
        Ctrl-C, 143 after SIGTERM. Of a multirun the highest that a search had.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    environment.prepare()
    # Hydra then raises what is wrong instead of printing it; it is said in one line below.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    sys.argv = [sys.argv[0], *words]
    terminated = threading.Event()

    def terminate(*_: object) -> None:
        # Set as well as raised: inside a call of Ray's the exception comes out as another one.
        terminated.set()
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, terminate)

    def run_one(search: Planned) -> None:
        try:
            _run(search)
        except Exception as error:
            if terminated.is_set():
                raise KeyboardInterrupt from error
            raise

    # Until a cluster has started this is imports, a fifth of whose time went to the collector.
    gc.disable()
    try:
        return _run_all(words, run_one)
    except UserError as error:
        return _say(str(error), BAD_INPUT)
    except SearchError as error:
        return _say(f"{error}; {error.advice}", FAILED)
    except KeyboardInterrupt:
        # One more Ctrl-C would only tell of Python's own end.
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
        command_line = python_command("automl.run", words)
        again = f"the same command goes on where it stopped:\n  {command_line}"
        if terminated.is_set():
            return _say(f"ended; {again}", TERMINATED)
        return _say(f"stopped; {again}", INTERRUPTED)
    finally:
        gc.enable()
        # Nothing is left that a SIGTERM could interrupt but Python's own end.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _run_all(words: Sequence[str], run_one: Callable[[Planned], None]) -> int:
    # Here, not above: they take half a second, in which Ctrl-C is answered with a line too.
    from automl.compose import BORDER_ERRORS, compose_command, explain
    from automl.multirun import plan_searches, run_all

    try:
        command = compose_command(words)
        searches = plan_searches(command.jobs)
        if command.multirun:
            return run_all(searches, run_one)
        for search in searches:
            run_one(search)
    except BORDER_ERRORS as error:
        raise explain(error) from error
    return 0


def _run(search: Planned) -> None:
    settings, name = search.settings, search.name
    if not settings.preview and search.begun and _is_finished(search):
        return
    say(f"checking search {name}")
    # Below are Ray, torch and MLflow: whoever asks for --help or misspells a key does not wait.
    from automl.planning import check, preview

    checked = check(settings, name=name, taken_up=search.begun)
    if settings.preview:
        if settings.probe:
            say("measuring for some seconds what trials cost here (probe=false leaves that out)\n")
        say(preview(name, checked, probe=settings.probe))
        return
    from automl.search import run_search

    say(run_search(checked, name, search.config))


def _is_finished(search: Planned) -> bool:
    from automl.finished import finished_before

    last = finished_before(search)
    if last is not None:
        say(f"search {search.name}: nothing is left to do\n{last}")
    return last is not None


def _say(text: str, status: int) -> int:
    print(f"automl: {text}", file=sys.stderr, flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
