from pathlib import Path

import numpy as np
import pytest

from trainables.features.images import as_images, one_by_one


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


def resident_megabytes_of(path: Path) -> float:
    """Resident pages of the mappings of a file in this process."""
    found, total = False, 0
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split(maxsplit=1)[0]:
            found = line.endswith(str(path))
        elif found and line.startswith("Rss:"):
            total += int(line.split()[1])
    return total / 1024


def test_pages_of_a_mapped_file_are_let_go(tmp_path: Path) -> None:
    path = tmp_path / "images.npy"
    np.save(path, np.arange(256, dtype=np.uint8).repeat(2**18).reshape(256, 512, 512))
    images = as_images(np.load(path, mmap_mode="r")[6:])
    most = 0.0
    for index, image in enumerate(one_by_one(images), start=6):
        assert image.mean() == index
        if index % 16 == 5:  # the last of them just before pages are let go
            most = max(most, resident_megabytes_of(path))
    assert 10 < most < 32
    assert resident_megabytes_of(path) < 1
    assert [image.mean() for image in images] == list(range(6, 256))  # the file is as it was
    assert resident_megabytes_of(path) > 60


def test_changes_of_a_private_map_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "images.npy"
    np.save(path, np.zeros((3, 4, 5), np.uint8))
    images = np.load(path, mmap_mode="c")
    images[1] = 7
    assert [int(image.max()) for image in one_by_one(images)] == [0, 7, 0]
    assert images[1].min() == 7
