"""Normalised grey levels in the network: those of the features, but for rounding."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trainables.deepfreak.grey_levels import normalise
from trainables.deepfreak.mean_image import stored_mean
from trainables.features.grey_levels import normalised
from trainables.grey_levels import GREY_LEVELS

KINDS = GREY_LEVELS[1:]


def as_network(images: np.ndarray, kind: str) -> np.ndarray:
    return normalise(torch.tensor(images).unsqueeze(1).float(), kind).squeeze(1).numpy()


@given(
    images=hnp.arrays(np.uint8, st.tuples(st.just(3), st.integers(1, 13), st.integers(1, 13))),
    kind=st.sampled_from(KINDS),
)
def test_they_are_those_of_the_features(images: np.ndarray, kind: str) -> None:
    expected = np.stack([normalised(image, kind) for image in images])
    assert np.abs(as_network(images, kind) - expected).max() < 0.51


@pytest.mark.parametrize("kind", KINDS)
def test_each_image_is_normalised_by_itself(make_data: Callable[..., Any], kind: str) -> None:
    images = make_data(size=48).train.images
    together = as_network(np.array(images), kind)
    alone = np.concatenate([as_network(np.array(images[i : i + 1]), kind) for i in range(24)])
    assert together == pytest.approx(alone, abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_mean_image_is_theirs_and_lies_apart(make_data: Callable[..., Any], kind: str) -> None:
    data = make_data(train=20)
    plain = stored_mean(data, "pixel")
    found = stored_mean(data, "pixel", kind)
    expected = as_network(np.array(data.train.images), kind).mean(0) / 255
    assert found.numpy() == pytest.approx(expected, abs=1e-6)
    assert not torch.equal(found, plain)
    assert len(list(data.cache.iterdir())) == 2
    assert torch.equal(stored_mean(data, "pixel"), plain)
    assert torch.equal(stored_mean(data, "pixel", kind), found)
    assert stored_mean(data, "scalar", kind).shape == ()
