import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffranet.domains import CLASSES
from diffranet.simulator.reallike import CRYSTALS
from diffranet.simulator.realshots import draw_real_shot
from diffranet.simulator.setup import BeamSetup
from diffranet.simulator.shots import (
    CRYSTAL_SCALE_EDGES,
    PAPER_TEST_COUNTS,
    draw_shot,
    quotas,
    split_labels,
)


def test_the_class_follows_from_the_state() -> None:
    rng = np.random.default_rng(0)
    for label, name in enumerate(CLASSES):
        for _ in range(50):
            shot = draw_shot(rng, label)
            assert (shot.intensity == 0.0) == (name == "blank")
            if label <= 1:
                assert shot.crystal_scale == 0.0
            else:
                low, high = CRYSTAL_SCALE_EDGES[label - 2 : label]
                assert low <= shot.crystal_scale <= high


def test_the_beam_sets_the_wavelengths() -> None:
    rng = np.random.default_rng(0)
    beam = BeamSetup(wavelength=1.1, wavelength_spread=0.01)
    waves = [draw_shot(rng, 4, beam).wavelength for _ in range(2000)]
    assert np.mean(waves) == pytest.approx(1.1, rel=0.001)
    assert np.std(waves) / 1.1 == pytest.approx(0.01, rel=0.1)


def test_paper_sized_split_has_the_papers_counts() -> None:
    labels = split_labels(7, "synthetic", "test", sum(PAPER_TEST_COUNTS), "paper")
    assert tuple(np.bincount(labels)) == PAPER_TEST_COUNTS


@given(n=st.integers(5, 3000))
def test_quotas_add_up_and_leave_no_class_empty(n: int) -> None:
    counts = quotas(n, PAPER_TEST_COUNTS)
    assert sum(counts) == n
    assert min(counts) >= 1
    if n > 50:
        shares = np.array(PAPER_TEST_COUNTS) * n / sum(PAPER_TEST_COUNTS)
        assert np.abs(counts - shares).max() < 1


def test_too_few_images_are_refused() -> None:
    with pytest.raises(ValueError, match="4 images cannot fill 5 classes"):
        quotas(4, PAPER_TEST_COUNTS)


def test_balanced_classes_are_equal() -> None:
    assert set(np.bincount(split_labels(0, "synthetic", "train", 50, "balanced"))) == {10}


def test_only_surrogate_hits_have_a_crystal() -> None:
    rng = np.random.default_rng(1)
    assert not draw_real_shot(rng, 0).crystal
    hits = [draw_real_shot(rng, 1) for _ in range(40)]
    assert (
        {hit.crystal for hit in hits}
        == {"photosystem II", "thaumatin", "lysozyme"}
        == set(CRYSTALS)
    )
    assert all(0.25 <= hit.crystal_scale <= 1 for hit in hits)
