import csv
import hashlib
import json
import multiprocessing
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffranet.errors import DataError, UnfinishedError
from diffranet.reader import decode
from diffranet.simulator.parameters import SimulationParameters, from_dict
from diffranet.simulator.render import Job, render
from diffranet.simulator.setup import BeamSetup, CrystalSetup
from diffranet.simulator.writer import Written, bytes_needed, write_dataset
from diffranet.verify import rerender

ROOT = Path(__file__).parents[2]

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
    assert {path.name for path in made.iterdir() if path.is_file()} == {
        "manifest.csv",
        "dataset.json",
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
        assert row["surrogate"] == str(int(row["domain"] != "synthetic"))
        assert (row["seed"], row["engine"]) == ("5", "float32")
        assert row["ice_rings"] == str(int(float(row["ice"] or 0) > 0))
        if row["domain"] == "synthetic":
            assert (float(row["intensity"]) == 0) == (row["class_name"] == "blank")
            assert (float(row["crystal_scale"]) > 0) == (int(row["class"]) > 2)
        else:
            assert bool(row["crystal"]) == (row["class_name"] == "diffraction")
    description = json.loads((made / "dataset.json").read_text())
    assert description["surrogate"] is True
    assert description["surrogate_domains"] == ["real_raw", "real_preprocessed"]
    assert description["versions"]["numpy"] == np.__version__
    for domain, mean in description["mean_grey"].items():
        greys = [np.asarray(Image.open(p)) for p in (made / domain).rglob("*.png")]
        assert mean == pytest.approx(np.mean(greys))
    assert sum(description["counts"]["synthetic"]["train"].values()) == TINY.train
    assert from_dict(description["parameters"]) == TINY


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
from diffranet.simulator.parameters import from_dict
from diffranet.simulator.writer import write_dataset

def progress(what, done, total):
    if done >= 10:
        os.kill(os.getpid(), signal.SIGKILL)

parameters = from_dict(json.loads(sys.argv[2]))
write_dataset(Path(sys.argv[1]), parameters, progress=progress)
"""


def test_a_killed_run_goes_on(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    command = [sys.executable, "-c", KILLED_AT_TEN, str(out), json.dumps(TINY.to_dict())]
    killed = subprocess.run(command, cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    survivors = list(tmp_path.rglob("*.png"))
    assert len(survivors) >= 10
    assert not out.exists()
    # What a power cut leaves of a file, and what a kill leaves beside one.
    survivors[0].write_bytes(survivors[0].read_bytes()[:50])
    survivors[0].with_name("000099.png.1.partial").write_bytes(b"x")
    kept = {path.parts[-4:]: path.stat().st_mtime_ns for path in survivors[1:]}
    written = write_dataset(out, TINY)
    assert written.images == 34
    # All that was lost is the chunk in work, and the image that was harmed.
    assert written.fresh <= 34 - len(survivors) + 1
    assert contents(out) == contents(made)
    assert all(out.joinpath(*parts).stat().st_mtime_ns == then for parts, then in kept.items())
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_finished_set_is_left_alone(made: Path) -> None:
    before = (made / "manifest.csv").stat().st_mtime_ns
    assert write_dataset(made, TINY) == Written(34, 0)
    assert (made / "manifest.csv").stat().st_mtime_ns == before
    other = replace(TINY, seed=6, beam=BeamSetup(wavelength=1.4))
    differing = r"other parameters \(seed 5, not 6; beam\.wavelength 1\.5, not 1\.4\); name another"
    with pytest.raises(DataError, match=differing):
        write_dataset(made, other)


def stop_at(images: int) -> Callable[[str, int, int], None]:
    def progress(what: str, done: int, total: int) -> None:
        if done >= images:
            raise KeyboardInterrupt

    return progress


def test_an_unfinished_set_is_not_taken_for_another(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    with pytest.raises(KeyboardInterrupt):
        write_dataset(out, TINY, progress=stop_at(10))
    with pytest.raises(DataError, match=r"is unfinished: .*seed 5, not 6.*delete that or name"):
        write_dataset(out, replace(TINY, seed=6))
    assert write_dataset(out, TINY).fresh < 34
    assert contents(out) == contents(made)


def test_a_stop_during_the_last_stage_loses_nothing(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    with pytest.raises(KeyboardInterrupt):
        write_dataset(out, TINY, progress=stop_at(34))
    assert write_dataset(out, TINY).fresh == 0
    assert contents(out) == contents(made)


def test_an_image_without_its_line_is_made_again(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    with pytest.raises(KeyboardInterrupt):
        write_dataset(out, TINY, progress=stop_at(16))
    (journal,) = tmp_path.rglob(".images.jsonl")
    journal.write_text(journal.read_text()[:-30])
    assert write_dataset(out, TINY).fresh == 34 - 16 + 1
    assert contents(out) == contents(made)


def test_two_processes_do_not_write_one_folder(tmp_path: Path) -> None:
    out = tmp_path / "set"

    def progress(what: str, done: int, total: int) -> None:
        if done == 8:
            # Locks belong to open files: a second one in this process is as good as a stranger.
            with pytest.raises(DataError, match="set is being written by another process; wait"):
                write_dataset(out, TINY, wait=False)

    assert write_dataset(out, TINY, progress=progress).fresh == 34


FULL_DISK = """
import json, resource, sys
from pathlib import Path
from diffranet.errors import UnfinishedError
from diffranet.simulator.parameters import from_dict
from diffranet.simulator.writer import write_dataset

def progress(what, done, total):
    if done >= 8:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, -1))

