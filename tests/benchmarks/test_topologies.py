from pathlib import Path

import pytest

from benchmarks import topologies


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("batch", "batch: expected KEY=VALUE with one of topologies, batch"),
        ("topologies=14", "topologies=14: topology: Table 9 has columns 0 .* to 13"),
        ("rate=fast", "rate=fast: must be a positive number"),
    ],
)
def test_other_words_are_refused(
    word: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert topologies.command([word]) == 2
    found = capsys.readouterr().err
    assert len(found.splitlines()) == 1
    assert pytest.RaisesExc(ValueError, match=message).matches(ValueError(found))


@pytest.mark.e2e
@pytest.mark.slow
def test_a_column_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert topologies.command(["short=true"]) == 0
    *_, line = capsys.readouterr().out.splitlines()
    name, images_per_second, last, best, process, full = line.split()
    assert name == "10"
    assert float(images_per_second) > 0
    assert 0 <= float(last) <= float(best) <= 100
    assert float(process) > 100
    assert float(full) == pytest.approx(1.8, abs=0.5)
