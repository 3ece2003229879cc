"""Searches that are taken up again, or that others begin with."""

from __future__ import annotations

import contextlib
import json
import shutil

from wrong_config import run
from wrong_input import scene

from automl.ledger import lock

# The configuration of the search that lies in runs/forest.
FOREST = (
    *("trainable.trials=2", "workers=1", "space.only.extractor=glcm", "space.only.classifier=rf"),
    *("+space.only.rf_trees=10", "confirmation.configurations=1", "confirmation.seeds=1"),
)
AGAIN = ("name=forest", *FOREST)


def ledger(home, name="forest"):
    return home / "runs" / name / "ledger.jsonl"


def with_lines(change):
    """Make a scene in which the lines of a finished search's ledger are changed."""

    def prepare(home):
        lines = ledger(home).read_text().splitlines(keepends=True)
        ledger(home).write_text("".join(change(lines)))

    return scene(prepare)


def folder_for_ledger(home):
    ledger(home).unlink()
    ledger(home).mkdir()


def another_image(home):
    shutil.copyfile(
        home / "images/synthetic/train/5/01.png", home / "images/synthetic/train/5/00.png"
    )


def unfit(lines):
    return [line.replace('"extractor":"glcm"', '"extractor":"wavelets"') for line in lines]


def of_next_version(lines):
    return [*lines, json.dumps({"event": "pondered", "time": 0}) + "\n"]


def without_number(lines):
    return [line.replace('"number":', '"position":') for line in lines]


@contextlib.contextmanager
def held(home):
    """Hold the search as its running command would."""
    holder = lock(home / "runs/forest")
    try:
        yield {}
    finally:
        holder.close()


SEARCHES = (
    run(
        "name of another search",
        [*AGAIN, "seed=1"],
        "name: …/runs/forest holds another search; seed (was 0) differ; choose another name= "
        "(or none), or set these back to go on with 'forest'",
    ),
    run(
        "search that is running",
        AGAIN,
        "name: process … is running the search in …/runs/forest; wait for it, stop it, or choose "
        "another name=",
        scene=held,
    ),
    run(
        "ledger damaged in the middle",
        AGAIN,
        "…/runs/forest/ledger.jsonl: line 3 is damaged; restore the file from a copy, or choose "
        "another name= to begin anew",
        scene=with_lines(lambda lines: [*lines[:2], "x\n", *lines[3:]]),
    ),
    run(
        "ledger without its first line",
        AGAIN,
        "…/runs/forest/ledger.jsonl: its first line, the plan, is gone; restore the file from a "
        "copy",
        scene=with_lines(lambda lines: lines[1:]),
    ),
    run(
        "ledger of a later version",
        AGAIN,
        "…/runs/forest/ledger.jsonl: cannot be read by this version (the ledger has an event of "
        "unknown kind 'pondered'); use the version that wrote it",
        scene=with_lines(of_next_version),
    ),
    run(
        "ledger whose events lack a field",
        AGAIN,
        "…/runs/forest/ledger.jsonl: cannot be read by this version ('number'); use the version "
        "that wrote it",
        scene=with_lines(without_number),
    ),
    run(
        "folder where the ledger belongs",
        AGAIN,
        "…/runs/forest/ledger.jsonl: cannot be read (Is a directory); put the ledger back, or "
        "choose another name= to begin anew",
        scene=scene(folder_for_ledger),
    ),
    run(
        "images that have changed",
        AGAIN,
        "data: the images are not those that 'forest' began with (digest …, was …); put them "
        "back, or choose another name=",
        scene=scene(another_image),
        late=True,
    ),
    run(
        "warm start from an unknown search",
        ["warm_start=forst"],
        "warm_start: …/runs has no search 'forst'; did you mean 'forest'?",
    ),
    run(
        "warm start from a path",
        ["warm_start=../forest"],
        "warm_start: '../forest' cannot be a folder's name; use letters, digits, '.', '_', '-', "
        "'='",
    ),
    run(
        "warm start from itself",
        ["warm_start=forest", "name=forest"],
        "warm_start: 'forest' is this search itself; give it another name=, or leave warm_start "
        "out",
    ),
    run(
        "warm start from a search without a result",
        ["warm_start=begun"],
        "warm_start: the search 'begun' has no finished trial yet; wait for one, or leave "
        "warm_start out",
    ),
    run(
        "warm start from another space",
        ["warm_start=forest"],
        "warm_start: no configuration of forest fits the space classical; …",
        "begin with a search over the same space",
        scene=with_lines(unfit),
    ),
    run(
        "warm start from a damaged ledger",
        ["warm_start=forest"],
        "warm_start: …/runs/forest/ledger.jsonl: line 2 is damaged; …",
        scene=with_lines(lambda lines: [lines[0], "{}\n", *lines[2:]]),
    ),
    run(
        "no published configurations",
        ["warm_start=paper", "~space.published"],
        "warm_start: the space classical has nothing published; name an earlier search, "
        "or leave warm_start out",
    ),
)
