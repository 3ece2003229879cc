"""Compiled walk through the trees of a forest."""

import numba as nb
import numpy as np
from numpy.typing import NDArray

NODE = np.dtype([("threshold", "<f8"), ("feature", "<i4"), ("left", "<i4"), ("right", "<i4")])
"""A node. Where `feature` is negative it is a leaf, and `left` its row of class probabilities."""


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def add_leaves(
    features: NDArray[np.float64],
    nodes: NDArray[np.void],
    roots: NDArray[np.int64],
    values: NDArray[np.float64],
    totals: NDArray[np.float64],
) -> None:
    """Add to each image's totals what its leaf of each tree says, tree after tree.

    Args:
        features: (n, features).
        nodes: (nodes,) of `NODE`, all trees behind each other.
        roots: (trees,) places in `nodes`.
        values: (leaves, classes).
        totals: (n, classes), added to.
    """
    for root in roots:
        for row in range(features.shape[0]):
            at = np.int64(root)
            while nodes[at]["feature"] >= 0:
                if features[row, nodes[at]["feature"]] <= nodes[at]["threshold"]:
                    at = np.int64(nodes[at]["left"])
                else:
                    at = np.int64(nodes[at]["right"])
            leaf = nodes[at]["left"]
            for index in range(values.shape[1]):
                totals[row, index] += values[leaf, index]
