"""Folders that a search could not write in are refused before it begins."""

from __future__ import annotations

import dataclasses

import pytest

from automl import folders
from automl.compose import compose_plain
from automl.errors import UserError
from automl.folders import check_folders
from automl.settings import parse_settings


@pytest.fixture(scope="module")
def composed():
    return parse_settings(compose_plain(["tracking=none"]))


def test_a_folder_without_permission_is_refused_and_nothing_made(composed, tmp_path, monkeypatch):
    paths = dataclasses.replace(
        composed.paths, runs=str(tmp_path / "runs"), cache=str(tmp_path / "shared" / "cache")
    )
    settings = dataclasses.replace(composed, paths=paths)
    (tmp_path / "shared").mkdir()
    check_folders(settings, "night")
    allowed = folders.os.access
    monkeypatch.setattr(
        folders.os,
        "access",
        lambda path, mode: path != tmp_path / "shared" and allowed(path, mode),
    )
    with pytest.raises(UserError, match=r"paths\.cache: no permission to write in \S+/shared;"):
        check_folders(settings, "night")
    assert [path.name for path in tmp_path.rglob("*")] == ["shared"]
