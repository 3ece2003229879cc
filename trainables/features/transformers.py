"""The extractors as scikit-learn transformers over raw images (n, h, w), uint8 or uint16."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from trainables.features.bovw import fit_codebook, word_frequencies
from trainables.features.glcm import PROPERTIES, Offset, glcm_properties, offsets_of
from trainables.features.grey_levels import normalised_images
from trainables.features.images import Images, as_images
from trainables.features.lbp import Neighbourhood, lbp_histograms, neighbourhood_of
from trainables.features.sift import sift_descriptors
from trainables.grey_levels import GreyLevels


class _ImageTransformer(TransformerMixin, BaseEstimator):
    grey_levels: GreyLevels = "none"  # of transformers that were pickled before there was a choice

    def fit(self, X: Images, y: object = None) -> Self:
        """Check the images and the parameters; nothing is learned."""
        del y
        as_images(X)
        self.get_feature_names_out()
        return self

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Names of the feature columns; `input_features` is not used, pixels have no names."""
        del input_features
        return np.array(self._names(), dtype=object)

    def _names(self) -> list[str]:
        raise NotImplementedError

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.requires_fit = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True


class GLCM(_ImageTransformer):
    """Six Haralick properties of the co-occurrence matrix at each distance and angle.

    Args:
        distances: In pixels; order and repetition do not matter.
        angles: In degrees; order and repetition do not matter.
        grey_levels: How each image's are normalised first; see `trainables.grey_levels`.
    """

    def __init__(
        self,
        distances: Sequence[int] = (5,),
        angles: Sequence[int] = (0,),
        grey_levels: GreyLevels = "none",
    ) -> None:
        self.distances = distances
        self.angles = angles
        self.grey_levels = grey_levels

    @property
    def offsets(self) -> tuple[Offset, ...]:
        """The (distance, angle) pairs in column order."""
        return offsets_of(self.distances, self.angles)

    def transform(self, X: Images) -> NDArray[np.float64]:
        """Features (n, 6 × distances × angles): the properties of an offset stand together."""
        table = glcm_properties(normalised_images(X, self.grey_levels), self.offsets)
        return table.reshape(len(table), len(self.offsets) * len(PROPERTIES))

    def _names(self) -> list[str]:
        return [f"glcm_{name}_d{d}_a{a}" for d, a in self.offsets for name in PROPERTIES]


class LBP(_ImageTransformer):
    """Histogram of uniform local binary patterns.

    Args:
        points: Sampling points on the circle.
        radius: Of the circle, in pixels.
        grey_levels: How each image's are normalised first; see `trainables.grey_levels`.
    """

    def __init__(self, points: int = 24, radius: int = 3, grey_levels: GreyLevels = "none") -> None:
        self.points = points
        self.radius = radius
        self.grey_levels = grey_levels

    @property
    def neighbourhood(self) -> Neighbourhood:
        """The sampling circle."""
        return neighbourhood_of(self.points, self.radius)

    def transform(self, X: Images) -> NDArray[np.float64]:
        """Features (n, points + 2): fractions of the pixels."""
        images = normalised_images(X, self.grey_levels)
        return lbp_histograms(images, [self.neighbourhood])[0]

    def _names(self) -> list[str]:
        points, radius = self.neighbourhood
        return [f"lbp_p{points}_r{radius}_{code}" for code in range(points + 2)]


class BagOfVisualWords(_ImageTransformer):
    """Word frequencies of SIFT descriptors in a codebook learned from the images of `fit`.

    The images must be uint8.

    Args:
        clusters: The number of words.
        seed: Of the codebook.
        per_split: Describe images by a codebook of their own, as the authors' code does; words
            of two calls of `transform` then do not correspond.
        grey_levels: How each image's are normalised first; see `trainables.grey_levels`.

    Attributes:
        codebook_: (words, 128), words <= clusters.
    """

    def __init__(
        self,
        clusters: int = 100,
        seed: int = 0,
        per_split: bool = False,
        grey_levels: GreyLevels = "none",
    ) -> None:
        self.clusters = clusters
        self.seed = seed
        self.per_split = per_split
        self.grey_levels = grey_levels

    def fit(self, X: Images, y: object = None) -> Self:
        """Learn the codebook from the descriptors of training images."""
        del y
        return self.adopt(fit_codebook(self._descriptors(X), self.clusters, self.seed))

    def adopt(self, codebook: NDArray[np.float64]) -> Self:
        """Take a codebook that was fitted before, in place of `fit`."""
        self.codebook_ = np.array(codebook)
        return self

    def transform(self, X: Images) -> NDArray[np.float64]:
        """Features (n, clusters): fractions of each image's key points."""
        check_is_fitted(self)
        descriptors = self._descriptors(X)
        codebook = self.codebook_
        if self.per_split:
            codebook = fit_codebook(descriptors, self.clusters, self.seed)
        return word_frequencies(descriptors, codebook, len(X), self.clusters)

    def _descriptors(self, images: Images) -> NDArray[np.void]:
        return sift_descriptors(normalised_images(images, self.grey_levels))

    def _names(self) -> list[str]:
        return [f"sift_word{index}" for index in range(self.clusters)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "codebook_")


Extractor = GLCM | LBP | BagOfVisualWords
