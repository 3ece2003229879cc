from __future__ import annotations

from typing import Any

import pytest

from benchmarks import mlflow_ui


@pytest.mark.parametrize(
    ("words", "there", "browser", "says"),
    [
        ([], None, None, True),
        ([], "/bin/chromium", "/bin/chromium", False),
        (["browser=no"], "/bin/chromium", None, False),
    ],
)
def test_without_a_browser_the_pages_are_skipped_in_a_line(
    words: list[str],
    there: str | None,
    browser: str | None,
    says: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given: list[Any] = []
    monkeypatch.setattr(mlflow_ui, "find_browser", lambda: there)
    monkeypatch.setattr(mlflow_ui, "measure", lambda _, runs, found: given.append((runs, found)))
    assert mlflow_ui.command([*words, "runs=3,5"]) == 0
    assert given == [(3, browser), (5, browser)]
    assert any("skipped" in line for line in capsys.readouterr().out.splitlines()) == says
