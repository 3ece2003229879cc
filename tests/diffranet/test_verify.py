import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffranet.errors import DataError
from diffranet.manifest import read_manifest
from diffranet.simulator.parameters import SimulationParameters
from diffranet.simulator.writer import write_dataset
from diffranet.verify import main, rerender, sample

TINY = SimulationParameters(
    image_size=35,
    mosaic_domains=2,
    seed=1,
    train=12,
    validation=5,
    test=5,
    real_validation=4,
    real_test=2,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "set"
    write_dataset(out, TINY)
    return out


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def test_a_good_set_passes_in_one_line(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(made), "images=all"]) == 0
    line = f"{made}: 34 files checked, 34 images rendered again, all as listed\n"
    assert capsys.readouterr() == (line, "")


def test_a_set_may_be_moved(copy: Path) -> None:
    assert main([str(copy), "images=3", "seed=4"]) == 0


def test_every_image_can_be_made_again(made: Path) -> None:
    for row in read_manifest(made):
        stored = np.asarray(Image.open(made / row["path"]))
        assert np.array_equal(rerender(made, row["path"]), stored), row["path"]
    with pytest.raises(DataError, match=r"lists no image 'x\.png'"):
        rerender(made, "x.png")


def test_harm_is_named(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = sorted((copy / "synthetic/train").rglob("*.png"))[:2]
    first.write_bytes(first.read_bytes()[:-1])
    second.unlink()
    stranger = copy / "real_raw/test/1/stranger.png"
    stranger.write_bytes(b"x")
    assert main([str(copy), "images=0"]) == 1
    out = capsys.readouterr().out
    assert f"{first.relative_to(copy)} (other content)" in out
    assert f"{second.relative_to(copy)} (No such file or directory)" in out
    assert "real_raw/test/1/stranger.png (not in the manifest)" in out
    assert "3 wrong" in out
    assert out.count("\n") == 1


def test_another_engine_or_seed_renders_differently(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copy / "dataset.json"
    description = json.loads(path.read_text())
    description["parameters"]["beam"]["photons"] = 2e12
    description["versions"]["numpy"] = "1.0"
    path.write_text(json.dumps(description))
    assert main([str(copy)]) == 1
    assert "(renders differently; it was made with numpy 1.0)" in capsys.readouterr().out


def test_sample_is_spread_over_domains_and_classes(made: Path) -> None:
    rows = read_manifest(made)
    chosen = sample(rows, 9, seed=0)
    assert len({(row["domain"], row["class"]) for row in chosen}) == 9
    assert [row["path"] for row in sample(rows, 9, seed=0)] == [row["path"] for row in chosen]
    assert sample(rows, 9, seed=1) != chosen


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give one folder"),
        (["nowhere"], "nowhere is no folder"),
        (["."], "is no simulated data set"),
        ([".", "image=3"], "unknown option 'image'; did you mean 'images'"),
        ([".", "images=few"], "images must be a whole number, got 'few'"),
    ],
)
def test_bad_words_are_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_another_versions_set_is_refused(copy: Path) -> None:
    path = copy / "dataset.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "simulator_version": 1}))
    assert main([str(copy)]) == 2
    (copy / "manifest.csv").write_text("path\nx\n")
    with pytest.raises(DataError, match=r"manifest\.csv is damaged"):
        read_manifest(copy)
