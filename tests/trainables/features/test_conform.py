"""The conformance command, on the small copy of the reference and on the whole where it is."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from trainables.features.conform import FormatError, compare, main

GIVEN = Path(__file__).resolve().parents[4] / "shared" / "reference" / "features" / "features.npz"
EDGES = ("const0", "two_level", "crop301x417", "singlehot")


@pytest.fixture
def arrays(reference: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The small copy in the format of the whole."""
    edges = {f"edge_{key}": value for key, value in reference.items() if key.startswith(EDGES)}
    offsets = np.searchsorted(reference["sift_image"], range(4))
    return {
        **{key: reference[key] for key in ("images", "glcm", "lbp_counts")},
        **{key: reference[key] for key in ("bovw_centers", "bovw_counts")},
        "sift_desc": reference["sift_values"],
        "sift_offsets": offsets,
        **edges,
    }


@pytest.fixture
def file(tmp_path: Path, arrays: dict[str, np.ndarray]) -> Path:
    np.savez(tmp_path / "features.npz", **arrays)
    return tmp_path / "features.npz"


def test_all_tables_agree(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(file)]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == str(file)
    tables = [line.split()[0] for line in lines]
    whole = ["glcm", "lbp_counts", "sift_desc", "sift_offsets", "bovw_counts"]
    edges = [
        f"edge_{name}__{table}" for name in EDGES for table in ("glcm", "lbp_counts", "sift_n")
    ]
    assert tables[:5] == whole
    assert sorted(tables[5:]) == sorted(edges)
    assert all("agrees" in line for line in lines)


@pytest.mark.skipif(not GIVEN.exists(), reason="only its small copy is here")
def test_the_given_file() -> None:
    comparisons = compare(GIVEN)
    assert len(comparisons) == 17
    assert all(comparison.agrees for comparison in comparisons)


@pytest.mark.parametrize(
    ("table", "place", "by"),
    [
        ("glcm", (1, 0, 2, 3), 1e-8),
        ("lbp_counts", (2, 11, 25), 1),
        ("sift_desc", (5, 100), 1),
        ("sift_offsets", (1,), 1),
        ("bovw_counts", (2, 4), 1),
        ("edge_singlehot__glcm", (4, 4, 3), -1e-3),
        ("edge_two_level__lbp_counts", (0, 0), 1),
        ("edge_const0__sift_n", (), 1),
    ],
)
def test_a_difference_is_found(
    file: Path,
    arrays: dict[str, np.ndarray],
    capsys: pytest.CaptureFixture[str],
    table: str,
    place: tuple[int, ...],
    by: float,
) -> None:
    changed = arrays[table].copy()
    changed[place] += changed[place] * by if isinstance(by, float) else by
    np.savez(file, **{**arrays, table: changed})
    assert main([str(file)]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if "DIFFERS" in line]
    assert [line.split()[0] for line in lines] == [table]


def test_missing_descriptors_differ(file: Path, arrays: dict[str, np.ndarray]) -> None:
    few = {"images": arrays["images"], "sift_desc": arrays["sift_desc"][:-1]}
    np.savez(file, **few, sift_offsets=arrays["sift_offsets"])
    first, second = compare(file)
    assert not first.agrees
    assert first.absolute == np.inf
    assert second.agrees


def test_not_a_number_differs(file: Path, arrays: dict[str, np.ndarray]) -> None:
    glcm = arrays["glcm"].copy()
    glcm[0, 0, 0, 0] = np.nan
    np.savez(file, images=arrays["images"], glcm=glcm)
    assert [comparison.agrees for comparison in compare(file)] == [False]


def test_orders_are_read(file: Path, arrays: dict[str, np.ndarray]) -> None:
    orders = {
        "props": ["ASM", "contrast"],
        "distances": [8, 1],
        "angles_deg": [135],
        "PR": [[8, 3]],
    }
    np.savez(
        file,
        images=arrays["images"],
        glcm=arrays["glcm"][:, [5, 0]][:, :, [4, 0]][..., [3]],
        lbp_counts=arrays["lbp_counts"][:, [5], :10],
        meta=json.dumps(orders),
    )
    assert [comparison.agrees for comparison in compare(file)] == [True, True]


def test_images_too_small_for_a_distance(file: Path) -> None:
    # The library's matrix is empty then.
    glcm = np.zeros((1, 6, 5, 4))
    glcm[:, 4] = 1
    np.savez(file, images=np.zeros((1, 1, 1), np.uint8), glcm=glcm)
    (comparison,) = compare(file)
    assert comparison.absolute == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": None}, "array 'images' is missing"),
        ({"images": np.zeros((3, 4), np.uint8)}, r"images must have shape \(n, h, w\)"),
        ({"images": np.zeros((3, 4, 4))}, "images must be uint8"),
        ({"glcm": np.zeros((3, 6, 5))}, r"array 'glcm' has shape \(3, 6, 5\), not \(3, 6, 5, 4\)"),
        ({"glcm": np.full((3, 6, 5, 4), "x")}, "could not convert"),
        ({"sift_offsets": None}, "array 'sift_offsets' is missing"),
        ({"meta": "no JSON"}, "Expecting value"),
        ({"meta": json.dumps({"props": ["entropy"]})}, "entropy|not in tuple"),
    ],
)
def test_other_files_are_one_line(
    file: Path, arrays: dict[str, np.ndarray], change: dict[str, object], message: str
) -> None:
    changed = {key: value for key, value in {**arrays, **change}.items() if value is not None}
    np.savez(file, **changed)
    with pytest.raises(FormatError, match=message) as caught:
        compare(file)
    assert "\n" not in str(caught.value)


def test_files_that_hold_nothing_to_compare(tmp_path: Path) -> None:
    np.savez(tmp_path / "images.npz", images=np.zeros((1, 4, 4), np.uint8))
    with pytest.raises(FormatError, match="none of its arrays is an expected table"):
        compare(tmp_path / "images.npz")
    np.save(tmp_path / "array.npy", np.zeros(3))
    np.savez(tmp_path / "objects.npz", images=np.array([{}]))
    (tmp_path / "text.npz").write_text("text")
    (tmp_path / "zip.npz").write_bytes(b"PK\x03\x04")
    for name in ("array.npy", "objects.npz", "text.npz", "zip.npz"):
        with pytest.raises(FormatError, match=r"not an \.npz file of plain arrays"):
            compare(tmp_path / name)
    with pytest.raises(FormatError, match="there is no such file"):
        compare(tmp_path / "nothing.npz")


def test_one_bad_file_among_others(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nothing.npz"), str(file)]) == 2
    printed = capsys.readouterr()
    assert printed.err == f"{tmp_path / 'nothing.npz'}: there is no such file\n"
    assert "agrees" in printed.out
