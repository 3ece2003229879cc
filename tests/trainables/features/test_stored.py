from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone

from trainables.features import bovw, glcm, lbp, sift
from trainables.features.store import FeatureStore, StoreError
from trainables.features.stored import fit_stored, transform_stored
from trainables.features.transformers import GLCM, LBP, BagOfVisualWords, Extractor

KERNELS = [
    (glcm, "glcm_properties"),
    (lbp, "lbp_histograms"),
    (sift, "sift_descriptors"),
    (bovw, "fit_codebook"),
    (bovw, "word_frequencies"),
]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the extraction functions, one entry per call."""
    names: list[str] = []
    for module, name in KERNELS:
        original = getattr(module, name)

        def counted(*args: object, name: str = name, original: object = original) -> object:
            names.append(name)
            return original(*args)  # type: ignore[operator]

        monkeypatch.setattr(module, name, counted)
    return names


def both(
    extractor: Extractor, store: FeatureStore, splits: SimpleNamespace
) -> tuple[np.ndarray, np.ndarray]:
    fit_stored(extractor, store, splits.train)
    return (
        transform_stored(extractor, store, splits.train, splits.train),
        transform_stored(extractor, store, splits.train, splits.validation),
    )


@pytest.mark.parametrize(
    "extractor",
    [
        GLCM([5, 1], [90, 0]),
        LBP(8, 2),
        LBP(8, 0),
        BagOfVisualWords(6, 3),
        BagOfVisualWords(6, 3, per_split=True),
    ],
    ids=["glcm", "lbp", "lbp0", "sift", "sift-per-split"],
)
def test_stored_equals_direct_and_is_not_computed_twice(
    extractor: Extractor, store: FeatureStore, splits: SimpleNamespace, calls: list[str]
) -> None:
    direct = clone(extractor).fit(splits.train.images)
    first = both(clone(extractor), store, splits)
    np.testing.assert_array_equal(first[0], direct.transform(splits.train.images))
    np.testing.assert_array_equal(first[1], direct.transform(splits.validation.images))
    assert calls
    calls.clear()
    second = both(clone(extractor), FeatureStore(store.root), splits)
    assert calls == []
    np.testing.assert_array_equal(second[0], first[0])
    np.testing.assert_array_equal(second[1], first[1])


def test_one_more_distance_computes_one_distance(
    store: FeatureStore, splits: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[glcm.Offset] = []
    original = glcm.glcm_properties

    def recorded(images: np.ndarray, offsets: list[glcm.Offset]) -> np.ndarray:
        seen.extend(offsets)
        return original(images, offsets)

    monkeypatch.setattr(glcm, "glcm_properties", recorded)
    transform_stored(GLCM([1, 5], [0, 90]), store, splits.train, splits.train)
    seen.clear()
    transform_stored(GLCM([1, 2, 5], [0, 90]), store, splits.train, splits.train)
    assert seen == [(2, 0), (2, 90)]


def test_descriptors_serve_every_codebook(
    store: FeatureStore, splits: SimpleNamespace, calls: list[str]
) -> None:
    both(BagOfVisualWords(6, 3), store, splits)
    calls.clear()
    both(BagOfVisualWords(7, 3), store, splits)
    assert calls.count("fit_codebook") == 1
    assert "sift_descriptors" not in calls


def test_words_depend_on_the_training_images(store: FeatureStore, splits: SimpleNamespace) -> None:
    own = both(BagOfVisualWords(6, 3), store, splits)[1]
    swapped = SimpleNamespace(train=splits.validation, validation=splits.validation)
    assert not np.array_equal(both(BagOfVisualWords(6, 3), store, swapped)[1], own)


def test_a_codebook_per_split_is_of_the_images_described(
    store: FeatureStore, splits: SimpleNamespace
) -> None:
    train, validation = both(BagOfVisualWords(6, 3, per_split=True), store, splits)
    of_training = both(BagOfVisualWords(6, 3), store, splits)
    np.testing.assert_array_equal(train, of_training[0])
    assert not np.array_equal(validation, of_training[1])
    alone = BagOfVisualWords(6, 3).fit(splits.validation.images)
    np.testing.assert_array_equal(validation, alone.transform(splits.validation.images))


def test_one_digest_for_different_images_is_refused(
    store: FeatureStore, splits: SimpleNamespace
) -> None:
    transform_stored(LBP(4, 1), store, splits.train, splits.train)
    shorter = SimpleNamespace(images=splits.train.images[:-1], digest=splits.train.digest)
    with pytest.raises(StoreError, match="digest split1 stands for 8 images and now for 7"):
        transform_stored(LBP(4, 1), store, shorter, shorter)
