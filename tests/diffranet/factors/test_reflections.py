import gzip
from pathlib import Path

import numpy as np
import pytest

from diffranet.errors import DataError
from diffranet.simulator.factors import load_factors, read_mtz, read_reflection_cif

gemmi = pytest.importorskip("gemmi")

CRYSTALS = {
    "P 1": (21, 27, 33, 82, 96, 105),
    "P 1 21 1": (21, 27, 33, 90, 104, 90),
    "P 21 21 21": (21, 27, 33, 90, 90, 90),
    "C 1 2 1": (31, 27, 23, 90, 104, 90),
    "P 61": (25, 25, 33, 90, 90, 120),
    "P 41 3 2": (25, 25, 25, 90, 90, 90),
}
SF_CIF = """data_r1abcsf
_cell.length_a 21
_cell.length_b 27
_cell.length_c 33
_cell.angle_alpha 90
_cell.angle_beta 104
_cell.angle_gamma 90
_symmetry.space_group_name_H-M 'P 1 21 1'
loop_
_refln.index_h
_refln.index_k
_refln.index_l
_refln.F_meas_au
_refln.F_meas_sigma_au"""
Columns = dict[str, tuple[str, np.ndarray]]


def unique_reflections(group: str, d_min: float = 4.0) -> np.ndarray:
    cell = gemmi.UnitCell(*CRYSTALS[group])
    return np.array(gemmi.make_miller_array(cell, gemmi.SpaceGroup(group), d_min))


def make_mtz(group: str, indices: np.ndarray, columns: Columns) -> gemmi.Mtz:
    mtz = gemmi.Mtz(with_base=True)
    mtz.spacegroup = gemmi.SpaceGroup(group)
    mtz.set_cell_for_all(gemmi.UnitCell(*CRYSTALS[group]))
    mtz.add_dataset("data")
    for label, (kind, _) in columns.items():
        mtz.add_column(label, kind)
    values = [column for _, column in columns.values()]
    mtz.set_data(np.column_stack([indices, *values]).astype(np.float32))
    return mtz


def write_mtz(path: Path, group: str, indices: np.ndarray, columns: Columns) -> Path:
    make_mtz(group, indices, columns).write_to_file(str(path))
    return path


def amplitudes_for(indices: np.ndarray, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).uniform(1.0, 500.0, len(indices))
    return drawn.astype(np.float32).astype(np.float64)


@pytest.mark.parametrize("group", CRYSTALS)
def test_all_symmetry_and_friedel_mates_are_there(tmp_path, group: str) -> None:
    indices = unique_reflections(group)
    amplitudes = amplitudes_for(indices)
    path = write_mtz(tmp_path / "data.mtz", group, indices, {"FP": ("F", amplitudes)})
    factors, cell = read_mtz(path)
    assert (cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma) == CRYSTALS[group]
    expected: dict[tuple[int, ...], float] = {}
    for index, amplitude in zip(indices.tolist(), amplitudes.tolist(), strict=True):
        for operator in gemmi.SpaceGroup(group).operations():
            image = tuple(operator.apply_to_hkl(index))
            for mate in (image, tuple(-i for i in image)):
                assert expected.setdefault(mate, amplitude) == amplitude
    for index, amplitude in expected.items():
        assert factors.at(*index) == amplitude**2
    assert (factors.squared > 0).sum() == len(expected)


def test_agrees_with_gemmis_own_expansion(tmp_path) -> None:
    group = "P 21 21 21"
    indices = unique_reflections(group)
    columns = {"FP": ("F", amplitudes_for(indices))}
    factors, _ = read_mtz(write_mtz(tmp_path / "data.mtz", group, indices, columns))
    mtz = make_mtz(group, indices, columns)
    mtz.expand_to_p1()
    for index, amplitude in zip(mtz.make_miller_array(), mtz.column_with_label("FP"), strict=True):
        assert factors.at(*index) == factors.at(*-index) == float(amplitude) ** 2


