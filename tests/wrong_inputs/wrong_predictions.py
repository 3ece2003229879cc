"""The command that predicts: its search and model, the images, and where the rows go."""

from __future__ import annotations

import numpy as np
from PIL import Image
from wrong_input import WrongInput, scene, written
from wrong_searches import with_lines

IMAGE = "images/synthetic/test/1/00.png"


def predict(what, words, line, remedy="", **more):
    return WrongInput(what, "predict", tuple(words), line, remedy, **more)


def truncated(home):
    (model,) = (home / "runs/forest/checkpoints").glob("*.ckpt")
    model.write_bytes(model.read_bytes()[:100])


def removed(home):
    for model in (home / "runs/forest/checkpoints").glob("*.ckpt"):
        model.unlink()


def small(home):
    Image.fromarray(np.zeros((3, 3), np.uint8)).save(home / "small.png")


def stack_without_data(home):
    import h5py

    with h5py.File(home / "empty.h5", "w") as file:
        file.attrs["note"] = "nothing in it"


def one_unreadable(what, words, stage):
    return predict(
        what,
        words,
        "0 images; 1 unreadable",
        "the image has a row that says why; the others have theirs",
        scene=stage,
        status=1,
    )


PREDICT = (
    predict(
        "empty name of a folder to watch",
        ["forest", "--watch", ""],
        "'' behind --watch names nothing; give it a value or leave it out",
    ),
    predict(
        "empty name of an image",
        ["forest", ""],
        "'' behind forest names nothing; give it a value or leave it out",
    ),
    predict(
        "misspelt search to predict with",
        ["forst", IMAGE],
        "forst: no search of that name in …/runs; did you mean 'forest'?",
    ),
    predict(
        "no searches at all",
        ["forest", IMAGE, "--runs", "nowhere"],
        "forest: no search of that name in …/nowhere; there are none in …/nowhere, which does "
        "not exist",
    ),
    predict(
        "path for a name",
        ["runs/forest", IMAGE],
        "runs/forest: no search of that name in …/runs; did you mean 'forest'?",
    ),
    predict(
        "search that has not finished",
        ["begun", IMAGE],
        "begun: the search has not finished; run its command again, which goes on",
    ),
    predict(
        "no images",
        ["forest"],
        "no images are named; give files or folders, or --watch DIR",
    ),
    predict(
        "no search and no images",
        [],
        "the following arguments are required: NAME…; --help lists the options",
    ),
    predict(
        "image that is not there",
        ["forest", "nowhere.png"],
        "nowhere.png: there is no such file or folder",
        "name one that is",
    ),
    predict(
        "folder without images",
        ["forest", "runs"],
        "runs: no images there",
        "name the folder that has them",
    ),
    predict(
        "no batch", ["forest", IMAGE, "--batch", "0"], "--batch: 0 is below 1", "give 1 or more"
    ),
    predict(
        "batch that is no number",
        ["forest", IMAGE, "--batch", "many"],
        "argument --batch: invalid int value: 'many'; --help lists the options",
    ),
    predict(
        "table of another kind",
        ["forest", IMAGE, "--out", "rows.xls"],
        "--out: rows.xls ends in neither .csv nor .parquet",
        "choose one of them",
    ),
    predict(
        "folder for a table",
        ["forest", IMAGE, "--out", "rows.csv"],
        "--out: rows.csv is a folder; name a file in it",
        scene=scene(lambda home: (home / "rows.csv").mkdir()),
    ),
    predict(
        "table that cannot be written",
        ["forest", IMAGE, "--out", "notes/rows.csv"],
        "notes: cannot be written (File exists)",
        "choose another file",
        scene=written("notes", "x"),
    ),
    predict(
        "table of something else",
        ["forest", IMAGE, "--out", "rows.csv"],
        "--out: rows.csv has other columns; choose another file",
        scene=written("rows.csv", "a,b\n1,2\n"),
    ),
    predict(
        "folder to watch that is not there",
        ["forest", "--watch", "nowhere"],
        "--watch: nowhere is no folder",
        "make it, or name another",
    ),
    predict(
        "misspelt part",
        ["forest", IMAGE, "--crop", "uper"],
        "--crop: 'uper' is no part…",
    ),
    predict(
        "scale that is not a number",
        ["forest", IMAGE, "--scale", "nan"],
        "--scale…",
        "give a number above 0",
    ),
    predict(
        "unknown device",
        ["forest", IMAGE, "--device", "gpu"],
        "argument --device: invalid choice: 'gpu' (choose from …); --help lists the options",
    ),
    predict(
        "misspelt option of predict",
        ["forest", IMAGE, "--bacth", "8"],
        "--bacth: no such option; did you mean '--batch'?",
    ),
    predict(
        "model that is not there",
        ["forest", IMAGE, "--model", "best.ckpt"],
        "--model: there is no file best.ckpt",
        "name one that is",
    ),
    predict(
        "checkpoint cut short",
        ["forest", IMAGE],
        "forest: …/runs/forest/checkpoints/….ckpt: not a readable model (…); train it again",
        scene=scene(truncated),
    ),
    predict(
        "checkpoint that is gone",
        ["forest", IMAGE],
        "forest: its model …/runs/forest/checkpoints/….ckpt is gone; put it back, or run the "
        "search under another name=",
        scene=scene(removed),
    ),
    predict(
        "damaged ledger to predict with",
        ["forest", IMAGE],
        "…/runs/forest/ledger.jsonl: line 2 is damaged; …",
        scene=with_lines(lambda lines: [lines[0], "?\n", *lines[2:]]),
    ),
    one_unreadable("text file to predict", ["forest", "a.png"], written("a.png", "hello")),
    one_unreadable("image too small to predict", ["forest", "small.png"], scene(small)),
    one_unreadable("HDF5 file without data", ["forest", "empty.h5"], scene(stack_without_data)),
)
