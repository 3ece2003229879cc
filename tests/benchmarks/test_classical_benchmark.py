"""The account of a made-up search with known sums, and what the two sides compute."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import classical
from benchmarks.process import Finished
from trainables.features.glcm import glcm_properties, offsets_of
from trainables.features.lbp import lbp_histograms, neighbourhood_of

GLCM = {"extractor": "glcm", "glcm_distances": [1, 5], "glcm_angles": [0, 90], "classifier": "rf"}
LBP = {"extractor": "lbp", "lbp_points": 8, "lbp_radius": 2, "classifier": "svm"}
SIFT = {"extractor": "sift", "sift_clusters": 10, "classifier": "svm"}
COSTS = {("glcm", (1, 5), (0, 90)): 0.25, ("lbp", 8, 2): 0.5, ("sift",): 0.125}

COUNTS = {
    "synthetic": {
        "train": {"blank": 7, "good": 23},
        "validation": {"blank": 4, "good": 6},
        "test": {"blank": 9, "good": 11},
    },
    "real_raw": {"validation": {"no": 3, "yes": 2}, "test": {"no": 1, "yes": 4}},
    "real_preprocessed": {"validation": {"no": 3, "yes": 2}, "test": {"no": 2, "yes": 1}},
}


def plan(select: str = "synthetic", trainable: str = "classical") -> dict[str, Any]:
    return {
        "event": "plan",
        "time": 100.0,
        "workers": 2,
        "select": select,
        "config": {"trainable": {"name": trainable}},
        "data": {"counts": COUNTS, "image_shape": [40, 48]},
    }


def asked(time: float, number: int, configuration: dict[str, Any], seed: int) -> dict[str, Any]:
    return {
        "event": "asked",
        "time": time,
        "number": number,
        "phase": "search" if seed == 0 else "confirmation",
        "configuration_id": configuration["extractor"],
        "configuration": configuration,
        "budget": 1,
        "bracket": None,
        "rung": None,
        "previous_budget": None,
        "origin": "random",
        "seed": seed,
        "confirmation_seed": None,
    }


def ended(
    time: float, number: int, seconds: tuple[float, float, float], twin: int | None = None
) -> dict[str, Any]:
    """``seconds``: for features, for the fit, in all."""
    names = ("feature_seconds", "fit_seconds", "seconds")
    metrics = {"validation_accuracy": 0.5, **dict(zip(names, seconds, strict=True))}
    fields = {"number": number, "loss": 0.5, "metrics": metrics, "answered_by": twin}
    return {"event": "finished", "time": time, **fields}


def ledger(**of_plan: str) -> list[dict[str, Any]]:
    """Four trials finish, one by another's result, and one fails; killed for 500 s."""
    return [
        plan(**of_plan),
        {"event": "resumed", "time": 600.0},
        asked(604.0, 0, GLCM, 0),
        asked(604.5, 1, LBP, 0),
        ended(606.0, 0, (0.01, 1.0, 1.5), None),
        ended(610.0, 1, (2.0, 3.0, 6.0), None),
        asked(610.0, 2, GLCM, 0),
        ended(610.0, 2, (0.01, 1.0, 1.5), 0),
        asked(611.0, 3, SIFT, 0),
        {"event": "failed", "time": 612.0, "number": 3, "status": "infeasible", "reason": "so"},
        asked(612.0, 4, LBP, 1),
        ended(615.0, 4, (0.0, 2.0, 2.5), None),
        {"event": "chosen", "time": 616.0, "number": 4},
        {"event": "unsealed", "time": 616.0},
        {"event": "closed", "time": 620.0},
    ]


def test_every_finished_trial_extracts_every_image_again():
    naive = classical.projected(classical.folded(ledger()), COSTS)
    # 30 + 10 images; GLCM twice (the answered one is work there too), LBP twice, SIFT failed.
    assert naive.extracting == pytest.approx(40 * (2 * 0.25 + 2 * 0.5))
    assert naive.learning == pytest.approx(1.49 + 4.0 + 1.49 + 2.5)
    assert naive.testing == pytest.approx((20 + 5 + 3) * 0.5)


