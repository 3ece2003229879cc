from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from diffranet.errors import DataError
from diffranet.reader import decode, reduce_to

COUNTS = np.array([[0, 3, 4], [65024, 65025, 65535]], dtype=np.uint16)
ROOTS = [[0, 1, 2], [254, 255, 255]]
GREYS = np.array([[0, 3, 4], [7, 200, 255]], dtype=np.uint8)


def read(path: Path) -> np.ndarray:
    return decode(path.read_bytes(), path)


def test_sixteen_bits_are_compressed_by_the_root(tmp_path: Path) -> None:
    Image.fromarray(COUNTS).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", COUNTS)
    # A declared maximum below 65535 must not rescale the counts.
    body = np.minimum(COUNTS, 65025).astype(">u2").tobytes()
    (tmp_path / "a.pgm").write_bytes(b"P5\n# counts\n3 2\n65025\n" + body)
    for path in sorted(tmp_path.iterdir()):
        assert read(path).dtype == np.uint8
        assert read(path).tolist() == ROOTS, path.suffix


def test_eight_bits_are_taken_as_they_are(tmp_path: Path) -> None:
    Image.fromarray(GREYS).save(tmp_path / "a.png")
    Image.fromarray(GREYS).save(tmp_path / "a.pgm")
    tifffile.imwrite(tmp_path / "a.tiff", GREYS)
    for path in sorted(tmp_path.iterdir()):
        assert np.array_equal(read(path), GREYS), path.suffix


@pytest.mark.parametrize("suffix", [".png", ".pgm", ".tif"])
@pytest.mark.parametrize("keep", [0, 3, 0.6])
def test_damaged_files_are_named(tmp_path: Path, suffix: str, keep: float) -> None:
    path = tmp_path / f"broken{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    if suffix == ".tif":
        tifffile.imwrite(path, noise)
    else:
        Image.fromarray(noise).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep) if keep < 1 else int(keep)])
    with pytest.raises(DataError, match=f"broken\\{suffix} is damaged") as refused:
        read(path)
    assert "\n" not in str(refused.value)


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "flipped.png"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"flipped\.png is damaged"):
        read(path)


def test_colour_and_stacks_and_floats_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 4, 3), dtype=np.uint8)).save(tmp_path / "colour.png")
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((5, 4, 4), dtype=np.uint16))
    tifffile.imwrite(tmp_path / "float.tif", np.zeros((4, 4), dtype=np.float32))
    with pytest.raises(DataError, match=r"colour\.png is no grey image; its PNG mode is RGB"):
        read(tmp_path / "colour.png")
    with pytest.raises(DataError, match=r"stack\.tif is no single grey image"):
        read(tmp_path / "stack.tif")
    with pytest.raises(DataError, match=r"float\.tif holds float32 pixels"):
        read(tmp_path / "float.tif")


def test_reduction_averages_blocks() -> None:
    image = np.arange(16, dtype=np.uint8).reshape(4, 4)
    assert reduce_to(image, 2, Path("a.png")).tolist() == [[2, 4], [10, 12]]
    assert reduce_to(image, 4, Path("a.png")) is image
    with pytest.raises(DataError, match="cannot be reduced to image_size=3"):
        reduce_to(image, 3, Path("a.png"))
