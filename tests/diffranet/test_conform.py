"""The conformance command against reference images of nanoBragg, nonBragg and noisify."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from diffranet.conform import main
from diffranet.errors import DataError
from diffranet.simulator.agreement import agreement
from diffranet.simulator.crystal import Cell
from diffranet.simulator.reference_background import layer_case, spread_case
from diffranet.simulator.reference_case import bragg_case, recipe_factors
from diffranet.simulator.reference_file import Arrays, load_arrays

DATA = Path(__file__).parent / "data"
CASES = (
    *("case1_psii_single", "case2_psii_12dom", "triclinic_small_close", "monoclinic"),
    *("tetragonal_mosaic_25", "long_wavelength"),
)
KEYS = ["case", "engine", "max_abs_over_max", "l1", "correlation", "sum_ratio", "cpu_ms"]
Lines = list[dict[str, float | str | None]]
Command = Callable[..., tuple[int, Lines, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command in this process: its status, its lines, and what it says of faults."""

    def run(*words: object) -> tuple[int, Lines, str]:
        status = main([str(word) for word in words])
        out, error = capsys.readouterr()
        return status, [json.loads(line) for line in out.splitlines()], error

    return run


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., Path]:
    """A copy of a small case with other ``meta`` values and arrays; None leaves one out."""

    def edit(meta: dict[str, object] | None = None, /, **arrays: object) -> Path:
        stored = dict(load_arrays(DATA / "long_wavelength.npz"))
        values = json.loads(str(stored["meta"])) | (meta or {})
        known = {key: value for key, value in values.items() if value is not None}
        whole = {**stored, "meta": json.dumps(known), **arrays}
        path = tmp_path / "case.npz"
        kept = {key: value for key, value in whole.items() if value is not None}
        np.savez(path, **kept)  # type: ignore[arg-type]  # what an array may be made of
        return path

    return edit


@pytest.mark.parametrize("case", CASES)
def test_cases_agree_with_nanobragg(case: str, command: Command) -> None:
    status, lines, error = command(DATA / f"{case}.npz", "repeat=1")
    assert (status, error) == (0, "")
    assert [list(line) for line in lines] == [KEYS] * 3
    assert [line["engine"] for line in lines] == ["float64", "float32", "continuous"]
    assert {line["case"] for line in lines} == {case}
    figures = {str(line["engine"]): line for line in lines}
    assert float(figures["float64"]["max_abs_over_max"] or 1) < 1e-6
    assert float(figures["float64"]["sum_ratio"] or 0) == pytest.approx(1.0, abs=1e-7)
    assert float(figures["float32"]["l1"] or 1) < 5e-4
    assert float(figures["float32"]["sum_ratio"] or 0) == pytest.approx(1.0, abs=1e-4)
    # A few domains scatter about the distribution that they are drawn from.
    assert float(figures["continuous"]["correlation"] or 0) > 0.75
    assert float(figures["continuous"]["sum_ratio"] or 0) == pytest.approx(1.0, abs=0.05)
    assert all(float(line["cpu_ms"] or 0) > 0.0 for line in lines)


def test_background_and_point_spread_agree(command: Command) -> None:
    status, lines, error = command(DATA / "background_and_psf.npz", "repeat=1")
    assert (status, error) == (0, "")
    assert [(line["case"], line["engine"]) for line in lines] == [
        ("water", "background"),
        ("air", "background"),
        ("psf", "detector"),
    ]
    assert all(set(KEYS) <= line.keys() for line in lines)
    assert all(float(line["max_relative"] or 1) < 0.01 for line in lines[:2])
    assert lines[2]["max_abs_counts"] == 0.0, "whole counts, the same in every pixel"


def test_a_wrong_geometry_shows_in_the_figures(command: Command, edited: Callable) -> None:
    _, lines, _ = command(edited({"dist": 30.5}), "engines=float64", "repeat=1")
    assert float(lines[0]["max_abs_over_max"] or 0) > 0.1
    assert float(lines[0]["correlation"] or 1) < 0.9


def test_optional_values_may_be_absent(command: Command, edited: Callable) -> None:
    given = {"polar": 0.0, "mosaic": 0.8, "domains": 10}
    names = ("name", "command", "n", "F_recipe", *given)
    path = edited(dict.fromkeys(names))
    status, lines, error = command(path, "engines=float64", "repeat=1")
    assert (status, error) == (0, "")
    assert lines[0]["case"] == "case", "the file's name"
    assert float(lines[0]["max_abs_over_max"] or 1) < 1e-6