def test_the_validation_images_are_those_that_the_search_selects_on():
    assert classical.image_counts(plan()) == (30 + 10, 28)
    assert classical.image_counts(plan(select="real_raw")) == (30 + 5, 28)


def test_the_time_between_a_kill_and_its_resumption_does_not_count():
    side = classical.stored("it", ledger(), 3.0, 0.5)
    assert side.wall == pytest.approx(3.0 + 20.0 + 0.5)
    assert side.before == pytest.approx(3.0 + 4.0)


def test_an_answered_trial_took_no_time():
    side = classical.stored("it", ledger())
    assert (side.features, side.fit) == pytest.approx((2.01, 6.0))
    assert side.rest == pytest.approx(10.0 - 2.01 - 6.0)
    assert side.quick == pytest.approx(2 / 3)


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 200, (1, 40, 48), np.uint8)


def test_the_naive_side_computes_the_stores_features(image: np.ndarray):
    # Properties by (distances, angles); ours are by offset, angles fastest.
    properties: Any = classical.library(classical.extraction_of(GLCM))(image)
    expected = glcm_properties(image, offsets_of([1, 5], [0, 90]))[0]
    assert np.stack(properties, -1).reshape(-1, 6) == pytest.approx(expected, rel=1e-9)
    for radius in (0, 2):
        codes: Any = classical.library(("lbp", 8, radius))(image)
        (histogram,) = lbp_histograms(image, [neighbourhood_of(8, radius)])
        assert np.pad(codes / image.size, (0, 10 - len(codes))) == pytest.approx(histogram[0])
    points, descriptors = classical.library(("sift",))(image)  # type: ignore[misc]
    assert len(points) == len(descriptors) > 0


