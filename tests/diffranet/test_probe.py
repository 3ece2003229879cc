"""What a preview is told of images that are there, or are not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from diffranet.dataset import DiffraNet, SimulatedDiffraNet
from diffranet.errors import DataError

MakeRoot = Callable[..., Path]
SIMULATED = {
    "image_size": 32,
    "extent": 64,
    "mosaic_domains": 1,
    "seed": 0,
    "counts": {
        "synthetic": {"train": 6, "validation": 5, "test": 5},
        "real": {"validation": 2, "test": 2},
    },
}


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


@pytest.mark.parametrize("image_size", [None, 8])
def test_a_folder_that_is_packed_is_found(
    make_root: MakeRoot, tmp_path: Path, image_size: int | None
) -> None:
    options = {"root": str(make_root()), "image_size": image_size}
    cache = tmp_path / "cache"
    before = files(tmp_path)
    found = DiffraNet.probe(options, cache=cache, seconds=0.1)
    assert files(tmp_path) == before
    assert found["packed"] is None
    assert found["counts"] == {
        "synthetic": {"train": 10, "validation": 10, "test": 10},
        "real_raw": {"validation": 4, "test": 4},
        "real_preprocessed": {"validation": 4, "test": 4},
    }
    prepared = DiffraNet.prepare(options, cache=cache, workers=1)
    train = prepared.split("synthetic", "train")
    assert np.array_equal(np.asarray(found["images"]), train.images)
    assert np.array_equal(np.asarray(found["labels"]), train.labels)
    assert DiffraNet.probe(options, cache=cache, seconds=0.1) == {"packed": str(prepared.packed)}


def test_images_to_be_simulated_are_counted_and_a_few_are_made(tmp_path: Path) -> None:
    found = SimulatedDiffraNet.probe(SIMULATED, cache=tmp_path, seconds=0.0)
    assert files(tmp_path) == []
    assert found["packed"] is None
    # One of each class, though there was no time.
    assert np.asarray(found["images"]).shape == (5, 32, 32)
    assert sorted(np.asarray(found["labels"])) == [0, 1, 2, 3, 4]
    for key in ("seconds", "serial_seconds", "bytes"):
        assert float(found[key]) > 0  # type: ignore[arg-type]
    prepared = SimulatedDiffraNet.prepare(SIMULATED, cache=tmp_path, workers=1)
    counts = {
        domain: {split: sum(of_class.values()) for split, of_class in splits.items()}
        for domain, splits in prepared.describe()["counts"].items()  # type: ignore[attr-defined]
    }
    assert found["counts"] == counts
    again = SimulatedDiffraNet.probe(SIMULATED, cache=tmp_path, seconds=0.0)
    assert again == {"packed": str(prepared.packed)}


def test_a_folder_that_is_damaged_is_refused(make_root: MakeRoot, tmp_path: Path) -> None:
    root = make_root()
    path = next((root / "synthetic/train").rglob("*.png"))
    path.write_bytes(b"no image")
    with pytest.raises(DataError, match="damaged"):
        DiffraNet.probe({"root": str(root)}, cache=tmp_path / "cache", seconds=0.1)
