"""What happens to images before the network sees them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trainables.deepfreak import augmentation
from trainables.deepfreak.images import DeviceImages
from trainables.deepfreak.mean_image import mean_image, stored_mean


def stored(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_mean_image_is_the_mean_in_zero_to_one() -> None:
    images = np.random.default_rng(0).integers(0, 256, (600, 3, 5), dtype=np.uint8)
    expected = images.astype(np.float64).mean(axis=0) / 255
    assert mean_image(images) == pytest.approx(expected, rel=1e-6)
    assert mean_image(np.full((3, 2, 2), 255, np.uint8)).tolist() == [[1, 1], [1, 1]]


def test_mean_is_stored_under_the_digest_and_read_back(make_data: Callable[..., Any]) -> None:
    data = make_data()
    first = stored_mean(data, "pixel")
    path = stored(data.cache)
    assert data.train.digest in path.name
    np.save(path, np.full(data.image_shape, 0.25, np.float32))
    assert stored_mean(data, "pixel").unique().tolist() == [0.25]
    assert stored_mean(data, "scalar").shape == ()
    path.unlink()
    assert torch.equal(stored_mean(data, "pixel"), first)
    assert stored_mean(data, "scalar").item() == pytest.approx(first.mean().item(), rel=1e-6)


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"nonsense"])
def test_damaged_mean_is_computed_anew(make_data: Callable[..., Any], damage: bytes) -> None:
    data = make_data()
    first = stored_mean(data, "pixel")
    stored(data.cache).write_bytes(damage)
    assert torch.equal(stored_mean(data, "pixel"), first)
    assert np.array_equal(np.load(stored(data.cache)), first.numpy())


def test_mean_of_another_shape_is_computed_anew(make_data: Callable[..., Any]) -> None:
    data = make_data()
    first = stored_mean(data, "pixel")
    np.save(stored(data.cache), np.zeros((4, 4), np.float32))
    assert torch.equal(stored_mean(data, "pixel"), first)


def test_batches_come_from_a_read_only_map(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (10, 4, 6), dtype=np.uint8)
    np.save(tmp_path / "images.npy", pixels)
    images = DeviceImages(np.load(tmp_path / "images.npy", mmap_mode="r"), torch.device("cpu"))
    assert len(images) == 10
    assert np.array_equal(images.take(torch.tensor([7, 0, 7])).numpy(), pixels[[7, 0, 7]])
    assert np.array_equal(images.slice(3, 5).numpy(), pixels[3:5])


def test_symmetries_are_the_eight_of_the_square() -> None:
    image = torch.arange(9, dtype=torch.uint8).view(1, 3, 3)
    turned = augmentation.apply(image.expand(8, 3, 3), torch.arange(8, dtype=torch.uint8))
    expected = {
        np.rot90(side, turns).tobytes()
        for side in (image[0].numpy(), image[0].numpy().T)
        for turns in range(4)
    }
    assert {one.numpy().tobytes() for one in turned} == expected
    assert torch.equal(turned[0], image[0])


def test_symmetries_of_a_rectangle_do_not_transpose() -> None:
    drawn = augmentation.draw(np.random.default_rng(0), 200, square=False)
    assert set(drawn.tolist()) == {0, 1, 2, 3}
    images = torch.arange(24, dtype=torch.uint8).view(4, 2, 3)
    turned = augmentation.apply(images, torch.arange(4, dtype=torch.uint8))
    assert torch.equal(turned[3], images[3].flip(0, 1))


def test_intensities_multiply_grey_levels_up_to_255() -> None:
    images = torch.tensor([[[0, 100]], [[200, 255]], [[7, 255]]], dtype=torch.uint8)
    scaled = augmentation.scale(images, torch.tensor([0.5, 1.25, 1.0]))
    assert scaled.tolist() == [[[0, 50]], [[250, 255]], [[7, 255]]]
