"""Write scikit-learn's digits (1,797 images of 8 x 8) as class folders: nothing is downloaded.

``python -m mine.write_digits images``
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

SIZES = {"train": 1000, "validation": 300, "test": 497}


def write_digits(root: Path, seed: int = 0, sizes: dict[str, int] | None = None) -> None:
    """Write ``root/{train,validation,test}/{0..9}/*.png``; the seed says which image goes where."""
    digits = load_digits()
    order = iter(np.random.default_rng(seed).permutation(len(digits.images)))
    for split, count in (sizes or SIZES).items():
        for label in digits.target_names:
            (root / split / str(label)).mkdir(parents=True, exist_ok=True)
        for _ in range(count):
            number = next(order)
            pixels = (digits.images[number] * 15).astype(np.uint8)  # 0 to 16 there
            folder = root / split / str(digits.target[number])
            Image.fromarray(pixels).save(folder / f"{number:04d}.png")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("write_digits: name one folder, such as: python -m mine.write_digits images")
    write_digits(Path(sys.argv[1]))
