"""The projection and the page from made-up measurements; the command itself on the CPU."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import gpu_plan, gpu_projection, gpu_table
from benchmarks.deepfreak_floor import Rates
from benchmarks.gpu_projection import Row, configuration_epochs, epoch_seconds, project
from benchmarks.gpu_table import Machine, Settings
from benchmarks.gpu_workers import Task, Workers

MACHINE = Machine("NVIDIA Made-up 1", "cuda: NVIDIA Made-up 1", Rates(788e12, 4.3e12))
SETTINGS = Settings(512, 16, {})
ALL = gpu_projection.searched_pairs()


def test_the_paper_searches_thirteen_topologies_and_five_batch_sizes() -> None:
    assert len(ALL) == 65
    assert {batch for _, batch in ALL} == {4, 8, 16, 32, 64}
    assert {number for number, _ in ALL} == set(range(1, 14))


def test_the_epochs_are_those_of_the_schedule() -> None:
    plan = gpu_projection.paper_plan()
    continued = configuration_epochs(plan)
    assert (len(continued), sum(continued)) == (184, 2424)
    assert sum(configuration_epochs(plan, continued=False)) == 2836
    assert plan.trials == 260
    # Of four brackets: 27, 9, 3, 1 configurations; 9, 3, 1; 6, 2; 4.
    assert [continued.count(epochs) for epochs in (1, 5, 16, 50)] == [72, 48, 32, 32]


def test_equal_speeds_make_hours_of_epochs() -> None:
    # 3.6 million training images an hour; validation costs 800 images' worth in each epoch.
    found = project("it", gpu_projection.paper_plan(), dict.fromkeys(ALL, 1000.0))
    assert found is not None
    assert found.hours == pytest.approx(2424 * 10_800 / 3.6e6)
    assert found.deviation == pytest.approx(0, abs=1e-9)
    assert (found.epochs, found.pairs) == (2424, 65)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(1, 1e5), min_size=65, max_size=65))
def test_the_expected_time_is_that_of_the_mean_pair(rates: list[float]) -> None:
    plan = gpu_projection.paper_plan()
    found = project("it", plan, dict(zip(ALL, rates, strict=True)))
    assert found is not None
    assert found.hours == pytest.approx(2424 * fmean(map(epoch_seconds, rates)) / 3600)
    # No search takes longer than all of it at the slowest pair, so neither does the deviation.
    assert found.deviation <= 2424 * epoch_seconds(min(rates)) / 3600


def test_pairs_that_are_not_searched_or_not_measured_are_left_out() -> None:
    plan = gpu_projection.paper_plan()
    found = project("it", plan, {(8, 4): 100.0, (8, 1): 1.0, (0, 8): 1.0})
    assert found is not None
    assert found.pairs == 1
    assert found.hours == pytest.approx(2424 * epoch_seconds(100.0) / 3600)
    assert project("it", plan, {(8, 1): 1.0}) is None


def rows() -> list[Row]:
    alone = [
        Row("ours", number, batch, images_per_second=10.0 * number, peak_bytes=2**30)
        for number in (6, 8, 10)
        for batch in (4, 8)
    ]
    return [
        *alone,
        Row("ours", 12, 64, status="out_of_memory", reason="CUDA out of memory"),
        Row("released", 8, 8, images_per_second=16.0),
        Row("ours", 8, 4, 2, images_per_second=120.0),
        Row("ours", 8, 4, 4, images_per_second=200.0),
        Row("ours", 10, 4, 2, images_per_second=90.0),
        Row("ours", 10, 8, 2, status="failed", reason="RuntimeError: so"),
    ]


def test_sharing_takes_the_best_number_of_trials_and_never_loses() -> None:
    assert gpu_projection.gains(rows()) == {(8, 4): (2.5, 4), (10, 4): (1.0, 1)}


def test_topologies_with_as_many_filters_gain_as_much() -> None:
    shared = gpu_projection.shared_speeds(rows())
    # 6 has 64 filters as 8; 10 has 8; batches of 8 did not share.
    assert shared == {
        (6, 4): 150.0,
        (6, 8): 60.0,
        (8, 4): 200.0,
        (8, 8): 80.0,
        (10, 4): 100.0,
        (10, 8): 100.0,
    }


def test_sharing_saves_what_the_gains_say() -> None:
    equal = [Row("ours", *pair, images_per_second=500.0) for pair in ALL]
    equal += [
        Row("ours", number, batch, 4, images_per_second=1000.0)
        for number in (8, 10, 12)
        for batch in (4, 8, 16, 32, 64)
    ]
    one, scratch, together, least = gpu_table.projections(MACHINE, SETTINGS, equal)
    assert together.hours == pytest.approx(one.hours / 2)
    assert scratch.hours == pytest.approx(one.hours * 2836 / 2424)
    # float32 takes twice the bytes of the derived 2.2 s an epoch at this memory rate.
    assert least.hours * 3600 / 2424 / 1.08 == pytest.approx(2 * 2.2, rel=0.05)


def cells(page: str, *first: object) -> list[list[str]]:
    lines = ([cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines())
    return [line for line in lines if line[: len(first)] == [str(cell) for cell in first]]


def test_the_page_has_every_measurement() -> None:
    page = gpu_table.markdown(MACHINE, SETTINGS, rows())
    (alone, *_, sharing_two, sharing_four) = cells(page, 8, 4)
    assert alone[2:4] == ["80.0", "135.0"]
    assert alone[6] == "1.00"
    assert sharing_two[2:] == ["2", "120.0", "1.50 ×"]
    assert sharing_four[2:] == ["4", "200.0", "2.50 ×"]
    assert cells(page, 12, 64)[0][2] == "out_of_memory"
    assert cells(page, 10, 8, 2)[0][3] == "failed"
    assert cells(page, 8, 8, "16.0") == [["8", "8", "16.0", "80.0", "5.00 ×"]]
    assert "6 of its 65 pairs" in page


def test_a_page_of_failures_has_no_projection() -> None:
    page = gpu_table.markdown(MACHINE, SETTINGS, [Row("ours", 8, 4, status="out_of_memory")])
    assert "out_of_memory" in page
    assert "BOHB" not in page


def test_the_share_of_the_floor() -> None:
    (line,) = cells(gpu_table.markdown(MACHINE, SETTINGS, rows()[:1]), 6, 4)
    # 10,000 images of topology 6 take 4.2 s at the floor of 2 bytes a value, twice that at 4.
    assert float(line[4].rstrip("%")) / 100 == pytest.approx(60 * 8.4e-4, abs=1e-3)
    assert line[5] == "memory"


def test_a_file_is_named_after_hardware_size_and_options() -> None:
    options = {"precision": "bfloat16", "cuda_graphs": True}
    name = gpu_table.slug("NVIDIA H200 (x)", 512, options)
    assert name == "nvidia-h200-x-512-cuda-graphs-true-precision-bfloat16"


def test_one_topology_stands_for_each_number_of_filters() -> None:
    assert sorted(gpu_plan.typical(range(1, 14))) == [8, 10, 12]
    assert sorted(gpu_plan.typical([3, 9, 13, 7])) == [3, 9, 13]


def test_the_table_comes_first_and_sharing_last() -> None:
    alone, released, shared = gpu_plan.measurements(range(1, 14), gpu_plan.BATCHES, (2, 4, 8))
    assert len({one.pair for one in alone}) == 78
    assert {(one.side, one.trials) for one in alone} == {("ours", 1)}
    assert {one.side for one in released} == {"released"}
    assert {one.trials for one in shared} == {2, 4, 8}
    assert {one.pair[1] for one in shared} == {1, 4, 8}


def test_what_there_is_no_time_for_is_said(tmp_path: Path) -> None:
    class Unused:
        def measure(self, *_: object) -> Row:
            raise AssertionError

    stages = [[gpu_plan.Measurement("ours", (8, 4))]]
    found = gpu_plan.run(
        stages,
        Unused(),
        SETTINGS,
        MACHINE,
        tmp_path,
        1.0,
        0.0,
        tmp_path,  # type: ignore[arg-type]
    )
    assert [row.status for row in found] == ["skipped"]
    assert "skipped" in (tmp_path / "deepfreak-nvidia-made-up-1-512.md").read_text()


@pytest.mark.e2e
@pytest.mark.slow
def test_failures_are_rows_and_a_broken_process_is_replaced(tmp_path: Path) -> None:
    absent = Task("ours", 10, 8, 2, tmp_path / "absent.npy", {}, 0.01)
    with Workers("cpu", 200.0) as workers:
        assert workers.machine("float32")["memory"] > 0
        process, _ = workers._started[0]
        process.kill()
        process.join()
        assert workers.measure(absent).status == "lost"
        row = workers.measure(absent)
        assert (row.status, row.images_per_second) == ("failed", None)
        assert row.reason.startswith("FileNotFoundError")


@pytest.mark.e2e
@pytest.mark.slow
def test_the_command_on_the_cpu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["device=cpu", "size=64", "topologies=10", "batches=8", "steps=2", "seconds=0.1"]
    assert gpu_plan.command([*words, f"out={tmp_path}", "width=0.5"]) == 0
    (page,) = tmp_path.glob("*.md")
    assert page.read_text() in capsys.readouterr().out
    found = json.loads(page.with_suffix(".json").read_text())
    assert [(row["side"], row["trials"], row["status"]) for row in found["rows"]] == [
        ("ours", 1, "measured"),
        ("released", 1, "measured"),
        ("ours", 2, "measured"),
    ]
    assert found["projections"][0]["epochs"] == 2424
    assert found["settings"]["options"] == {"width": 0.5}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "device=cuda: torch finds no CUDA device"),
        (["minutes=0"], "minutes=0: must be a positive number"),
        (["short=true"], "short=true: expected KEY=VALUE"),
        (["device=cpu", "options=precisoin:bfloat16"], "option precisoin: unknown"),
    ],
)
def test_bad_words_are_refused_in_a_line(
    words: list[str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu_plan.command(words) == 2
    captured = capsys.readouterr()
    assert not captured.out
    assert captured.err.startswith(reason)
    assert captured.err.count("\n") == 1
