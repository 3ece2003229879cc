"""The pieces of the extractors' benchmark compute what they print; no time is tested."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from benchmarks.features import (
    EXTRACTORS,
    NEIGHBOURHOODS,
    OFFSETS,
    library_glcm,
    library_lbp,
    rate,
    simulated,
    turns,
)
from trainables.features.glcm import PROPERTIES, glcm_properties
from trainables.features.lbp import lbp_histograms


def test_the_library_computes_the_same(reference: Mapping[str, np.ndarray]) -> None:
    image = reference["images"][2:, :64, :80]
    glcm = np.stack(library_glcm(image), axis=-1).reshape(len(OFFSETS), len(PROPERTIES))
    np.testing.assert_allclose(glcm_properties(image, OFFSETS)[0], glcm, rtol=1e-9)
    for (ours,), counts in zip(
        lbp_histograms(image, NEIGHBOURHOODS), library_lbp(image), strict=True
    ):
        np.testing.assert_array_equal(ours[: len(counts)], counts / image.size)


def test_ours_and_the_library_take_turns() -> None:
    calls: list[str] = []
    images = np.zeros((3, 2, 2), np.uint8)
    mine, theirs, ratio = turns(
        lambda image: calls.append(f"ours {image.shape}"),
        lambda image: calls.append(f"library {image.shape}") or sum(range(20_000)),
        images,
        repeats=2,
    )
    assert calls == ["ours (1, 2, 2)", "library (1, 2, 2)"] * 7
    assert ratio > 1
    assert theirs > mine >= 0


def test_images_are_simulated() -> None:
    images = simulated(5, 64)
    assert images.shape == (5, 64, 64)
    assert images.dtype == np.uint8
    assert len({image.tobytes() for image in images}) == 5


@pytest.mark.parametrize("processes", [1, 2])
def test_processes_are_timed_together(tmp_path: Path, processes: int) -> None:
    np.save(tmp_path / "images.npy", np.zeros((2, 16, 16), np.uint8))
    assert rate(tmp_path / "images.npy", "GLCM", processes, 0.2) > 0


def test_every_extractor_runs(reference: Mapping[str, np.ndarray]) -> None:
    for ours, library, _ in EXTRACTORS.values():
        ours(reference["images"][:1])
        library(reference["images"][:1])
