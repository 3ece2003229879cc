"""The example that users copy: what it refuses, and every command of its README."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits"
SIZES = {"train": 20, "validation": 10, "test": 10}
BLOCKS = [
    block.strip().splitlines()
    for block in re.findall(r"```bash\n(.*?)```", (EXAMPLE / "README.md").read_text(), re.DOTALL)
]


@pytest.fixture
def mine(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLE)
    from mine import class_folders, pixels, write_digits

    return {"data": class_folders, "pixels": pixels, "write": write_digits.write_digits}


@pytest.fixture
def images(mine, tmp_path):
    mine["write"](tmp_path / "images", sizes=SIZES)
    return tmp_path / "images"


def remove_split(root):
    shutil.rmtree(root / "validation")


def add_class(root):
    (root / "test" / "letter").mkdir()


def keep_one_class(root):
    for folder in root.glob("*/[1-9]"):
        shutil.rmtree(folder)


def save(root, image):
    image.save(root / "train" / "0" / "another.png")


REFUSED = {
    "a split is missing": (remove_split, "no folder .*validation"),
    "a class of one split": (add_class, "class 'letter' is in one of train and test alone"),
    "one class": (keep_one_class, "fewer than two class folders"),
    "another size": (lambda root: save(root, Image.new("L", (9, 8))), "another.png: .*8, 9"),
    "16 bits": (lambda root: save(root, Image.new("I;16", (8, 8))), "another.png: mode I;16"),
}


def check_and_prepare(dataset, options, cache):
    dataset.check(options)
    dataset.prepare(options, cache=cache, workers=1)


@pytest.mark.parametrize("case", REFUSED)
def test_bad_folders_are_refused_in_one_line(case, mine, images, tmp_path):
    harm, words = REFUSED[case]
    harm(images)
    options = {"root": str(images)}
    with pytest.raises(ValueError, match=words) as found:
        check_and_prepare(mine["data"].ClassFolders, options, tmp_path / "cache")
    assert "\n" not in str(found.value)
    assert not list((tmp_path / "cache").rglob("*.npy"))


def test_pixels_and_labels_are_those_of_the_files(mine, images, tmp_path):
    data = mine["data"].ClassFolders.prepare({"root": str(images)}, cache=tmp_path, workers=1)
    split = data.split("images", "train")
    assert data.classes == tuple("0123456789")
    for image, label, name in zip(split.images, split.labels, split.names, strict=True):
        assert np.array_equal(image, np.asarray(Image.open(images / name)))
        assert name.split("/")[:2] == ["train", data.classes[label]]


def test_the_digits_are_dealt_out_once(mine, images, tmp_path):
    mine["write"](tmp_path / "again", sizes=SIZES)
    mine["write"](tmp_path / "other", seed=1, sizes=SIZES)
    found = [
        sorted(path.relative_to(root) for path in root.rglob("*.png"))
        for root in (images, tmp_path / "again", tmp_path / "other")
    ]
    assert found[0] == found[1] != found[2]
    assert len({path.name for path in found[0]}) == sum(SIZES.values())


@pytest.fixture
def run(tmp_path):
    """Runs lines of a shell in a copy of the example, whose ``pip install`` stays in there."""
    place = tmp_path / "copy"
    shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment = {
        **kept,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "PIP_TARGET": str(tmp_path / "site"),
        "PYTHONPATH": str(tmp_path / "site"),
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # as pip reads its environment: without isolation
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }

    def run(line, folder=place):
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=400,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_first_commands_of_the_readme(run, tmp_path):
    answers = [run(line) for line in BLOCKS[0]]
    assert "Nothing was started" in answers[2]
    assert "Search mine-" in answers[3]
    assert "MLflow lacks" not in answers[3]
    (folder,) = (tmp_path / "copy" / "runs").glob("mine-*")
    results = json.loads((folder / "results.json").read_text())
    assert results["trials"]["failed"] == {}
    (tested,) = results["evaluation"]["domains"]
    assert (tested["domain"], tested["n"]) == ("images", 497)
    assert tested["accuracy"] > 0.8  # chance: 0.1
    database = sqlite3.connect(tmp_path / "copy" / "mlflow" / "mlflow.db")
    assert database.execute("select name from experiments").fetchall()[-1] == ("digits",)
    assert database.execute("select count(*) from logged_models").fetchone() == (1,)


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_further_commands_of_the_readme(run, tmp_path):
    run(BLOCKS[0][0])
    assert len(BLOCKS) == 3
    answers = [run(line) for block in BLOCKS[1:] for line in block]
    assert "tpe over the space pixels" in answers[0]
    assert "Nothing was started" in answers[-1]
    # Installed, both are found by name from anywhere.
    found = "from automl.registry import find; print(find('{}', '{}').__module__)"
    for group, name, module in (
        ("datasets", "class_folders", "mine.class_folders"),
        ("trainables", "pixels", "mine.pixels"),
    ):
        line = f'python -c "{found.format(group, name)}"'
        assert run(line, tmp_path).strip() == module
