"""Seconds to learn a codebook of visual words, ours beside scikit-learn's mini-batch k-means.

python -m benchmarks.codebooks [descriptors=160000] [clusters=100,1000,5000] [short=true]

160,000 descriptors are about what 10,000 training images of the paper's size have. Those of some
simulated images stand for them, repeated with a little noise until there are enough. Both sides
begin with distinct descriptors, have one thread and take turns; the inertia is the mean squared
distance of a descriptor from its word.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import pairwise_distances_argmin_min
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.features import simulated
from benchmarks.words import Command, listed, switch, whole
from trainables.features import sift
from trainables.features.bovw import ITERATIONS, fit_codebook

Descriptors = npt.NDArray[np.void]
Centres = npt.NDArray[np.float64]


def described(count: int, images: int) -> Descriptors:
    """Descriptors of simulated images, repeated with noise up to a number."""
    found = sift.sift_descriptors(simulated(images, 512))
    rng = np.random.default_rng(0)
    rows = found[rng.integers(len(found), size=count)]
    noise = rng.integers(-3, 4, rows["values"].shape)
    rows["values"] = np.clip(rows["values"] + noise, 0, 255)
    return rows


def mini_batch(descriptors: Descriptors, clusters: int, seed: int) -> Centres:
    """Five passes of mini-batch k-means from distinct descriptors."""
    values = descriptors["values"].astype(np.float32)
    rng = np.random.default_rng(seed)
    start = np.unique(values, axis=0)
    kmeans = MiniBatchKMeans(
        clusters,
        init=start[rng.choice(len(start), clusters, replace=False)],
        n_init=1,
        max_iter=5,
        batch_size=max(1024, 4 * clusters),
        random_state=seed,
    )
    with threadpool_limits(1):
        kmeans.fit(values)
    return np.asarray(kmeans.cluster_centers_, np.float64)


def timed(
    learn: Callable[[Descriptors, int, int], Centres], descriptors: Descriptors, clusters: int
) -> tuple[float, float]:
    """Seconds, and the inertia of the codebook."""
    begin = time.perf_counter()
    centres = learn(descriptors, clusters, 0)
    seconds = time.perf_counter() - begin
    some = descriptors["values"][:20_000].astype(np.float64)
    return seconds, float(np.mean(pairwise_distances_argmin_min(some, centres)[1] ** 2))


def main(
    short: bool = False, descriptors: int | None = None, clusters: Sequence[int] | None = None
) -> None:
    count = descriptors or (5_000 if short else 160_000)
    found = described(count, 10 if short else 100)
    print(f"{count:,} descriptors, one thread; ours: {ITERATIONS} iterations of k-means (faiss)")
    print(f"{'words':>6}{'ours s':>9}{'mini-batch s':>14}{'ratio':>8}{'inertia':>10}{'theirs':>9}")
    for words in clusters or ((25, 100) if short else (100, 1000, 5000)):
        mine, inertia = timed(fit_codebook, found, words)
        theirs, other = timed(mini_batch, found, words)
        print(
            f"{words:>6}{mine:>9.1f}{theirs:>14.1f}{theirs / mine:>7.1f}×"
            f"{inertia:>10.0f}{other:>9.0f}",
            flush=True,
        )


command = Command(main, {"descriptors": whole(), "clusters": listed(whole()), "short": switch})

if __name__ == "__main__":
    raise SystemExit(command())
