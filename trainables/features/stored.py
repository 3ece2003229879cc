"""Features of whole splits, taken from the store or computed into it."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trainables.features import blocks, bovw, glcm, lbp, sift
from trainables.features.blocks import Block
from trainables.features.grey_levels import normalised_split
from trainables.features.images import Images
from trainables.features.store import FeatureStore, StoreError
from trainables.features.transformers import GLCM, LBP, BagOfVisualWords, Extractor


class Split(Protocol):
    """Images and the digest of their content."""

    @property
    def images(self) -> Images:
        """(n, h, w) uint8 or uint16."""

    @property
    def digest(self) -> str:
        """Equal for equal images only."""


def fit_stored(extractor: Extractor, store: FeatureStore, training: Split) -> None:
    """Do what `extractor.fit(training.images)` does, reusing what the store holds."""
    training = normalised_split(training, extractor.grey_levels)
    if isinstance(extractor, BagOfVisualWords):
        extractor.adopt(_codebook(extractor, store, training))
    else:
        extractor.fit(training.images)


def transform_stored(
    extractor: Extractor, store: FeatureStore, training: Split, split: Split
) -> NDArray[np.float64]:
    """What `extractor.transform(split.images)` gives, reusing what the store holds.

    Args:
        extractor: Fitted by `fit_stored` with `training`.
        store: The store.
        training: The split that the extractor was fitted on; it identifies the codebook.
        split: The split to describe.

    Returns:
        (n, features).

    Raises:
        StoreError: The store cannot be written, or holds this digest with other images.
        ValueError: The images cannot be described with these parameters.
    """
    training = normalised_split(training, extractor.grey_levels)
    split = normalised_split(split, extractor.grey_levels)
    if isinstance(extractor, GLCM):
        tables = store.blocks(
            split.digest,
            blocks.GLCM,
            {blocks.of_offset(offset).name: offset for offset in extractor.offsets},
            lambda missing: list(np.moveaxis(glcm.glcm_properties(split.images, missing), 1, 0)),
        )
        features = np.concatenate(tables, axis=1)
    elif isinstance(extractor, LBP):
        neighbourhood = extractor.neighbourhood
        (features,) = store.blocks(
            split.digest,
            *_one(blocks.of_neighbourhood(neighbourhood)),
            lambda _: lbp.lbp_histograms(split.images, [neighbourhood]),
        )
    else:
        features = _frequencies(extractor, store, split if extractor.per_split else training, split)
    return _rows(features, split)


def _codebook(extractor: BagOfVisualWords, store: FeatureStore, source: Split) -> NDArray[Any]:
    (codebook,) = store.blocks(
        source.digest,
        *_one(blocks.of_codebook(extractor.clusters, extractor.seed)),
        lambda _: [
            bovw.fit_codebook(_descriptors(store, source), extractor.clusters, extractor.seed)
        ],
    )
    return codebook


def _frequencies(
    extractor: BagOfVisualWords, store: FeatureStore, source: Split, split: Split
) -> NDArray[Any]:
    (features,) = store.blocks(
        split.digest,
        *_one(blocks.of_words(extractor.clusters, extractor.seed, source.digest)),
        lambda _: [
            bovw.word_frequencies(
                _descriptors(store, split),
                _codebook(extractor, store, source),
                len(split.images),
                extractor.clusters,
            )
        ],
    )
    return features


def _descriptors(store: FeatureStore, split: Split) -> NDArray[np.void]:
    (descriptors,) = store.blocks(
        split.digest,
        *_one(blocks.DESCRIPTORS),
        lambda _: [sift.sift_descriptors(split.images)],
    )
    return descriptors


def _one(block: Block) -> tuple[str, dict[str, None]]:
    """Return table and wanted blocks, as `FeatureStore.blocks` takes them."""
    return block.table, {block.name: None}


def _rows(features: NDArray[Any], split: Split) -> NDArray[np.float64]:
    if len(features) != len(split.images):
        raise StoreError(
            f"feature store: digest {split.digest} stands for {len(features)} images and now "
            f"for {len(split.images)}; give other images another digest"
        )
    return np.asarray(features)
