"""Selection domains, two classes and the paper's presets, through the real command."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

HERE = Path(__file__).parent
STUBS = HERE.parent / "automl" / "stubs"
EXPERIMENTS = sorted(
    path.stem for path in (HERE.parents[1] / "conf" / "experiment").glob("paper_*.yaml")
)
TWO = ["no-diffraction", "diffraction"]


def automl(folder, *words, module="automl.run", **environment):
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=800,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One search of five classes and one of two, on the same images."""
    place = tmp_path_factory.mktemp("home")
    small = ["search=classical_random", "scale=smoke", "scale.classical.trials=2", "tracking=none"]
    small += ["confirmation.configurations=1", "confirmation.seeds=1"]
    for name, words in (("five", []), ("two", ["labels=binary"]), ("real", ["select=real_raw"])):
        done = automl(place, *small, f"name={name}", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        (place / f"{name}.out").write_text(done.stdout)
    return place


def results(folder, name):
    return json.loads((folder / "runs" / name / "results.json").read_text())


def test_every_preset_previews_at_the_scale_of_the_command_line(tmp_path):
    done = automl(
        tmp_path,
        *("-m", f"experiment={','.join(EXPERIMENTS)}", "scale=demo", "preview=true", "probe=false"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Nothing was started") == len(EXPERIMENTS) >= 5
    assert done.stdout.count("-demo-seed0-") == len(EXPERIMENTS)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_search_on_synthetic_images_is_evaluated_on_all_real_ones(folder):
    evaluation = results(folder, "five")["evaluation"]
    assert [entry["split"] for entry in evaluation["domains"]] == ["test"] * 3
    assert [(one["domain"], one["n"]) for one in evaluation["whole"]] == [
        ("real_raw", 24),
        ("real_preprocessed", 24),
    ]
    assert "Validation and test images together" in (folder / "five.out").read_text()
    page = (folder / "runs/five/report.html").read_text()
    assert page.count("all 24 images") == 2


def test_a_search_on_real_images_is_evaluated_on_test_splits_alone(folder):
    evaluation = results(folder, "real")["evaluation"]
    assert evaluation["whole"] == evaluation["validation"] == []
    assert len(evaluation["domains"]) == 3
    assert "together" not in (folder / "real.out").read_text()


def test_two_classes_go_all_the_way(folder):
    found = results(folder, "two")
    assert found["labels"] == "binary"
    assert {tuple(one["classes"]) for one in found["evaluation"]["domains"]} == {tuple(TWO)}
    for one in found["evaluation"]["domains"]:
        assert one["diffraction"]["correct"] == one["correct"]
        assert (len(one["confusion"]), sum(map(sum, one["confusion"]))) == (2, one["n"])
    assert list(found["data"]["counts"]["synthetic"]["train"]) == TWO
    assert found["data"]["digest"] == results(folder, "five")["data"]["digest"]
    out = (folder / "two.out").read_text()
    assert "Test accuracy in two classes" in out
    (one,) = [one for one in found["evaluation"]["domains"] if one["domain"] == "synthetic"]
    binary = one["diffraction"]
    assert f"; hits missed {binary['missed']} of {binary['hits']}, false alarms " in out


def test_a_model_of_two_classes_predicts_files(folder):
    images = next((folder / "data/simulated").glob("*/synthetic/test"))
    done = automl(folder, "two", str(images), module="automl.predict")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(done.stdout.splitlines()))
    right = sum((row["file"].split("/")[-2] > "2") == (row["class"] == TWO[1]) for row in rows)
    tested = results(folder, "two")["evaluation"]["domains"][0]
    assert (right, len(rows)) == (tested["correct"], tested["n"])


def test_five_and_two_classes_can_be_compared(folder):
    words = ["five", "two", "real", "--tracking", "none"]
    done = automl(folder, *words, module="automl.compare")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("the same images")
    assert "they tell other classes apart" in done.stdout


def test_data_without_two_classes_are_refused(tmp_path):
    done = automl(
        tmp_path,
        *(f"--config-dir={HERE / 'conf'}", "search=stub", "tracking=none", "labels=binary"),
        PYTHONPATH=str(STUBS),
    )
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "automl: labels: the data have no two-class view 'diffraction'; use labels=full"
    ]
    assert not list(tmp_path.iterdir())