def test_each_image_is_timed_once_after_a_first_call(
    image: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    images = np.concatenate([image + n for n in range(4)])
    timed: list[int] = []

    def taken(_: object, one: np.ndarray) -> float:
        assert one.shape == (1, 40, 48)
        timed.append(int(one[0, 0, 0]) - int(image[0, 0, 0]))
        return 100.0 * timed[-1]

    monkeypatch.setattr(classical, "cpu_ms", taken)
    costs = classical.measured(set(COSTS), images)
    assert costs == pytest.approx({e: 0.05 if e[0] == "glcm" else 0.15 for e in COSTS})
    assert sorted(timed) == sorted([0, 1] + 2 * [0, 1, 2, 3])


def numbers(line: str, skip: str) -> list[float]:
    words = line.removeprefix(skip).replace(",", "").split()
    return [float(word) for word in words if word.replace(".", "").isdigit()]


def test_the_tables_say_how_many_times_faster():
    sides = [classical.stored("cold", ledger(), 1.0, 2.5), classical.stored("warm", ledger())]
    lines = classical.report(classical.folded(ledger()), COSTS, sides)
    whole = 60.0 + 9.48 + 14.0
    (one,) = [line for line in lines if line.startswith("naive, one core")]
    assert numbers(one, "naive, one core") == pytest.approx([83.5, whole / 3600, 0.5], abs=0.001)
    two = [line for line in lines if line.startswith("stored, cold")]
    assert len(two) == 2
    assert numbers(two[0], "stored, cold") == pytest.approx(
        [23.5, 23.5 / 3600, whole / 2 / 23.5], abs=0.005
    )
    assert numbers(two[1], "stored, cold") == pytest.approx([5.0, 2.0, 6.0, 2.0], abs=0.05)
    assert two[1].endswith("67% of trials")
    assert "glcm 2, lbp 2, rf 2, svm 2" in lines[2]
    assert "4 finished, of which 1 answered" in lines[0]
    assert "1 failed" in lines[1]


def write(folder: Path, events: list[dict[str, Any]]) -> None:
    folder.mkdir(parents=True)
    (folder / "ledger.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in, in which images take no time to make and each takes 2 ms."""
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0)
    made = lambda count, size: noise.integers(0, 200, (count, size, size), np.uint8)  # noqa: E731
    monkeypatch.setattr(classical, "simulated", made)
    monkeypatch.setattr(classical, "cpu_ms", lambda extract, image: 2.0)
    return tmp_path


def test_a_finished_search_is_read(home: Path, capsys: pytest.CaptureFixture[str]):
    write(home / "runs/mine", ledger())
    assert classical.command(["search=mine", "images=2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (row,) = [line for line in lines if line.startswith("naive, one core")]
    # 40 images for each of four trials and 28 at the end, at 2 ms.
    assert numbers(row, "naive, one core")[0] == pytest.approx(0.32 + 0.056 + 9.48, abs=0.05)
    assert any(line.startswith("stored, its ledger") for line in lines)


def test_a_ledger_with_a_preparation_is_of_a_cold_search(home: Path):
    write(home / "runs/mine", [plan(), *({**e, "time": e["time"] + 30} for e in ledger()[2:])])
    assert classical.recorded("mine")[0][1].name == "cold, its ledger"


def test_the_command_runs_cold_and_then_on_the_same_features(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def prepare(options: dict[str, Any], *, cache: Path, workers: int) -> None:
        assert (options["image_size"], cache, workers) == (64, home / "data", 2)
        for name in ("simulated", "packed", "features"):
            (cache / name).mkdir(parents=True)
            (cache / name / "it").touch()

    runs: list[tuple[list[str], Path, list[str]]] = []

    def python(words: list[str], *, cwd: Path) -> Finished:
        features = cwd / "data/features"
        there = [path.name for path in sorted((cwd / "data").glob("*/*"))]
        runs.append((words, cwd, there))
        features.mkdir(exist_ok=True)
        (features / "block").touch()
        name = words[-1].removeprefix("name=")
        write(cwd / "runs" / name, [plan(), *ledger()[2:]])
        return Finished(90.0, 625.0 + 10 * (name == "cold"), 0, "")

    monkeypatch.setattr(classical.SimulatedDiffraNet, "prepare", prepare)
    monkeypatch.setattr(classical, "python", python)
    assert classical.command(["short=true", "trials=3"]) == 0
    (cold, here, first), (warm, there, second) = runs
    assert {"search=classical_tpe", "scale=smoke", "trainable.trials=3", "tracking=none"} < {*cold}
    assert [*cold[:-1], "name=warm"] == warm
    assert here == there != home
    assert (first, second) == (["it", "it"], ["block", "it", "it"])
    assert not here.exists()
    assert (home / "data/simulated/it").exists(), "the images are kept"
    out = capsys.readouterr().out
    rows = [line for line in out.splitlines() if line.startswith("stored, ")]
    assert [numbers(row[24:], "")[0] for row in rows[:2]] == [545.0, 535.0]
    assert "say nothing" not in out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nonsense"], "nonsense: expected KEY=VALUE"),
        (["search=mine", "scale=demo"], "search: has its own scale"),
        (["scale=huge"], "scale=huge: no such scale"),
        (["scale=a,b"], ""),
        (["search=absent"], "search=absent: there is no finished search"),
        (["search=open"], "search=open: there is no finished search"),
        (["search=deep"], "search=deep: is not a classical search"),
        (["search=damaged"], "line 1 is damaged"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    words: list[str], reason: str, home: Path, capsys: pytest.CaptureFixture[str]
):
    write(home / "runs/open", ledger()[:-1])
    write(home / "runs/deep", ledger(trainable="deepfreak"))
    write(home / "runs/damaged", ledger())
    text = (home / "runs/damaged/ledger.jsonl").read_text()
    (home / "runs/damaged/ledger.jsonl").write_text("x" + text)
    assert classical.command(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert reason in said.err
    assert not (home / "data").exists()
