"""The real command from nothing to its report, at scale=smoke, in a folder of its own."""

from __future__ import annotations

import csv
import json
import sqlite3
import subprocess
import sys
from html.parser import HTMLParser

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

SEARCHES = ("classical_tpe", "deepfreak_random")


def automl(folder, *words, module="automl.run"):
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=800,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One multirun over two searches; both share images, features and the MLflow store."""
    place = tmp_path_factory.mktemp("home")
    done = automl(place, "-m", f"search={','.join(SEARCHES)}", "scale=smoke", "seed=3")
    assert done.returncode == 0, done.stdout + done.stderr
    (place / "stdout").write_text(done.stdout)
    (place / "stderr").write_text(done.stderr)
    return place


def run_folder(folder, search):
    (found,) = (folder / "runs").glob(f"{search}-smoke-seed3-*")
    return found


def test_nothing_of_ray_hydra_or_mlflow_leaks_through(folder):
    stderr = (folder / "stderr").read_text()
    assert stderr == ""
    stdout = (folder / "stdout").read_text()
    for word in ("ray", "HYDRA", "alembic", "Traceback", "WARNING", "INFO", "\x1b"):
        assert word not in stdout.replace("array", "").replace("gray", ""), word


@pytest.mark.parametrize("search", SEARCHES)
def test_the_last_lines_say_what_was_found(folder, search):
    stdout = (folder / "stdout").read_text()
    summary = stdout[stdout.index(f"Search {search}-smoke") :]
    for words in ("Incumbent: ", "validation accuracy", "synthetic", "real_raw", "Report: "):
        assert words in summary
    assert "-m automl.ui" in summary
    assert "surrogate" in summary


@pytest.mark.parametrize("search", SEARCHES)
def test_results_and_report_are_there(folder, search):
    place = run_folder(folder, search)
    results = json.loads((place / "results.json").read_text())
    assert results["trials"]["finished"] > 0
    assert {d["domain"] for d in results["evaluation"]["domains"]} == {
        "synthetic",
        "real_raw",
        "real_preprocessed",
    }
    for domain in results["evaluation"]["domains"]:
        low, high = domain["interval"]
        assert low <= domain["accuracy"] <= high
        assert sum(map(sum, domain["confusion"])) == domain["n"]
    assert results["data"]["surrogate"] is True
    page = (place / "report.html").read_text()
    HTMLParser().feed(page)
    assert "other data" in page
    assert not (place / ".ray").exists()


def test_mlflow_has_one_tree_for_each_search(folder):
    database = sqlite3.connect(folder / "mlflow/mlflow.db")
    assert database.execute("select distinct name from experiments where name != 'Default'")
    statuses = dict(database.execute("select status, count(*) from runs group by status"))
    assert "RUNNING" not in statuses
    parents = database.execute(
        "select run_uuid from tags where key = 'automl.kind' and value = 'search'"
    ).fetchall()
    assert len(parents) == len(SEARCHES)
    children = database.execute(
        "select count(*) from tags where key = 'mlflow.parentRunId'"
    ).fetchone()[0]
    assert children == sum(
        len(results["configurations"]) + sum(len(c["seeds"]) for c in results["confirmation"])
        for search in SEARCHES
        for results in [json.loads((run_folder(folder, search) / "results.json").read_text())]
    )
    assert database.execute("select count(*) from logged_models").fetchone()[0] == len(SEARCHES)
    assert list((folder / "mlflow").rglob("*.png")), "confusion matrices are pictures"


def test_the_models_in_mlflow_answer_as_their_signature_says(folder):
    script = (
        "import mlflow, numpy as np, sys\n"
        "for path in sys.argv[1:]:\n"
        "    model = mlflow.pyfunc.load_model(path)\n"
        "    answer = np.asarray(model.predict(np.zeros((2, 64, 64), np.uint8)))\n"
        "    assert answer.shape == (2, 5), answer.shape\n"
        "    assert answer.dtype == np.float64, answer.dtype\n"
        "    assert np.allclose(answer.sum(axis=1), 1), answer\n"
    )
    models = [str(path.parent) for path in (folder / "mlflow").rglob("MLmodel")]
    assert len(models) == len(SEARCHES)
    done = subprocess.run(
        [sys.executable, "-c", script, *models],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


def test_the_same_command_again_changes_nothing(folder):
    place = run_folder(folder, "classical_tpe")
    ledger = (place / "ledger.jsonl").read_bytes()
    before = json.loads((place / "results.json").read_text())
    done = automl(folder, "search=classical_tpe", "scale=smoke", "seed=3")
    assert done.returncode == 0, done.stderr
    assert (place / "ledger.jsonl").read_bytes() == ledger
    assert json.loads((place / "results.json").read_text()) == before
    test_mlflow_has_one_tree_for_each_search(folder)


@pytest.mark.parametrize("search", SEARCHES)
def test_the_chosen_model_predicts_files_as_the_evaluation_did(folder, search):
    place = run_folder(folder, search)
    evaluation = json.loads((place / "results.json").read_text())["evaluation"]["domains"]
    images = next((folder / "data/simulated").glob("*/synthetic/test"))
    done = automl(folder, place.name, str(images), module="automl.predict")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(done.stdout.splitlines()))
    folders = {"1": "blank", "2": "no-crystal", "3": "weak", "4": "good", "5": "strong"}
    right = sum(folders[row["file"].split("/")[-2]] == row["class"] for row in rows)
    expected = next(entry for entry in evaluation if entry["domain"] == "synthetic")
    assert (right, len(rows)) == (expected["correct"], expected["n"])


def test_another_configuration_under_an_old_name_is_refused_by_key(folder):
    name = run_folder(folder, "classical_tpe").name
    done = automl(
        folder, "search=classical_tpe", "scale=smoke", "seed=3", f"name={name}", "workers=1"
    )
    assert done.returncode == 2
    assert "workers (was 2)" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_a_written_data_set_can_be_read_back_by_a_search(folder):
    made = automl(
        folder,
        *["out=images", "size=32", "extent=64", "train=20", "validation=10", "test=10"],
        *["real_validation=4", "real_test=4", "mosaic_domains=5"],
        module="diffranet.simulate",
    )
    assert made.returncode == 0, made.stderr
    done = automl(
        folder,
        *["search=classical_random", "scale=smoke", "data=diffranet", "data.root=images"],
        *["name=own", "tracking=none", "scale.classical.trials=2"],
        "confirmation.configurations=1",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((folder / "runs/own/results.json").read_text())
    assert results["trials"]["planned"] == 2


def test_preview_starts_nothing(tmp_path):
    done = automl(tmp_path, "preview=true", "probe=false", "scale=paper")
    assert done.returncode == 0, done.stderr
    assert "184 configurations, 260 trials, 2836 epochs (2424 with continuation)" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [["--help"], ["--cfg", "job", "--resolve"]])
def test_help_and_config_are_readable(words, tmp_path):
    done = automl(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert "deepfreak" in done.stdout
    assert not list(tmp_path.iterdir())
