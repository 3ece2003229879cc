"""A folder to type commands in: images, a finished search, one that has begun, one untracked.

The searches are run by the real command, but for Ray: one process does the trials.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from wrong_input import RUN
from wrong_searches import AGAIN

from automl import run, search
from automl.algorithms import Signal
from automl.session import Session
from automl.tracking.nothing import NoMirror

SIZE = 16
LEVELS = (2, 8, 20, 60, 150)


@contextmanager
def without_ray(*, tracked: bool) -> Iterator[pytest.MonkeyPatch]:
    """Let searches do their trials in this process, and write to MLflow or not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "cluster", lambda settings: nullcontext())
        patch.setattr(search, "_prepare_trials", lambda *parts: None)
        patch.setattr(search, "_dispatch", _dispatch)
        if not tracked:
            patch.setattr(search, "_mirror", lambda *parts: NoMirror())
        yield patch


def make_world(home: Path) -> Path:
    """Fill an empty folder."""
    make_images(home / "images")
    with without_ray(tracked=False) as patch:
        patch.chdir(home)
        assert run.main([*RUN, *AGAIN]) == 0
    shutil.rmtree(home / "runs/forest/figures")
    ledger = (home / "runs/forest/ledger.jsonl").read_text()
    for name, lines in (("begun", ledger.splitlines(keepends=True)[:2]), ("untracked", [ledger])):
        (home / "runs" / name).mkdir()
        text = "".join(lines).replace('"uri":"sqlite:///mlflow/mlflow.db"', '"uri":null')
        (home / "runs" / name / "ledger.jsonl").write_text(text)
    return home


def make_images(root: Path) -> None:
    """Write textures that tell their class: the brighter, the more they vary."""
    rng = np.random.default_rng(7)
    for domain, split, classes, count in (
        ("synthetic", "train", 5, 4),
        ("synthetic", "validation", 5, 1),
        ("synthetic", "test", 5, 1),
        ("real_raw", "validation", 2, 1),
        ("real_raw", "test", 2, 1),
    ):
        for label in range(classes):
            folder = root / domain / split / str(label + 1)
            folder.mkdir(parents=True)
            for index in range(count):
                pixels = rng.integers(0, LEVELS[label] + 1, (SIZE, SIZE)).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{index:02}.png")


def contents(home: Path) -> dict[str, bytes | None]:
    """Return every file below a folder with its bytes; locks may name another process."""
    return {
        str(path.relative_to(home)): path.read_bytes() if path.is_file() else None
        for path in sorted(home.rglob("*"))
        if path.name != "lock"
    }


def _dispatch(settings, driver, worker, folder) -> None:
    driver.checkpoints.mkdir(exist_ok=True)
    session = Session(worker)
    next_task: Callable = driver.next_task
    while (task := next_task()) is not Signal.DONE:
        driver.started(task.number)
        for message in session.run(task):
            driver.message(task.number, message)
