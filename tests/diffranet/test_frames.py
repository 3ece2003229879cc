"""Images from elsewhere: depth, masks, crops, and every kind of file."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from diffranet.dataset import DiffraNet
from diffranet.errors import DataError
from diffranet.frames.counts import Frame, greys, masked_pixels
from diffranet.frames.crop import Crop
from diffranet.frames.downsample import Downsampling, averaged
from diffranet.frames.reader import FrameReader
from diffranet.reader import decode, reduce_to

SHAPE = (4, 4)
BLOCKS = Downsampling()


def read(source, shape=SHAPE, index=0, **options):
    frames = FrameReader(shape, options).open(str(source))
    try:
        return frames[index]
    finally:
        frames.close()


@given(arrays.arrays(np.uint16, (3, 5)))
def test_16_bit_counts_become_the_greys_of_the_data_set(tmp_path_factory, counts):
    path = tmp_path_factory.mktemp("tiff") / "x.tif"
    tifffile.imwrite(path, counts)
    expected = decode(path.read_bytes(), path)
    assert np.array_equal(greys(counts), expected)
    wide = counts.astype(np.int32)
    for other in (wide, counts.astype(np.uint32), counts.astype(np.float64), counts.astype(">u2")):
        assert np.array_equal(greys(other), expected)


@given(arrays.arrays(np.uint8, (8, 8)), st.sampled_from([1, 2, 4, 8]))
def test_blocks_are_averaged_as_the_data_set_does(tmp_path_factory, image, size):
    path = tmp_path_factory.mktemp("png") / "x.png"
    Image.fromarray(image).save(path)
    assert np.array_equal(read(path, (size, size)), reduce_to(image, size, path))


@pytest.mark.parametrize(
    ("pixels", "flags", "expected"),
    [
        (np.array([[-1, -2, 0, 7]], np.int32), False, [1, 1, 0, 0]),
        (np.array([[np.nan, np.inf, -3.0, 7.0]]), False, [1, 1, 0, 0]),
        (np.array([[65535, 65534, 65533, 0]], np.uint16), True, [1, 1, 0, 0]),
        (np.array([[2**32 - 1, 2**32 - 2, 9, 0]], np.uint32), True, [1, 1, 0, 0]),
    ],
)
def test_what_measured_nothing_is_masked(pixels, flags, expected):
    assert masked_pixels(Frame(pixels, flags)).tolist() == [[bool(m) for m in expected]]


def test_without_flags_the_largest_value_is_a_bright_pixel():
    bright = np.array([[65535, 0]], np.uint16)
    assert masked_pixels(Frame(bright)) is None
    assert greys(bright).tolist() == [[255, 0]]
    assert masked_pixels(Frame(np.array([[255]], np.uint8), has_flags=True)) is None


def test_masked_pixels_take_no_part_and_empty_blocks_get_the_median():
    grey = np.array([[10, 99, 99, 99], [20, 99, 99, 99], [4, 4, 8, 8], [4, 4, 8, 8]], np.uint8)
    mask = np.zeros((4, 4), bool)
    mask[:2, 1:] = True
    # Blocks: 15 from two pixels, none, 4, 8; their median is 8.
    assert averaged(grey, mask, (2, 2)).tolist() == [[15, 8], [4, 8]]


def test_a_frame_that_is_masked_everywhere_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", np.full((4, 4), -1, np.int32))
    with pytest.raises(DataError, match="every pixel"):
        read(tmp_path / "x.tif")


@given(
    frame=st.tuples(st.integers(4, 60), st.integers(4, 60)),
    image=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_the_piece_is_whole_blocks_and_the_largest_of_them(frame, image):
    piece = Crop().piece(frame, image, BLOCKS)
    block = piece.height // image[0]
    assert (piece.height, piece.width) == (block * image[0], block * image[1])
    assert piece.height <= frame[0]
    assert piece.width <= frame[1]
    more = block + 1
    assert more * image[0] > frame[0] or more * image[1] > frame[1]
    assert piece.top == (frame[0] - piece.height) // 2


def test_halves_lie_on_their_side_of_the_middle():
    assert Crop.parse("upper").piece((9, 12), (4, 4), BLOCKS).slices == (slice(0, 4), slice(4, 8))
    assert Crop.parse("lower").piece((9, 12), (4, 4), BLOCKS).slices == (slice(5, 9), slice(4, 8))
    piece = Crop.parse("1,2,8,9").piece((9, 12), (4, 4), BLOCKS)
    assert piece.slices == (slice(1, 9), slice(2, 10))


@given(
    frame=st.tuples(st.integers(4, 40), st.integers(4, 40)),
    image=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_fit_takes_all_that_has_the_images_proportions(frame, image):
    piece = Crop().piece(frame, image, Downsampling("fit"))
    assert piece.height == frame[0] or piece.width == frame[1]
    assert abs(piece.height / image[0] - piece.width / image[1]) <= 0.5
    values = np.random.default_rng(5).integers(0, 256, (piece.height, piece.width), np.uint8)
    found = averaged(values, None, image)
    # By hand: each pixel cut into as many as make the edges whole multiples.
    fine = np.kron(values, np.ones(image))
    height, width = values.shape
    means = fine.reshape(image[0], height, image[1], width).mean(axis=(1, 3))
    assert np.abs(found - means).max() <= 0.5 + 1e-6
    masked = np.zeros(values.shape, bool)
    assert np.array_equal(averaged(values, masked, image), found)


def test_a_masked_pixel_counts_by_no_share_of_its_area():
    grey = np.array([[30, 99, 60]], np.uint8)
    mask = np.array([[False, True, False]])
    assert averaged(grey, mask, (1, 2)).tolist() == [[30, 60]]
    assert averaged(grey, None, (1, 2)).tolist() == [[53, 73]]


@pytest.mark.parametrize(
    ("size", "options", "said"),
    [
        ((4, 4), {}, ""),
        ((8, 8), {}, "(the model's: 4 × 4): all is classified; 2 × 2 pixels are averaged to one"),
        ((6, 6), {}, "central 4 × 4 is classified, 44.4 % of the image; --downsample fit averages"),
        ((6, 6), {"downsample": "fit"}, "all is classified; 1.5 × 1.5 pixels are averaged to one"),
        ((9, 9), {"downsample": 1}, "the central 4 × 4 is classified, 19.8 % of the image"),
        ((8, 8), {"crop": "upper"}, "the central 4 × 4 of the upper half is classified, 25 %"),
        ((9, 9), {"crop": "1,1,8,8"}, "the whole of the 8 × 8 cropped is classified, 79 % of"),
    ],
)
def test_what_was_done_is_said(tmp_path, size, options, said):
    Image.fromarray(np.zeros(size, np.uint8)).save(tmp_path / "x.png")
    frames = FrameReader(SHAPE, options).open(str(tmp_path / "x.png"))
    assert frames[0].shape == SHAPE
    assert said in frames.conversion
    assert bool(said) == bool(frames.conversion)
    assert ("fit averages" in frames.conversion) == ("fit averages" in said)


def test_of_counts_it_is_said_that_they_become_greys(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", np.zeros(SHAPE, np.uint16))
    frames = FrameReader(SHAPE, {}).open(str(tmp_path / "x.tif"))
    assert frames[0].shape == SHAPE
    assert frames.conversion == (
        "images of 4 × 4, 16 bits: all is classified; counts become greys by their square root"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"downsample": "fits"}, "did you mean 'fit'"),
        ({"downsample": "0"}, "whole number of pixels from 1"),
        ({"downsample": 3}, "give at most 2"),
        ({"crop": "uper"}, "did you mean 'upper'"),
        ({"crop": "5,5,4,4"}, "beyond the frame"),
        ({"crop": "0,0,3,4"}, "averaged, never invented"),
        ({"scale": 0.0}, "scale must be above 0"),
        ({"mask": "x"}, "unknown option 'mask'"),
    ],
)
def test_what_cannot_be_cropped_or_scaled_is_refused(tmp_path, options, words):
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "x.png")
    with pytest.raises(DataError, match=words):
        read(tmp_path / "x.png", **options)


def test_scale_is_that_of_the_preprocessed_images(tmp_path):
    image = np.array([[0, 10, 100, 200]] * 4, np.uint8)
    Image.fromarray(image).save(tmp_path / "x.png")
    assert read(tmp_path / "x.png", scale=1.66)[0].tolist() == [0, 17, 166, 255]


def test_the_data_set_hands_the_reader_out(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "x.png")
    reader = DiffraNet.reader(SHAPE, {})
    assert reader.open(str(tmp_path / "x.png"))[0].shape == SHAPE
    with pytest.raises(DataError, match="no known kind"):
        reader.open("x.jpg")


@pytest.mark.parametrize("name", ["x.png", "x.tif", "x.pgm", "x.cbf", "x.h5"])
def test_damaged_files_are_refused_in_one_line(tmp_path, name):
    (tmp_path / name).write_bytes(b"no image at all")
    with pytest.raises(DataError) as caught:
        read(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "module", "extra"), [("x.cbf", "fabio", "detectors"), ("x.h5", "h5py", "hdf5")]
)
def test_a_missing_reader_is_named_with_its_extra(tmp_path, monkeypatch, name, module, extra):
    (tmp_path / name).write_bytes(b"")
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setattr("diffranet.frames.sources.find_spec", lambda found: None)
    with pytest.raises(DataError, match=rf"{module} .*\[{extra}\]"):
        read(tmp_path / name)


def test_a_cbf_file_is_read_with_its_gaps(tmp_path):
    cbfimage = pytest.importorskip("fabio.cbfimage")
    counts = np.full((8, 8), 100, np.int32)
    counts[:2, :2] = -1
    counts[0, 2] = 400
    cbfimage.CbfImage(data=counts).write(str(tmp_path / "x.cbf"))
    image = read(tmp_path / "x.cbf")
    # The gap has the median, the bright block the mean of 20, 10, 10, 10, rounded to even.
    assert image[0].tolist() == [10, 12, 10, 10]
    assert (image[1:] == 10).all()


def test_a_flipped_bit_of_a_cbf_file_is_damage(tmp_path):
    cbfimage = pytest.importorskip("fabio.cbfimage")
    path = tmp_path / "x.cbf"
    cbfimage.CbfImage(data=np.full((64, 64), 100, np.int32)).write(str(path))
    content = bytearray(path.read_bytes())
    content[-2500] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="checksum"):
        read(path)


@pytest.fixture
def h5py():
    return pytest.importorskip("h5py")


def test_a_stack_is_read_frame_by_frame(tmp_path, h5py):
    stack = np.arange(3, dtype=np.uint16)[:, None, None] ** 2 * np.ones((3, 8, 8), np.uint16)
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["entry/data/data"] = stack
        file["entry/mask"] = np.zeros((8, 8), np.uint32)
        file["entry/again"] = h5py.SoftLink("/entry/data/data")
        file["entry/gone"] = h5py.ExternalLink("nowhere.h5", "/data")
        file["entry/loop"] = h5py.SoftLink("/entry")
    for source in (path, f"{path}:/entry/data/data", f"{path}:/entry/data", f"{path}:/entry/mask"):
        frames = FrameReader(SHAPE, {}).open(str(source))
        assert len(frames) == (1 if str(source).endswith("mask") else 3)
        frames.close()
    assert [read(path, index=n).max() for n in range(3)] == [0, 1, 2]
    assert FrameReader(SHAPE, {}).file_of(f"{path}:/entry") == path


def test_numbered_stacks_of_a_master_are_one(tmp_path, h5py):
    master = tmp_path / "run_master.h5"
    with h5py.File(master, "w") as file:
        for number in (1, 2):
            name = f"run_data_{number:06}.h5"
            with h5py.File(tmp_path / name, "w") as part:
                part["entry/data/data"] = np.full((2, 4, 4), number**2, np.uint32)
            link = h5py.ExternalLink(name, "/entry/data/data")
            file[f"entry/data/data_{number:06}"] = link
    assert [read(master, index=n)[0, 0] for n in range(4)] == [1, 1, 2, 2]
    reader = FrameReader(SHAPE, {})
    assert not reader.takes(master)
    assert reader.takes(tmp_path / "run_data_000001.h5")


@pytest.mark.parametrize("kind", ["link", "virtual", "raw"])
def test_pixels_of_another_folder_are_refused(tmp_path, h5py, kind, monkeypatch):
    for folder in ("here/below", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
        with h5py.File(tmp_path / folder / "data.h5", "w") as file:
            file["data"] = np.zeros((2, 8, 8), np.uint16)
    path = tmp_path / "here" / "x.h5"

    def write(target):
        with h5py.File(path, "w") as file:
            if kind == "link":
                file["data"] = h5py.ExternalLink(target, "/data")
            elif kind == "virtual":
                layout = h5py.VirtualLayout((2, 8, 8), np.uint16)
                layout[:] = h5py.VirtualSource(target, "data", (2, 8, 8))
                file.create_virtual_dataset("data", layout)
            else:
                shape = {"shape": (2, 8, 8), "dtype": np.uint16}
                file.create_dataset("data", external=[(target, 0, 256)], **shape)

    monkeypatch.chdir(tmp_path)  # paths that HDF5 gives may be relative
    write("../elsewhere/data.h5")
    said = "raw bytes of other files" if kind == "raw" else "outside of its folder"
    for source in (path, path.relative_to(tmp_path)):
        with pytest.raises(DataError, match=said):
            FrameReader(SHAPE, {}).open(str(source))
    if kind != "raw":
        write("below/data.h5")
        frames = FrameReader(SHAPE, {}).open(str(path))
        assert len(frames) == 2
        frames.close()


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        (None, "several stacks; name one of /a, /b/c"),
        ("/b/d", "has no /b/d; name one of"),
        ("/tiny", "no images of 4 × 4 pixels or more"),
        ("/line", "is no image"),
    ],
)
def test_where_the_images_are_is_said(tmp_path, h5py, inside, words):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["a"] = np.zeros((2, 4, 4), np.uint8)
        file["b/c"] = np.zeros((2, 5, 5), np.uint8)
        file["tiny/t"] = np.zeros((2, 3, 3), np.uint8)
        file["line"] = np.zeros(9)
    with pytest.raises(DataError, match=words):
        read(path if inside is None else f"{path}:{inside}")


def test_dectris_compression_is_read(tmp_path, h5py):
    hdf5plugin = pytest.importorskip("hdf5plugin")
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        data = np.full((2, 4, 4), 49, np.uint32)
        data[:, 0, 0] = 2**32 - 1
        file.create_dataset("d", data=data, chunks=(1, 4, 4), **hdf5plugin.Bitshuffle())
    assert (read(path, index=1) == 7).all()
