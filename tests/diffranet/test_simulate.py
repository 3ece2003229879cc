import csv
import hashlib
import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffranet.errors import DataError
from diffranet.simulate import main
from diffranet.simulator.parameters import SimulationParameters
from diffranet.simulator.render import Job, render
from diffranet.simulator.writer import write_dataset

TINY = SimulationParameters(
    image_size=32,
    mosaic_domains=2,
    seed=5,
    train=12,
    validation=5,
    test=5,
    real_validation=4,
    real_test=2,
)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "set"
    write_dataset(out, TINY)
    return out


def test_bytes_do_not_depend_on_the_workers(made: Path, tmp_path: Path) -> None:
    write_dataset(tmp_path / "set", TINY, workers=2)
    assert contents(tmp_path / "set") == contents(made)


def test_published_layout(made: Path) -> None:
    folders = {str(path.parent.relative_to(made)) for path in made.rglob("*.png")}
    real = [f"{d}/{s}" for d in ("real_raw", "real_preprocessed") for s in ("validation", "test")]
    assert folders == {
        *(f"synthetic/{s}/{c}" for s in ("train", "validation", "test") for c in range(1, 6)),
        *(f"{place}/{c}" for place in real for c in (1, 2)),
    }
    assert not list(made.parent.glob(".*"))


def test_manifest_is_true(made: Path) -> None:
    with (made / "manifest.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["path"] for row in rows} == {
        str(path.relative_to(made)) for path in made.rglob("*.png")
    }
    for row in rows:
        assert hashlib.sha256((made / row["path"]).read_bytes()).hexdigest() == row["sha256"]
        assert row["path"].startswith(f"{row['domain']}/{row['split']}/{row['class']}/")
        if row["domain"] == "synthetic":
            assert (float(row["intensity"]) == 0) == (row["class_name"] == "blank")
            assert (float(row["crystal_scale"]) > 0) == (int(row["class"]) > 2)
        else:
            assert bool(row["crystal"]) == (row["class_name"] == "diffraction")
    description = json.loads((made / "dataset.json").read_text())
    assert description["surrogate"] is True
    assert sum(description["counts"]["synthetic"]["train"].values()) == TINY.train
    assert SimulationParameters(**description["parameters"]) == TINY


def test_one_image_can_be_made_again_alone(made: Path) -> None:
    path = next((made / "synthetic/train/5").iterdir())
    again = render(TINY, Job("synthetic", "train", int(path.stem), 4))
    assert np.array_equal(np.asarray(Image.open(path)), again)
    other = render(replace(TINY, seed=6), Job("synthetic", "train", int(path.stem), 4))
    assert not np.array_equal(other, again)


def test_preprocessed_is_raw_times_one_constant(made: Path) -> None:
    factor = json.loads((made / "dataset.json").read_text())["preprocess_factor"]
    greys = [np.asarray(Image.open(p)) for p in (made / "synthetic/train").rglob("*.png")]
    raws = [np.asarray(Image.open(p)) for p in (made / "real_raw/validation").rglob("*.png")]
    assert factor == pytest.approx(np.mean(greys) / np.mean(raws))
    for path in (made / "real_raw").rglob("*.png"):
        raw = np.asarray(Image.open(path)).astype(float)
        twin = made / "real_preprocessed" / path.relative_to(made / "real_raw")
        assert np.array_equal(np.asarray(Image.open(twin)), np.clip(np.rint(raw * factor), 0, 255))


def test_splits_share_no_shot(made: Path) -> None:
    hashes = [hashlib.sha256(p.read_bytes()).hexdigest() for p in made.rglob("synthetic/*/*/*.png")]
    assert len(set(hashes)) == len(hashes)


KILLED_AT_TEN = """
import json, os, signal, sys
from pathlib import Path
from diffranet.simulator.parameters import SimulationParameters
from diffranet.simulator.writer import write_dataset

def progress(what, done, total):
    if done >= 10:
        os.kill(os.getpid(), signal.SIGKILL)

parameters = SimulationParameters(**json.loads(sys.argv[2]))
write_dataset(Path(sys.argv[1]), parameters, progress=progress)
"""


def test_a_killed_run_goes_on(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    command = [sys.executable, "-c", KILLED_AT_TEN, str(out), json.dumps(TINY.to_dict())]
    killed = subprocess.run(command, cwd=Path(__file__).parents[2], check=False)
    assert killed.returncode == -signal.SIGKILL
    survivors = list(tmp_path.rglob("*.png"))
    assert len(survivors) >= 10
    assert not out.exists()
    # What a power cut leaves of a file, and what a kill leaves beside one.
    survivors[0].write_bytes(survivors[0].read_bytes()[:50])
    survivors[0].with_name("000099.png.1.partial").write_bytes(b"x")
    kept = {path.parts[-4:]: path.stat().st_mtime_ns for path in survivors[1:]}
    write_dataset(out, TINY)
    assert contents(out) == contents(made)
    assert all(out.joinpath(*parts).stat().st_mtime_ns == then for parts, then in kept.items())
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_finished_set_is_left_alone(made: Path) -> None:
    before = (made / "manifest.csv").stat().st_mtime_ns
    write_dataset(made, TINY)
    assert (made / "manifest.csv").stat().st_mtime_ns == before
    with pytest.raises(DataError, match="made with other parameters"):
        write_dataset(made, replace(TINY, seed=6))


def test_foreign_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="is not empty and holds no simulated data set"):
        write_dataset(tmp_path, TINY)
    with pytest.raises(DataError, match="is a file"):
        write_dataset(tmp_path / "notes.txt", TINY)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    small = replace(TINY, real_validation=0, real_test=0)
    write_dataset(tmp_path / "set", small, progress=lambda *step: seen.append(step))
    assert seen[0] == ("simulate", 0, 22)
    assert seen[-1] == ("simulate", 22, 22)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert json.loads((tmp_path / "set/dataset.json").read_text())["surrogate"] is False
    assert not (tmp_path / "set/real_raw").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "out=FOLDER is missing"),
        (["out=x", "sise=3"], "unknown option 'sise'; did you mean 'size'?"),
        (["out=x", "size"], "options are written option=value"),
        (["out=x", "size=big"], "size must be a whole number, got 'big'"),
        (["out=x", "seed=1", "seed=2"], "given twice"),
        (["out=x", "size=4"], "image_size must be 32 to 2048"),
        (["out=x", "train=2"], "synthetic train count must be at least 5"),
        (["out=x", "domains=real"], "domains: unknown value 'real'"),
        (["out=x", "domains=synthetic", "real_test=4"], "real_test is given, but"),
        (["out=x", "engine=float65"], "engine: unknown value 'float65'; did you mean 'float64'"),
        (["out=x", "workers=0"], "workers must be 1 to 1024"),
    ],
)
def test_bad_words_exit_with_two_and_one_line(
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
    assert not list(tmp_path.iterdir())


def test_command_makes_a_set(tmp_path: Path) -> None:
    words = ["size=32", "mosaic_domains=1", "train=5", "validation=5", "test=5", "workers=1"]
    command = [sys.executable, "-m", "diffranet.simulate", f"out={tmp_path / 'set'}", *words]
    done = subprocess.run(
        [*command, "domains=synthetic"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'set'}: complete\n"), done.stderr
    assert len(list(tmp_path.rglob("*.png"))) == 15
