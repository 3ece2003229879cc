from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

CLASS_COUNTS = {"synthetic": 5, "real_raw": 2, "real_preprocessed": 2}
SPLITS = {
    "synthetic": ("train", "validation", "test"),
    "real_raw": ("validation", "test"),
    "real_preprocessed": ("validation", "test"),
}


@pytest.fixture
def make_root(tmp_path: Path) -> Callable[..., Path]:
    """A tiny data set in the published layout; each image is noise of its own."""

    def make(
        domains: tuple[str, ...] = ("synthetic", "real_raw", "real_preprocessed"),
        *,
        size: int = 16,
        first: int = 1,
        per_class: int = 2,
    ) -> Path:
        root = tmp_path / "root"
        rng = np.random.default_rng(0)
        for domain in domains:
            for split in SPLITS[domain]:
                for label in range(CLASS_COUNTS[domain]):
                    folder = root / domain / split / str(first + label)
                    folder.mkdir(parents=True)
                    for n in range(per_class):
                        pixels = rng.integers(0, 256, (size, size), dtype=np.uint8)
                        Image.fromarray(pixels).save(folder / f"{n}.png")
        return root

    return make
