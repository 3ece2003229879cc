import gzip
from pathlib import Path

import numpy as np
import pytest

from diffranet.errors import DataError
from diffranet.simulator.beam import Beam
from diffranet.simulator.bragg import bragg_photons
from diffranet.simulator.crystal import Cell, Crystal
from diffranet.simulator.factors import load_factors, read_hkl_text
from diffranet.simulator.geometry import Detector

DATA = Path(__file__).parent / "data"


def write(folder: Path, text: str, name: str = "list.hkl") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_listed_amplitudes_are_squared_and_nothing_else_is_there(tmp_path) -> None:
    rng = np.random.default_rng(0)
    indices = np.unique(rng.integers(-9, 12, size=(300, 3)), axis=0)
    indices = indices[indices.any(axis=1)]
    amplitudes = rng.uniform(0.0, 1e4, size=len(indices)).round(3)
    path = tmp_path / "list.hkl"
    np.savetxt(path, np.column_stack([indices, amplitudes]), fmt="%d %d %d %.3f")
    factors = read_hkl_text(path)
    for index, amplitude in zip(indices.tolist(), amplitudes.tolist(), strict=True):
        assert factors.at(*index) == pytest.approx(amplitude**2, rel=1e-12)
    assert (factors.squared > 0).sum() == (amplitudes > 0).sum()


def test_friedel_mates_stay_apart(tmp_path) -> None:
    factors = read_hkl_text(write(tmp_path, "1 2 3 10\n-1 -2 -3 12\n"))
    assert factors.at(1, 2, 3) == 100.0
    assert factors.at(-1, -2, -3) == 144.0
    assert factors.at(1, 2, -3) == 0.0


def test_spelling_that_does_not_matter(tmp_path) -> None:
    plain = read_hkl_text(write(tmp_path, "1 2 3 10\n-4 0 1 20.5\n"))
    text = "# h k l F\r\n\n  1\t2  3   1e1 sigma 7\r\n\n-4.0 0 +1 20.5 # strong\n0 0 0 99999\n"
    other = read_hkl_text(write(tmp_path, text, "other.txt"))
    assert other.at(1, 2, 3) == plain.at(1, 2, 3) == 100.0
    assert other.at(-4, 0, 1) == plain.at(-4, 0, 1) == 20.5**2
    assert other.squared.sum() == plain.squared.sum()  # the incident beam left out


def test_last_of_repeated_reflections_counts(tmp_path) -> None:
    factors = read_hkl_text(write(tmp_path, "1 0 0 3\n2 0 0 4\n1 0 0 5\n"))
    assert factors.at(1, 0, 0) == 25.0


def test_resolution_limit_needs_the_cell(tmp_path) -> None:
    path = write(tmp_path, "4 0 0 10\n5 0 0 10\n6 0 0 10\n")
    cell = Cell(20, 20, 20, 90, 100, 90)
    spacing = 20 * np.sin(np.radians(100)) / 5
    kept, named = load_factors(path, d_min=spacing, cell=cell)
    assert named is None
    assert [kept.at(h, 0, 0) for h in (4, 5, 6)] == [100.0, 100.0, 0.0]
    everything, _ = load_factors(path, d_min=spacing)
    assert everything.at(6, 0, 0) == 100.0
    with pytest.raises(DataError, match=r"list\.hkl: no reflection within 50 Angstrom"):
        read_hkl_text(path, cell, 50.0)


@pytest.mark.parametrize("name", ["list.hkl.gz", "LIST.HKL.GZ"])
def test_gzipped_lists(tmp_path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"1 2 3 10\n"))
    assert load_factors(path)[0].at(1, 2, 3) == 100.0
    path.write_bytes(gzip.compress(b"1 2 3 10\n4 5 6\n"))
    with pytest.raises(DataError, match="line 2: 3 columns instead of four"):
        load_factors(path)
    path.write_bytes(path.read_bytes()[:15])
    with pytest.raises(DataError) as refusal:
        load_factors(path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3 4\n# ok\n1 2 3\n", "line 3: 3 columns instead of four; give h k l F"),
        ("1 2 3\n", "line 1: 3 columns"),
        ("1 2 3 4\n\n1 2 3 nan\n", "line 3: F is nan; leave out reflections without a value"),
        ("1 2 3 -inf\n", "line 1: F is -inf"),
        ("1 2 3 1e999\n", "line 1: F is 1e999"),
        ("1 2 3 4\n1 2 4 -5\n", "line 2: F is -5; an amplitude cannot be negative"),
        ("H K L FOBS\n1 2 3 4\n", "line 1: h is 'H', not a number"),
        ("1 2 3 4\n1 2 3 1,5\n", "line 2: F is '1,5', not a number"),
        ("1 2.5 3 4\n", "line 1: k is 2.5, not a Miller index"),
        ("1 2 99999 4\n", "line 1: l is 99999, not a Miller index"),
        ("1 2 3 4\n1 nan 3 4\n", "line 2: k is nan"),
        ("", "is empty"),
        ("\n\n# nothing\n", "no reflections; every line needs h k l F"),
        ("1 2 3 0\n0 0 0 5\n", "no structure factor is above zero"),
        ("-9000 0 0 1\n9000 9000 0 1\n0 -9000 9000 1\n", "too large for memory"),
    ],
)
def test_what_is_no_list_is_one_line(tmp_path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(DataError) as refusal:
        load_factors(path)
    assert message in str(refusal.value)
    assert str(refusal.value).startswith(f"{path}: ")
    assert "\n" not in str(refusal.value)


def test_binary_content_is_one_line(tmp_path) -> None:
    path = tmp_path / "list.hkl"
    path.write_bytes(np.random.default_rng(0).integers(0, 256, 4096).astype(np.uint8).tobytes())
    with pytest.raises(DataError) as refusal:
        read_hkl_text(path)
    assert str(refusal.value).startswith(f"{path}: line ")
    assert "\n" not in str(refusal.value)


def test_image_of_an_asymmetric_list_is_nanobraggs() -> None:
    with np.load(DATA / "asymmetric_list.npz") as stored:
        expected = stored["image"].astype(np.float64)
        crystal = Crystal(stored["real_cell_rows"], np.eye(3)[None], (5, 4, 4))
    factors, _ = load_factors(DATA / "asymmetric_list.hkl.gz")
    detector = Detector(128, 128, 0.4, 30.0, 26.0, 26.0, 2)
    found = bragg_photons(crystal, factors, detector, Beam(1.5, 1e21, 0.0), engine="float64")
    assert (expected > 0).sum() > 100
    assert np.abs(found - expected).max() / expected.max() < 1e-6
    assert np.array_equal(found > 0, expected > 0)