@pytest.mark.parametrize("suffix", [".cif", "-sf.cif", ".mmcif", ".cif.gz"])
def test_mmcif_lists_say_the_same(tmp_path, suffix: str) -> None:
    group = "P 1 21 1"
    indices = unique_reflections(group)
    amplitudes = amplitudes_for(indices)
    mtz, _ = read_mtz(write_mtz(tmp_path / "data.mtz", group, indices, {"FP": ("F", amplitudes)}))
    listed = zip(indices.tolist(), amplitudes.tolist(), strict=True)
    rows = [f"{' '.join(map(str, index))} {amplitude!r} 1.0" for index, amplitude in listed]
    text = "\n".join([SF_CIF, *rows, "9 9 9 ? ?", ""]).encode()
    path = tmp_path / f"data{suffix}"
    path.write_bytes(gzip.compress(text) if suffix.endswith("gz") else text)
    factors, cell = load_factors(path)
    assert cell is not None
    assert cell.beta == 104.0
    assert factors.origin == mtz.origin
    np.testing.assert_allclose(factors.squared, mtz.squared, rtol=1e-6)


def test_gzipped_mtz_and_resolution_limit(tmp_path) -> None:
    group = "P 1"
    indices = unique_reflections(group)
    plain = write_mtz(tmp_path / "a.mtz", group, indices, {"F": ("F", amplitudes_for(indices))})
    packed = tmp_path / "a.mtz.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    d_min = 5.0
    factors, _ = load_factors(packed, d_min=d_min)
    spacings = gemmi.UnitCell(*CRYSTALS[group]).calculate_d_array(indices)
    assert 0 < (spacings >= d_min).sum() < len(indices)
    assert (factors.squared > 0).sum() == 2 * (spacings >= d_min).sum()
    with pytest.raises(DataError, match="'F' has no reflection within 99 Angstrom"):
        load_factors(packed, d_min=99.0)
    with pytest.raises(DataError, match=r"a\.mtz\.gz: the resolution limit must be above zero"):
        load_factors(packed, d_min=0.0)


ONE = np.array([[1, 2, 3]])


def value_read(path: Path, columns: dict[str, tuple[str, float]], wanted: str | None) -> float:
    written = {label: (kind, np.array([value])) for label, (kind, value) in columns.items()}
    factors, _ = read_mtz(write_mtz(path, "P 1", ONE, written), column=wanted)
    return factors.at(1, 2, 3)


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [
        ({"FWT": "F", "FP": "F", "FC": "F", "FMODEL": "F"}, "FMODEL"),
        ({"FWT": "F", "FP": "F", "FC": "F", "FC_ALL": "F"}, "FC_ALL"),
        ({"FWT": "F", "FP": "F", "FC": "F"}, "FC"),
        ({"IMEAN": "J", "FP": "F", "SIGFP": "Q"}, "FP"),
        ({"I(+)": "K", "FWT": "F", "F_mine": "F"}, "F_mine"),
        ({"I(+)": "K", "F(+)": "G", "FWT": "F"}, "F(+)"),
    ],
)
def test_best_column_is_chosen(tmp_path, labels: dict[str, str], chosen: str) -> None:
    columns = {label: (kind, 10.0 + i) for i, (label, kind) in enumerate(labels.items())}
    assert value_read(tmp_path / "a.mtz", columns, None) == columns[chosen][1] ** 2


def test_column_can_be_named(tmp_path) -> None:
    columns = {"FC": ("F", 3.0), "FWT": ("F", 4.0), "IMEAN": ("J", 5.0)}
    assert value_read(tmp_path / "a.mtz", columns, "FWT") == 16.0
    assert value_read(tmp_path / "a.mtz", columns, "IMEAN") == 5.0
    with pytest.raises(DataError, match=r"'FX'; columns that serve: FC, FWT, IMEAN"):
        read_mtz(tmp_path / "a.mtz", column="FX")


