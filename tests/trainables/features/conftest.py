from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from trainables.features.store import FeatureStore


@pytest.fixture(scope="session")
def reference() -> Mapping[str, np.ndarray]:
    with np.load(Path(__file__).parent / "data" / "reference.npz") as file:
        return dict(file)


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "features")


@pytest.fixture(scope="session")
def splits() -> SimpleNamespace:
    """Two splits of blurred dots, so that most images have SIFT key points."""
    return SimpleNamespace(train=_split(8, 1), validation=_split(5, 2))


def _split(count: int, seed: int) -> SimpleNamespace:
    rng = np.random.default_rng(seed)
    images = rng.integers(20, 30, (count, 64, 64))
    ys, xs = np.mgrid[:64, :64]
    for image in images:
        for y, x in rng.uniform(8, 56, (8, 2)):
            image += (150 * np.exp(-((ys - y) ** 2 + (xs - x) ** 2) / 8)).astype(int)
    images = np.clip(images, 0, 255).astype(np.uint8)
    images[0] = 7  # one image without key points
    return SimpleNamespace(images=images, digest=f"split{seed}")
