from collections.abc import Mapping
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from trainables.features.bovw import fit_codebook, word_frequencies
from trainables.features.sift import DESCRIPTOR, sift_descriptors
from trainables.features.transformers import BagOfVisualWords


def descriptors_of(values: np.ndarray, images: np.ndarray | None = None) -> np.ndarray:
    rows = np.zeros(len(values), DESCRIPTOR)
    rows["values"] = values
    if images is not None:
        rows["image"] = images
    return rows


def test_reference_descriptors(reference: Mapping[str, np.ndarray]) -> None:
    found = sift_descriptors(reference["images"])
    np.testing.assert_array_equal(found["image"], reference["sift_image"])
    np.testing.assert_array_equal(found["values"], reference["sift_values"])


def test_bytes_lose_nothing_and_threads_are_put_back(
    reference: Mapping[str, np.ndarray],
) -> None:
    image = reference["images"][2]
    _, plain = cv2.SIFT.create().detectAndCompute(image, None)
    threads = cv2.getNumThreads()
    np.testing.assert_array_equal(sift_descriptors(image[np.newaxis])["values"], plain)
    assert cv2.getNumThreads() == threads


@pytest.mark.parametrize("case", ["const0", "two_level", "crop301x417", "singlehot"])
def test_corner_cases(reference: Mapping[str, np.ndarray], case: str) -> None:
    assert len(sift_descriptors(reference[f"{case}__image"][np.newaxis])) == int(
        reference[f"{case}__sift_n"]
    )


def test_more_than_eight_bits_are_refused() -> None:
    with pytest.raises(ValueError, match=r"SIFT needs uint8 images, not uint16; scale them to"):
        sift_descriptors(np.zeros((1, 20, 20), np.uint16))


def test_reference_words(reference: Mapping[str, np.ndarray]) -> None:
    found = sift_descriptors(reference["images"])
    codebook = reference["bovw_centers"].astype(float)
    frequencies = word_frequencies(found, codebook, 3, 25)
    counts = reference["bovw_counts"]
    expected = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.testing.assert_allclose(frequencies, expected)
    assert not frequencies[0].any()  # this image has no key point


def test_codebook_finds_separate_clusters_and_follows_its_seed() -> None:
    rng = np.random.default_rng(0)
    centres = rng.integers(20, 236, (3, 128))
    groups = rng.integers(0, 3, 300)
    values = centres[groups] + rng.integers(-5, 6, (300, 128))
    # Ten starting points for three far groups leave no group without a centre.
    codebook = fit_codebook(descriptors_of(values), 10, seed=1)
    distance = np.abs(codebook[:, np.newaxis] - centres).max(axis=2)
    assert (distance.min(axis=0) < 6).all()
    np.testing.assert_array_equal(codebook, fit_codebook(descriptors_of(values), 10, seed=1))
    assert not np.array_equal(codebook, fit_codebook(descriptors_of(values), 10, seed=2))


@pytest.mark.parametrize("distinct", [0, 1, 4, 5])
def test_no_more_distinct_descriptors_than_clusters(distinct: int) -> None:
    values = np.repeat(np.arange(distinct), 3)[:, np.newaxis] * np.full(128, 10)
    rows = descriptors_of(values, np.arange(3 * distinct) % 2)
    codebook = fit_codebook(rows, 5, seed=0)
    assert codebook.shape == (distinct, 128)
    frequencies = word_frequencies(rows, codebook, 2, 5)
    assert frequencies.shape == (2, 5)
    np.testing.assert_allclose(frequencies.sum(axis=1), float(distinct > 0))
    assert not frequencies[:, distinct:].any()


def test_codebook_needs_a_cluster() -> None:
    with pytest.raises(ValueError, match="at least one cluster, not 0"):
        fit_codebook(descriptors_of(np.zeros((4, 128))), 0, seed=0)


def test_codebook_is_of_the_images_of_fit_alone(splits: SimpleNamespace) -> None:
    bag = BagOfVisualWords(6, seed=3).fit(splits.train.images)
    before = bag.codebook_.copy()
    bag.transform(splits.validation.images)
    np.testing.assert_array_equal(bag.codebook_, before)
    np.testing.assert_array_equal(
        before, fit_codebook(sift_descriptors(splits.train.images), 6, seed=3)
    )
    # A word means the same whichever images stand beside it.
    alone = bag.transform(splits.validation.images[2:3])
    np.testing.assert_array_equal(alone, bag.transform(splits.validation.images)[2:3])
