"""The pieces of the simulator's benchmark compute what they print; no time is tested."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import __main__ as every
from benchmarks.simulator import (
    CELLS,
    DOMAINS,
    MOSAIC_DEG,
    cpu_ms,
    first_jobs,
    paper_crystal,
    paper_scale,
    peak_memory_mb,
    writer_rate,
)
from diffranet.domains import CLASSES
from diffranet.simulator.crystal import Cell
from diffranet.simulator.factors import StructureFactors
from diffranet.simulator.mosaic import largest_angle
from diffranet.simulator.parameters import SimulationParameters
from diffranet.simulator.structure import Structure

CELL = Structure(Cell(117.0, 222.0, 308.0), StructureFactors(np.ones((2, 2, 2)), (0, 0, 0)))


def test_simulator_is_among_the_benchmarks() -> None:
    assert "simulator" in every.BENCHMARKS


def test_the_crystal_is_the_papers() -> None:
    crystal = paper_crystal(CELL, seed=3)
    assert (crystal.cells, len(crystal.domain_rotations)) == (CELLS, DOMAINS) == ((9, 5, 4), 300)
    assert np.linalg.norm(crystal.real_rows, axis=1) == pytest.approx([117.0, 222.0, 308.0])
    assert np.degrees(largest_angle(crystal.domain_rotations)) <= MOSAIC_DEG
    again = paper_crystal(CELL, seed=3, domains=10)
    assert np.array_equal(again.real_rows, crystal.real_rows), "the same orientation"
    assert not np.allclose(paper_crystal(CELL, seed=4).real_rows, crystal.real_rows)


def test_the_first_image_has_a_crystal_and_every_class_follows() -> None:
    work = list(first_jobs(paper_scale("float32")))
    assert CLASSES[work[0].label] == "strong"
    assert {(job.domain, job.label) for job in work} == {
        *(("synthetic", label) for label in range(5)),
        *(("real_raw", label) for label in range(2)),
    }


def test_the_fastest_run_counts() -> None:
    calls: list[int] = []
    result, ms = cpu_ms(lambda: calls.append(1) or len(calls), 3)
    assert (result, len(calls)) == (3, 3)
    assert ms >= 0.0


def test_peak_memory_is_that_of_this_process() -> None:
    before = peak_memory_mb()
    block = np.ones(40_000_000)
    assert peak_memory_mb() > max(before, block.nbytes / 1e6)


def test_the_writers_rate_leaves_the_start_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def tiny(engine: str, images: int) -> SimulationParameters:
        return SimulationParameters(
            image_size=32,
            mosaic_domains=1,
            train=images,
            validation=5,
            test=5,
            real_validation=0,
            real_test=0,
            engine=engine,
        )

    monkeypatch.setattr("benchmarks.simulator.paper_scale", tiny)
    rate, before = writer_rate("float64", 30, 1)
    assert rate > 0.0
    assert before > 0.0
