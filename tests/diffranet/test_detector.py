"""The point spread against noisify, the read-out against the paper, PNG files against readers."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.signal import convolve2d

from diffranet.simulator.detector import (
    FibreCcd,
    Readout,
    binned,
    calibration_map,
    spread,
    to_grey,
)
from diffranet.simulator.png import encode_png
from diffranet.simulator.pointspread import PointSpread, fibre_psf

REFERENCE = Path(__file__).parent / "data" / "background_and_psf.npz"


def ccd(shape: tuple[int, int], psf_fwhm_mm: float = 0.041) -> FibreCcd:
    return FibreCcd(0.172, np.ones(shape), psf_fwhm_mm)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_point_spread_agrees_with_noisify(dtype: type) -> None:
    with np.load(REFERENCE) as stored:
        expected = stored["psf_image"].astype(np.float64)
        photons = np.zeros(expected.shape, dtype)
        photons[32, 32] = stored["psf_in_photons"]
        uniform = float(stored["psf_lost_uniform"])
    found = PointSpread(expected.shape, 0.172, 0.041, dtype).apply(photons)
    assert found.dtype == dtype
    # noisify floors to whole counts and spreads what its cut kernel loses over all pixels.
    inside = np.hypot(*(np.indices(expected.shape) - 32)) < 31
    difference = (found.astype(np.float64) + uniform - expected)[inside]
    # In single precision a count of 1e6 is itself known to 0.1 only.
    assert difference.min() > -0.1
    assert difference.max() < 1.1
    if dtype == np.float64:
        assert np.abs(difference).max() < 1.0


def test_single_precision_changes_a_few_parts_in_ten_thousand_at_the_edges() -> None:
    rng = np.random.default_rng(0)
    photons = rng.poisson(400.0, (200, 240)).astype(np.float64)
    photons[rng.integers(0, 200, 50), rng.integers(0, 240, 50)] = 60_000
    single = PointSpread(photons.shape, 0.172, 0.041).apply(photons.astype(np.float32))
    double = spread(photons, 0.172, 0.041)
    np.testing.assert_allclose(single, double, rtol=5e-4)
    middle = slice(70, 130)
    np.testing.assert_allclose(single[middle, middle], double[middle, middle], rtol=3e-4)


def test_point_spread_is_the_plain_convolution() -> None:
    photons = np.random.default_rng(1).poisson(20.0, (23, 31)).astype(np.float64)
    kernel = np.fft.fftshift(fibre_psf((101, 101), 0.172, 0.041))
    plain = convolve2d(photons, kernel, mode="same")
    np.testing.assert_allclose(spread(photons, 0.172, 0.041), plain, rtol=1e-10)


def test_point_spread_keeps_the_photons() -> None:
    kernel = fibre_psf((600, 600), 0.172, 0.041)
    assert kernel[0, 0] == pytest.approx(0.7306, abs=1e-3)
    assert kernel.sum() == pytest.approx(1.0, abs=1e-3)


@given(
    shape=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    pixel_mm=st.sampled_from([0.01, 0.172, 2.0]),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_light_never_wraps_around(shape: tuple[int, int], pixel_mm: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    slow, fast = rng.integers(shape[0]), rng.integers(shape[1])
    photons = np.zeros(shape, dtype=np.float32)
    photons[slow, fast] = 1e6
    found = PointSpread(shape, pixel_mm, 0.041).apply(photons)
    kernel = fibre_psf((151, 151), pixel_mm, 0.041)
    rows, columns = np.abs(np.arange(shape[0]) - slow), np.abs(np.arange(shape[1]) - fast)
    np.testing.assert_allclose(found, 1e6 * kernel[np.ix_(rows, columns)], atol=0.5)


def test_detector_noise_is_the_papers() -> None:
    shape, level = (256, 256), 400.0
    gain = calibration_map(np.random.default_rng(1), shape, 0.04)
    detector = FibreCcd(0.172, gain, psf_fwhm_mm=0)
    counts = detector.expose(np.random.default_rng(0), np.full(shape, level), Readout())
    assert counts.mean() == pytest.approx(level + 10, rel=5e-3)
    assert counts.var() == pytest.approx(level + 3**2 + (0.04 * level) ** 2, rel=0.05)


def test_the_order_is_the_papers() -> None:
    """Gain acts behind the spread, read noise and offset behind the gain."""
    shape = (32, 32)
    gain = np.ones(shape)
    gain[:, 16:] = 0.0
    expected = np.zeros(shape)
    expected[16, 15] = 1e6
    detector = FibreCcd(0.172, gain)
    counts = detector.expose(
        np.random.default_rng(0), expected, Readout(gain=2.0, read_noise=0.0, offset=7.0)
    )
    assert (counts[:, 16:] == 7.0).all()  # light arrives there, and is multiplied by zero
    assert counts[16, 15] == pytest.approx(2 * 0.7306e6, rel=5e-3)
    assert counts[16, 14] == pytest.approx(2 * 0.033e6, rel=0.05)
    noisy = detector.expose(np.random.default_rng(0), expected, Readout(read_noise=3.0))
    assert noisy[:, 20:].std() == pytest.approx(3.0, rel=0.15)


def test_photons_are_whole_numbers() -> None:
    counts = ccd((64, 64), psf_fwhm_mm=0).expose(
        np.random.default_rng(0), np.full((64, 64), 0.4), Readout(read_noise=0.0, offset=0.0)
    )
    assert np.array_equal(counts, np.rint(counts))
    assert set(np.unique(counts)) >= {0.0, 1.0, 2.0}


def test_blank_images_are_read_noise_on_the_offset() -> None:
    counts = ccd((128, 128)).expose(np.random.default_rng(0), np.zeros((128, 128)), Readout())
    assert to_grey(counts).mean() == pytest.approx(2.63, abs=0.03)
    assert counts.std() == pytest.approx(3.0, rel=0.02)
    assert np.corrcoef(counts[:-1].ravel(), counts[1:].ravel())[0, 1] == pytest.approx(0, abs=0.04)


def test_an_exposure_is_a_function_of_its_seed() -> None:
    detector = ccd((50, 41))
    expected = np.random.default_rng(0).uniform(0, 500, (50, 41))
    kept = expected.copy()
    first = detector.expose(np.random.default_rng(1), expected, Readout())
    second = detector.expose(np.random.default_rng(2), expected, Readout())
    assert np.array_equal(first, detector.expose(np.random.default_rng(1), expected, Readout()))
    assert not np.array_equal(first, second)
    assert np.array_equal(expected, kept)
    single = detector.expose(np.random.default_rng(1), expected.astype(np.float32), Readout())
    assert np.mean(single == first) > 0.95


@pytest.mark.parametrize("shape", [(1, 1), (1, 97), (61, 1), (37, 53)])
def test_images_of_any_shape(shape: tuple[int, int]) -> None:
    counts = ccd(shape).expose(np.random.default_rng(0), np.full(shape, 1e4), Readout())
    assert counts.shape == shape
    assert to_grey(counts).shape == shape
    assert (counts > 4000).all()


def test_bad_detectors_and_images_are_refused() -> None:
    with pytest.raises(ValueError, match=r"detector has \(4, 4\) pixels, the image \(4, 5\)"):
        ccd((4, 4)).expose(np.random.default_rng(0), np.zeros((4, 5)), Readout())
    with pytest.raises(ValueError, match="point spread is made for"):
        PointSpread((4, 4), 0.1, 0.04).apply(np.zeros((5, 4), dtype=np.float32))
    with pytest.raises(ValueError, match="width of a point spread"):
        PointSpread((4, 4), 0.1, -1.0)
    with pytest.raises(ValueError, match="pixel of a point spread"):
        PointSpread((4, 4), 0.0, 0.04)
    nan = float("nan")
    for bad in ({"gain": 0.0}, {"gain": nan}, {"read_noise": -1.0}, {"offset": nan}):
        with pytest.raises(ValueError, match="a read-out needs a gain above zero"):
            Readout(**bad)


def test_grey_is_the_truncated_root_of_clipped_counts() -> None:
    counts = np.array([-5.0, 0.0, 3.99, 4.0, 65024.0, 65025.0, 1e9])
    for dtype in (np.float32, np.float64):
        assert to_grey(counts.astype(dtype)).tolist() == [0, 0, 1, 2, 254, 255, 255]


def test_binned_pixels_are_means() -> None:
    counts = np.arange(48, dtype=np.float32).reshape(6, 8)
    np.testing.assert_allclose(binned(counts, 2), counts.reshape(3, 2, 4, 2).mean(axis=(1, 3)))
    assert np.array_equal(binned(counts, 1), counts)
    assert binned(counts, 2)[0, 0] == 4.5
    assert counts[0, 0] == 0.0
    with pytest.raises(ValueError, match="no whole blocks of 4 x 4"):
        binned(counts, 4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (37, 53), (512, 512)])
def test_png_files_are_read_by_others(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    encoded = encode_png(image)
    with Image.open(io.BytesIO(encoded)) as stored:
        stored.verify()
    with Image.open(io.BytesIO(encoded)) as stored:
        assert stored.mode == "L"
        assert np.array_equal(np.asarray(stored), image)
    decoded = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(decoded, image)
    assert np.array_equal(image, image.copy())
    assert encoded == encode_png(np.asfortranarray(image))


def test_noise_is_stored_small() -> None:
    counts = ccd((256, 256)).expose(np.random.default_rng(0), np.full((256, 256), 500.0), Readout())
    assert len(encode_png(to_grey(counts))) < 256 * 256 * 0.4


@pytest.mark.parametrize(
    "image", [np.zeros((2, 2)), np.zeros((2, 2, 3), np.uint8), np.zeros((0, 2), np.uint8)]
)
def test_what_is_no_grey_image_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a PNG needs"):
        encode_png(image)
