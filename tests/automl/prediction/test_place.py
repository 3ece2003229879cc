"""Where a table may be written, which is known before any image is read."""

from __future__ import annotations

import os

import pytest

from automl import predict
from automl.errors import UserError
from automl.prediction.place import check_place


def below_a_file(folder):
    (folder / "file").touch()
    return folder / "file" / "deeper" / "rows.csv"


def below_a_dead_link(folder):
    (folder / "link").symlink_to(folder / "nowhere")
    return folder / "link" / "rows.csv"


def a_folder(folder):
    (folder / "rows.csv").mkdir()
    return folder / "rows.csv"


def a_whole_parquet_file(folder):
    (folder / "rows.parquet").touch()
    return folder / "rows.parquet"


def a_folder_for_its_rows(folder):
    (folder / "rows.parquet.rows.csv").mkdir()
    return folder / "rows.parquet"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (below_a_file, "file: cannot be written (File exists)"),
        (below_a_dead_link, "link: cannot be written (File exists)"),
        (a_folder, "rows.csv is a folder"),
        (a_whole_parquet_file, "cannot be continued"),
        (a_folder_for_its_rows, "rows.parquet.rows.csv is a folder"),
    ],
)
def test_a_place_for_no_table_is_refused_before_any_work(home, capsys, tmp_path, wanted, words):
    out = wanted(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    # Of the search and the images, which are not there, nothing is said yet.
    status = predict.main(["nobody", "nowhere", "--out", str(out), "--runs", str(home.runs)])
    said = capsys.readouterr().err
    assert status == 2
    assert words in said
    assert said.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("there", [True, False])
def test_a_table_that_the_user_may_not_write_is_refused(tmp_path, monkeypatch, there):
    out = tmp_path / "rows.csv"
    if there:
        out.touch()
    # Root may write everywhere: so that the test is of the answer, whoever runs it.
    monkeypatch.setattr("os.access", lambda path, mode: not mode & os.W_OK and path.exists())
    with pytest.raises(UserError) as found:
        check_place(out)
    place = out if there else tmp_path
    assert str(found.value) == f"{place}: cannot be written (Permission denied)"


def test_places_that_will_do(tmp_path):
    (tmp_path / "rows.csv").touch()
    (tmp_path / "link.csv").symlink_to(tmp_path / "later.csv")
    for name in ("rows.csv", "new.csv", "new/deeper/rows.csv", "rows.parquet", "link.csv"):
        check_place(tmp_path / name)
    assert len(list(tmp_path.iterdir())) == 2
