"""Bag of visual words: a codebook of SIFT descriptors and word frequencies per image.

The codebook is fitted on the descriptors of training images alone and used for every other
image: a word means the same thing everywhere. The authors' code fitted one codebook per split;
`BagOfVisualWords` can do that too, for comparison.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances_argmin
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from trainables.features import faiss_library, sift

VERSION = f"2-sift{sift.VERSION}"
"""Names the definition and the descriptors it rests on."""

ITERATIONS = 10
"""Of k-means."""


def fit_codebook(descriptors: NDArray[np.void], clusters: int, seed: int) -> NDArray[np.float64]:
    """Centres of k-means, started from distinct descriptors drawn with `seed`.

    Where there are no more distinct descriptors than clusters, each distinct descriptor is a
    word of its own and the remaining words do not exist.

    Args:
        descriptors: (m,) of `sift.DESCRIPTOR`, of training images; may be empty.
        clusters: The number of words asked for.
        seed: Any non-negative integer.

    Returns:
        (min(clusters, number of distinct descriptors), 128).

    Raises:
        ValueError: Fewer than one cluster.
    """
    if clusters < 1:
        raise ValueError(f"a codebook needs at least one cluster, not {clusters}")
    values = np.ascontiguousarray(descriptors["values"])
    distinct = np.unique(values, axis=0)
    if len(distinct) <= clusters:
        return distinct.astype(np.float64)
    rng = np.random.default_rng(seed)
    start = distinct[rng.choice(len(distinct), clusters, replace=False)]
    kmeans = faiss_library.load().Kmeans(
        sift.LENGTH,
        clusters,
        niter=ITERATIONS,
        seed=int(rng.integers(2**31)),
        # All descriptors count, however many or few a word has.
        min_points_per_centroid=1,
        max_points_per_centroid=len(values),
    )
    # Trials run side by side; with several threads the last bits vary.
    with threadpool_limits(1):
        kmeans.train(values.astype(np.float32), init_centroids=start.astype(np.float32))
    return np.asarray(kmeans.centroids, dtype=np.float64)


def word_frequencies(
    descriptors: NDArray[np.void], codebook: NDArray[np.float64], images: int, clusters: int
) -> NDArray[np.float64]:
    """Fractions of an image's descriptors that are nearest to each word.

    Args:
        descriptors: (m,) of `sift.DESCRIPTOR`.
        codebook: (words, 128) with words <= clusters.
        images: The number of images that the descriptors come from.
        clusters: The number of columns; those past the last word are zero.

    Returns:
        (images, clusters); a row sums to 1, or to 0 where the image has no key point or the
        codebook no word.
    """
    if not len(descriptors) or not len(codebook):
        return np.zeros((images, clusters))
    with threadpool_limits(1):
        words = pairwise_distances_argmin(descriptors["values"].astype(np.float64), codebook)
    cells = descriptors["image"].astype(np.intp) * clusters + words
    counts = np.bincount(cells, minlength=images * clusters).reshape(images, clusters)
    totals = counts.sum(axis=1, keepdims=True)
    return np.asarray(counts / np.maximum(totals, 1))
