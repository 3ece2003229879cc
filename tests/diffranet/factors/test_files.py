import hashlib
import importlib.util
import subprocess
import sys

import pytest

from diffranet.errors import DataError
from diffranet.simulator.factors import check_factors_file, factors_digest, load_factors


@pytest.mark.parametrize("act", [check_factors_file, load_factors])
def test_unusable_files_are_refused_before_work(tmp_path, act) -> None:
    (tmp_path / "folder.hkl").mkdir()
    (tmp_path / "empty.hkl").touch()
    (tmp_path / "picture.png").write_bytes(b"1")
    for name, message in {
        "missing.hkl": "no such file",
        "folder.hkl": "Is a directory",
        "empty.hkl": "the file is empty",
        "picture.png": r"known are \.hkl, \.txt, \.dat, \.mtz, \.cif, \.mmcif, \.pdb, \.ent",
        "bare": "unknown kind",
        "only.gz": "unknown kind",
    }.items():
        with pytest.raises(DataError, match=message) as refusal:
            act(tmp_path / name)
        assert str(refusal.value).startswith(f"{tmp_path / name}: ")
        assert "\n" not in str(refusal.value)


def test_sound_file_passes(tmp_path) -> None:
    path = tmp_path / "list.hkl"
    path.write_text("1 2 3 4\n")
    check_factors_file(path)
    check_factors_file(str(path))


@pytest.mark.parametrize("name", ["a.mtz", "a.pdb", "a.cif", "a.mtz.gz"])
def test_missing_library_is_named_with_its_remedy(tmp_path, monkeypatch, name: str) -> None:
    path = tmp_path / name
    path.write_text("content")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    for act in (check_factors_file, load_factors):
        with pytest.raises(DataError, match=r'needs gemmi; pip install ".*\[crystallography\]"'):
            act(path)
    text = tmp_path / "list.hkl"
    text.write_text("1 2 3 4\n")
    assert load_factors(text)[0].at(1, 2, 3) == 16.0


def test_plain_lists_have_no_columns_to_choose(tmp_path) -> None:
    path = tmp_path / "list.hkl"
    path.write_text("1 2 3 4\n")
    with pytest.raises(DataError, match=r"'FC'.*leave the column out"):
        load_factors(path, column="FC")


def test_digest_is_that_of_the_content(tmp_path) -> None:
    path = tmp_path / "list.hkl"
    path.write_bytes(b"1 2 3 4\n")
    first = factors_digest(path)
    assert first == hashlib.sha256(b"1 2 3 4\n").hexdigest()
    path.write_bytes(b"1 2 3 5\n")
    assert factors_digest(path) != first
    with pytest.raises(DataError, match="no such file"):
        factors_digest(tmp_path / "none")


def test_library_is_loaded_only_for_its_files() -> None:
    script = "import sys, diffranet.simulator.factors; sys.exit('gemmi' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