def test_a_single_domain_is_not_rotated(edited: Callable) -> None:
    path = edited({"domains": 1})
    case = bragg_case(load_arrays(path), path)
    assert np.array_equal(case.crystal.domain_rotations, np.eye(3)[None])


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"lam": None}, "meta has no key 'lam'"),
        ({"beam_slow_m": None}, "meta has no key 'beam_slow_m'"),
        ({"cell": None}, "meta has no key 'cell'"),
        ({"cell": [1, 2, 3]}, "meta key 'cell' must list 6 numbers"),
        ({"cell": [10, 10, 10, 10, 10, 90]}, "close no cell"),
        ({"pix": "small"}, "meta key 'pix' must be a number, got 'small'"),
        ({"flu": float("nan")}, "meta key 'flu' must be a number"),
        ({"os": 1.5}, "meta key 'os' must be whole and at least 1, got 1.5"),
        ({"N": [9, 0, 4]}, "meta key 'N' must be whole and at least 1, got 0"),
        ({"dist": -1}, "must be above zero"),
        ({"lam": 0}, "wavelength must be above zero"),
        ({"polar": 2}, "polarization factor lies in -1 to 1"),
        ({"dmin": 0}, "resolution limit must be above zero"),
        ({"dmin": 0.05}, "needs more reflections than memory holds"),
        ({"dmin": 100}, "no structure factor is above zero"),
        ({"domains": 11}, "array 'umats' must be 11 x 3 x 3, its shape is (10, 3, 3)"),
    ],
)
def test_bad_meta_is_refused_in_one_line(
    meta: dict[str, object], message: str, command: Command, edited: Callable
) -> None:
    status, lines, error = command(edited(meta), "repeat=1")
    assert (status, lines) == (2, [])
    assert message in error
    assert error.startswith("diffranet.conform: ")
    assert "case.npz" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"image": None}, "no case: has none of the arrays 'image'"),
        ({"umats": None}, "has no array 'umats'"),
        ({"real_cell_rows": None}, "has no array 'real_cell_rows'"),
        ({"real_cell_rows": np.full((3, 3), np.inf)}, "no finite numbers"),
        ({"real_cell_rows": np.ones((3, 3))}, "'real_cell_rows' spans no cell"),
        ({"image": np.zeros(5)}, "array 'image' must be n x n, its shape is (5,)"),
        ({"image": np.array([["a"]])}, "array 'image' must hold numbers"),
        ({"meta": None}, "has no array 'meta'"),
        ({"meta": "no JSON"}, "'meta' must be one text of JSON"),
        ({"meta": "[1]"}, "'meta' must hold a JSON object"),
        ({"meta": np.arange(3)}, "'meta' must be one text of JSON"),
    ],
)
def test_bad_arrays_are_refused_in_one_line(
    arrays: dict[str, object], message: str, command: Command, edited: Callable
) -> None:
    status, lines, error = command(edited(None, **arrays), "repeat=1")
    assert (status, lines) == (2, [])
    assert message in error
    assert error.count("\n") == 1


def test_other_files_are_compared_all_the_same(command: Command, tmp_path: Path) -> None:
    (tmp_path / "notes.npz").write_text("no archive")
    cut = tmp_path / "cut.npz"
    cut.write_bytes((DATA / "monoclinic.npz").read_bytes()[:9000])
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, image=np.array([{}], dtype=object))
    bad = (tmp_path / "absent.npz", tmp_path / "notes.npz", cut, pickled, tmp_path)
    status, lines, error = command(*bad, DATA / "monoclinic.npz", "engines=float64", "repeat=1")
    assert status == 2
    assert [line["case"] for line in lines] == ["monoclinic"]
    said = error.splitlines()
    assert len(said) == len(bad)
    assert "absent.npz: there is no such file" in said[0]
    assert all(str(path) in line for path, line in zip(bad, said, strict=True))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no file is named"),
        (["x.npz", "engine=float64"], "unknown option 'engine'; did you mean 'engines'?"),
        (["x.npz", "engines=float65"], "engines: unknown value 'float65'; did you mean 'float64'?"),
        (["x.npz", "engines="], "options are written option=value"),
        (["x.npz", "repeat=0"], "repeat must be 1 to 1000"),
        (["x.npz", "repeat=often"], "repeat must be a whole number, got 'often'"),
        (["x.npz", "repeat=1", "repeat=2"], "given twice"),
    ],
)
def test_bad_words_are_refused_in_one_line(
    words: list[str], message: str, command: Command
) -> None:
    status, lines, error = command(*words)
    assert (status, lines) == (2, [])
    assert message in error
    assert error.count("\n") == 1


def background(**command_lines: str | None) -> Arrays:
    """The reference file of water, air and point spread with other command lines."""
    stored = dict(load_arrays(DATA / "background_and_psf.npz"))
    values = json.loads(str(stored["meta"])) | command_lines
    known = {key: value for key, value in values.items() if value is not None}
    return {**stored, "meta": np.array(json.dumps(known))}