def test_intensities_are_squares_and_noise_below_zero_is_nothing(tmp_path) -> None:
    indices = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    columns = {"IMEAN": ("J", np.array([25.0, -4.0, np.nan]))}
    factors, _ = read_mtz(write_mtz(tmp_path / "a.mtz", "P 1", indices, columns))
    assert factors.at(1, 0, 0) == factors.at(-1, 0, 0) == 25.0
    assert factors.squared.sum() == 50.0


@pytest.mark.parametrize("wanted", [None, "F(+)", "F(-)"])
def test_anomalous_pairs_go_to_their_mates(tmp_path, wanted: str | None) -> None:
    group = "P 1 21 1"
    indices = np.array([[1, 2, 3], [2, 1, 1], [3, 1, 1]])
    columns = {
        "F(+)": ("G", np.array([10.0, 20.0, np.nan])),
        "F(-)": ("G", np.array([11.0, np.nan, 31.0])),
    }
    factors, _ = read_mtz(write_mtz(tmp_path / "a.mtz", group, indices, columns), column=wanted)
    assert [factors.at(1, 2, 3), factors.at(-1, -2, -3)] == [100.0, 121.0]
    assert [factors.at(-1, 2, -3), factors.at(1, -2, 3)] == [100.0, 121.0]  # about the 2-fold
    assert factors.at(2, 1, 1) == factors.at(-2, -1, -1) == 400.0
    assert factors.at(3, 1, 1) == factors.at(-3, -1, -1) == 961.0


def test_bad_columns_are_one_line(tmp_path) -> None:
    with pytest.raises(DataError, match="'FP' has negative amplitudes"):
        value_read(tmp_path / "a.mtz", {"FP": ("F", -1.0)}, None)
    with pytest.raises(DataError, match="'FP' has infinite values"):
        value_read(tmp_path / "a.mtz", {"FP": ("F", np.inf)}, None)
    with pytest.raises(DataError, match="'FP' has no reflection"):
        value_read(tmp_path / "a.mtz", {"FP": ("F", np.nan)}, None)
    with pytest.raises(DataError, match="no structure factor is above zero"):
        value_read(tmp_path / "a.mtz", {"FP": ("F", 0.0)}, None)
    with pytest.raises(DataError, match=r"columns that serve if named: FWT"):
        value_read(tmp_path / "a.mtz", {"FWT": ("F", 1.0), "PHWT": ("P", 1.0)}, None)


def test_files_that_are_no_reflection_files_are_one_line(tmp_path) -> None:
    whole = write_mtz(tmp_path / "whole.mtz", "P 1", ONE, {"F": ("F", np.ones(1))}).read_bytes()
    broken = {
        "text.mtz": b"1 2 3 4\n",
        "cut.mtz": whole[:100],
        "garbage.mtz": b"MTZ " + bytes(range(256)) * 4,
        "garbage.cif": bytes(range(256)),
        "packed.mtz.gz": gzip.compress(whole)[:60],
        "other.cif": b"data_x\n_cell.length_a 10\n",
    }
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError) as refusal:
            load_factors(tmp_path / name, d_min=3.0)
        message = str(refusal.value)
        assert message.startswith(f"{tmp_path / name}: ")
        assert message.count(name) == 1
        assert "\n" not in message
    for read in (read_mtz, read_reflection_cif):
        with pytest.raises(DataError, match="none: no such file"):
            read(tmp_path / "none")
    with pytest.raises(DataError, match="no merged reflections"):
        read_reflection_cif(tmp_path / "other.cif")


def test_unmerged_observations_are_refused(tmp_path) -> None:
    mtz = make_mtz("P 1", ONE, {"F": ("F", np.ones(1))})
    mtz.batches.append(gemmi.Mtz.Batch())
    mtz.write_to_file(str(tmp_path / "unmerged.mtz"))
    with pytest.raises(DataError, match="unmerged observations; merge them first"):
        read_mtz(tmp_path / "unmerged.mtz")
