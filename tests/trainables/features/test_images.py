import numpy as np
import pytest

from trainables.features.images import as_images


@pytest.mark.parametrize("kind", [np.uint8, "<u2", ">u2"])
def test_images_are_not_copied(kind: type) -> None:
    images = np.zeros((2, 3, 4), kind)
    assert as_images(images) is images


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((3, 4), np.uint8), r"shape \(n, h, w\), not \(3, 4\); wrap a single image"),
        (np.zeros((2, 3, 4, 3), np.uint8), r"not \(2, 3, 4, 3\)$"),
        (np.zeros((2, 3, 4)), "uint8 or uint16 grey levels, not float64"),
        (np.zeros((2, 3, 4), np.int16), "not int16"),
        (np.zeros((2, 3, 4), np.uint32), "not uint32"),
        (np.zeros((2, 0, 4), np.uint8), "0 x 4 pixels"),
    ],
)
def test_other_things_are_refused(images: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        as_images(images)