WATER = (
    "nonBragg -stol water.stol -thick 0.01 -MW 18 -density 1 -lambda 1.5 -distance 80 "
    "-detpixels 128 -pixel 0.688 -flux 1e12 -exposure 1 -beamsize 0.03"
)


@pytest.mark.parametrize(
    ("old", "new", "factor"),
    [
        ("-thick 0.01", "-thick 0.03", 3.0),
        ("-density 1", "-density 0.5", 0.5),
        ("-MW 18", "-MW 36", 0.5),
        ("-exposure 1", "-exposure 4", 4.0),
        ("-flux 1e12 -exposure 1 -beamsize 0.03", "-fluence 1e21 -beamsize 0.03", 0.9),
    ],
)
def test_command_lines_are_understood(old: str, new: str, factor: float) -> None:
    path = Path("file.npz")
    found = layer_case("water", background(water=WATER.replace(old, new)), path).compute()
    usual = layer_case("water", background(water=WATER), path).compute()
    assert old in WATER
    np.testing.assert_allclose(found, factor * usual, rtol=1e-6)


def test_the_beam_of_a_command_line_moves_the_image() -> None:
    path = Path("file.npz")
    centred = layer_case("water", background(water=WATER), path).compute()
    line = f"{WATER} -Xbeam {43.688 + 0.688} -Ybeam {44.376 - 0.688}"
    moved = layer_case("water", background(water=line), path).compute()
    np.testing.assert_allclose(moved[:-1, 1:], centred[1:, :-1], rtol=1e-5)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (None, "meta has no key 'water'"),
        (WATER.replace("-lambda 1.5", ""), "the command line has no -lambda"),
        (WATER.replace("-pixel 0.688", "-pixel tiny"), "-pixel must be a number, got 'tiny'"),
        (WATER.replace("-distance 80", "-distance 0"), "must be above zero"),
        (WATER.replace("-thick 0.01", "-thick -1"), "water_mm must be a finite number"),
    ],
)
def test_bad_command_lines_are_refused(line: str | None, message: str) -> None:
    with pytest.raises(DataError, match=message) as refused:
        layer_case("water", background(water=line), Path("file.npz"))
    assert str(refused.value).startswith("file.npz")


def test_a_wider_point_spread_is_found_out() -> None:
    path = Path("file.npz")
    line = json.loads(str(background()["meta"]))["psf"]
    case = spread_case(background(psf=line.replace("-psf_fwhm 41", "-psf_fwhm 42")), path)
    assert np.abs(case.compute() - case.image)[case.inside].max() > 1000.0


def test_recipe() -> None:
    cell = Cell(8.0, 9.0, 11.0, 80.0, 95.0, 110.0)
    factors = recipe_factors(cell, 2.0)
    reciprocal = np.linalg.inv(cell.real_rows()).T
    rng = np.random.default_rng(0)
    for index in np.ndindex(*factors.squared.shape):
        if rng.random() > 0.2:
            continue
        h, k, l = (int(i) + o for i, o in zip(index, factors.origin, strict=True))  # noqa: E741
        square = float(((h * reciprocal[0] + k * reciprocal[1] + l * reciprocal[2]) ** 2).sum())
        mixed = (abs(h) * 73856093) ^ (abs(k) * 19349663) ^ (abs(l) * 83492791)
        amplitude = 100 + 900 * (mixed & 65535) / 65536 if 0 < square < 1 / 2.0**2 else 0.0
        assert factors.squared[index] == pytest.approx(amplitude**2)
    assert all(o <= -int(e / 2.0) for o, e in zip(factors.origin, (8, 9, 11), strict=True))


def test_agreement() -> None:
    expected = np.array([[0.0, 1.0], [2.0, 5.0]])
    same = agreement(expected, expected)
    assert same == {
        "max_abs_over_max": 0.0,
        "l1": 0.0,
        "correlation": pytest.approx(1.0),
        "sum_ratio": 1.0,
    }
    found = np.array([[0.5, 1.0], [2.0, 4.0]])
    other = agreement(found, expected)
    assert other["max_abs_over_max"] == pytest.approx(1.0 / 5.0)
    assert other["l1"] == pytest.approx(1.5 / 8.0)
    assert other["sum_ratio"] == pytest.approx(7.5 / 8.0)
    assert other["correlation"] == pytest.approx(
        np.corrcoef(found.reshape(-1), expected.reshape(-1))[0, 1]
    )
    assert set(agreement(found, np.zeros((2, 2))).values()) == {None}


def test_command_line_prints_json() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "diffranet.conform", str(DATA / "long_wavelength.npz"), "repeat=1"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [list(json.loads(line)) for line in io.StringIO(done.stdout)] == [KEYS] * 3