parameters = from_dict(json.loads(sys.argv[2]))
try:
    write_dataset(Path(sys.argv[1]), parameters, progress=progress)
except UnfinishedError as error:
    print(error)
"""


def test_a_full_disk_stops_it_in_one_line_and_it_goes_on(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    command = [sys.executable, "-c", FULL_DISK, str(out), json.dumps(TINY.to_dict())]
    full = subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=300
    )
    assert full.stdout == (
        f"{out}: cannot go on: File too large; what was made is kept, the same command goes on\n"
    ), full.stderr
    assert not out.exists()
    assert not list(tmp_path.rglob("*.png.*"))
    assert all(
        decode(path.read_bytes(), path).shape == (32, 32) for path in tmp_path.rglob("*.png")
    )
    assert 0 < write_dataset(out, TINY).fresh <= 34 - 8
    assert contents(out) == contents(made)


def test_an_error_in_a_worker_is_one_line(tmp_path: Path) -> None:
    out = tmp_path / "set"

    def progress(what: str, done: int, total: int) -> None:
        if done == 0:
            # Every worker finds a file where its folder should be.
            (folder,) = tmp_path.rglob("synthetic/train/1")
            folder.rmdir()
            folder.write_text("x")

    with pytest.raises(UnfinishedError, match="cannot go on: Not a directory; what was made"):
        write_dataset(out, TINY, workers=2, progress=progress)


def test_a_worker_that_dies_is_one_line(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"

    def progress(what: str, done: int, total: int) -> None:
        for child in multiprocessing.active_children():
            child.kill()

    with pytest.raises(UnfinishedError, match="a simulation process died"):
        write_dataset(out, TINY, workers=2, progress=progress)
    write_dataset(out, TINY)
    assert contents(out) == contents(made)


def test_too_small_a_disk_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100_000))
    with pytest.raises(DataError, match=r"34 images of 32 pixels need about .* MB are free"):
        write_dataset(tmp_path / "set", TINY)
    assert not list(tmp_path.iterdir())


def test_the_estimate_of_space_is_from_below(made: Path) -> None:
    used = sum(path.stat().st_blocks * 512 for path in made.rglob("*.png"))
    assert 0.5 * used < bytes_needed(TINY) <= used


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="cannot write the data set: Not a directory"):
        write_dataset(tmp_path / "file" / "set", TINY)


@pytest.mark.parametrize("size", [33, 97, 101])
@pytest.mark.parametrize("engine", ["float64", "float32", "continuous"])
def test_any_size_can_be_made(tmp_path: Path, size: int, engine: str) -> None:
    parameters = replace(TINY, image_size=size, engine=engine, real_validation=2)
    for domain, label in (("synthetic", 4), ("real_raw", 1)):
        image = render(parameters, Job(domain, "validation", 0, label))
        assert image.shape == (size, size)
        assert image.std() > 1


def test_own_structure_factors_stay_with_the_set(tmp_path: Path) -> None:
    path = tmp_path / "own.hkl"
    path.write_text("".join(f"{h} {k} {h + k} 900\n" for h in range(-9, 10) for k in range(-9, 10)))
    crystal = CrystalSetup(cell=(79, 79, 38), structure_factors=str(path))
    parameters = replace(TINY, real_validation=0, real_test=0, crystal=crystal)
    write_dataset(tmp_path / "one", parameters, workers=2)
    with pytest.raises(KeyboardInterrupt):
        write_dataset(tmp_path / "two", parameters, progress=stop_at(10))
    write_dataset(tmp_path / "two", parameters)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    hits = [path.relative_to(tmp_path) for path in tmp_path.glob("one/synthetic/*/5/*.png")]
    path.unlink()
    assert all(
        np.array_equal(
            rerender(tmp_path / "one", name.relative_to("one").as_posix()),
            np.asarray(Image.open(tmp_path / name)),
        )
        for name in hits
    )
    text = (tmp_path / "one/dataset.json").read_text()
    assert str(tmp_path) not in text
    assert json.loads(text)["parameters"]["crystal"]["structure_factors"] == "own.hkl"


def test_a_bad_list_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    path = tmp_path / "own.hkl"
    path.write_text("1 2 3 nan\n")
    crystal = CrystalSetup(cell=(79, 79, 38), structure_factors=str(path))
    with pytest.raises(DataError, match=r"own\.hkl.*1"):
        write_dataset(tmp_path / "set", replace(TINY, crystal=crystal))
    assert [path.name for path in tmp_path.iterdir()] == ["own.hkl"]


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
