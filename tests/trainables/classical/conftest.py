from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

CLASSES = ("blank", "no-crystal", "weak", "good", "strong")


def make_split(count: int, seed: int, present: tuple[int, ...]) -> SimpleNamespace:
    """Blank images, images with a ring, and images with few, some and many blurred dots."""
    rng = np.random.default_rng(seed)
    labels = np.resize(present, count)
    ys, xs = np.mgrid[:48, :48]
    ring = np.exp(-((np.hypot(ys - 24, xs - 24) - 14) ** 2) / 20)
    images = rng.integers(5, 9, (count, 48, 48)).astype(float)
    for image, label in zip(images, labels, strict=True):
        if label > 0:
            image += 20 * ring
        for y, x in rng.uniform(6, 42, ((0, 0, 2, 6, 14)[label], 2)):
            image += 120 * np.exp(-((ys - y) ** 2 + (xs - x) ** 2) / 6)
    return SimpleNamespace(
        images=np.clip(images, 0, 255).astype(np.uint8),
        labels=labels.astype(np.int64),
        digest=f"{count}-{seed}-{''.join(map(str, present))}",
    )


@pytest.fixture
def make_data(tmp_path: Path) -> Callable[..., SimpleNamespace]:
    def make(
        present: tuple[int, ...] = (0, 1, 2, 3, 4), classes: tuple[str, ...] = CLASSES
    ) -> SimpleNamespace:
        train, validation = make_split(30, 1, present), make_split(15, 2, (0, 1, 2, 3, 4))
        validation.labels = np.minimum(validation.labels, len(classes) - 1)
        scored: list[np.ndarray] = []

        def score(table: np.ndarray) -> dict[str, float]:
            scored.append(table)
            chosen = table[np.arange(len(table)), validation.labels]
            return {
                "validation_accuracy": float(np.mean(table.argmax(1) == validation.labels)),
                "validation_loss": float(-np.log(np.maximum(chosen, 1e-12)).mean()),
            }

        return SimpleNamespace(
            classes=classes,
            train=train,
            validation=validation,
            image_shape=(48, 48),
            cache=tmp_path / "cache",
            score=score,
            scored=scored,
        )

    return make


@pytest.fixture
def data(make_data: Callable[..., SimpleNamespace]) -> SimpleNamespace:
    return make_data()
