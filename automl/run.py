"""The command: ``python -m automl.run search=deepfreak_bohb``."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Sequence

import hydra
from omegaconf import DictConfig

from automl import environment
from automl.compose import BORDER_ERRORS, conf_dir, explain, plain
from automl.errors import SearchError, UserError
from automl.settings import parse_settings, run_name

BAD_INPUT = 2
FAILED = 1
INTERRUPTED = 130
TERMINATED = 143


def main(arguments: Sequence[str] | None = None) -> int:
    """Compose and run one search, or one for each point of a multirun.

    Returns:
        0; 2 for bad input, with nothing created; 1 for a search that cannot go on; 130 after
        Ctrl-C, 143 after SIGTERM.
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
    statuses: list[int] = []

    def job(composed: DictConfig) -> None:
        # One search of a multirun that fails does not stop the others.
        try:
            _run(composed)
            statuses.append(0)
        except UserError as error:
            statuses.append(_say(str(error), BAD_INPUT))
        except SearchError as error:
            statuses.append(_say(f"{error}; the same command goes on from the ledger", FAILED))

    # Until a cluster has started this is imports, a fifth of whose time went to the collector.
    gc.disable()
    try:
        hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(job)()
    except BORDER_ERRORS as error:
        return _say(str(explain(error)), BAD_INPUT)
    except KeyboardInterrupt:
        if terminated.is_set():
            return _say("ended; the same command goes on where it stopped", TERMINATED)
        return _say("stopped; the same command goes on where it stopped", INTERRUPTED)
    finally:
        gc.enable()
    return max(statuses, default=0)


def _run(composed: DictConfig) -> None:
    config = plain(composed)
    settings = parse_settings(config)
    name = run_name(settings, config)
    # Below are Ray, torch and MLflow: whoever asks for --help or misspells a key does not wait.
    from automl.planning import check, preview

    begun = (settings.runs / name / "ledger.jsonl").exists()
    checked = check(settings, name=name, taken_up=begun)
    if settings.preview:
        print(preview(name, checked))
        return
    from automl.search import run_search

    print(run_search(checked, name, config), flush=True)


def _say(text: str, status: int) -> int:
    print(f"automl: {text}", file=sys.stderr, flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
