"""Following a folder: what appears slowly, grows, breaks off or vanishes. Time is a counter."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from automl.prediction.chosen import Screen, find_search, load, reader
from automl.prediction.predictor import Predictor
from automl.prediction.watching import POLL, follow

PATIENCE = 4 * POLL


@pytest.fixture(scope="module")
def screen(home) -> Screen:
    return load(find_search("forest", home.runs), "cpu", None, trusted=False)


@pytest.fixture
def experiment(home, screen, tmp_path):
    """Follow a folder while a list of functions, one a poll, changes what lies in it."""

    def run(*steps):
        rows, now, waiting = [], [0.0], list(steps)
        frames = reader(find_search("forest", home.runs), {})
        predictor = Predictor(screen, frames, 4, rows.extend)

        def pause(seconds):
            if seconds == 0.0:
                return False
            now[0] += seconds
            if not waiting:
                return True
            waiting.pop(0)()
            return False

        follow(*(tmp_path, frames, predictor, pause), clock=lambda: now[0], patience=PATIENCE)
        return [(row.file.rsplit("/")[-1], row.frame, bool(row.error)) for row in rows]

    return run


def png():
    content = io.BytesIO()
    # Noise: what is cut off its end takes rows with it.
    noise = np.random.default_rng(3).integers(0, 255, (16, 16), np.uint8)
    Image.fromarray(noise).save(content, "PNG")
    return content.getvalue()


def nothing():
    pass


def test_what_is_there_and_what_comes_is_predicted_once(experiment, tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    (tmp_path / "below").mkdir()

    def comes():
        (tmp_path / "below" / "b.png").write_bytes(png())
        (tmp_path / "log.txt").write_text("no image")

    found = experiment(nothing, comes, nothing, nothing, nothing)
    assert found == [("a.png", 0, False), ("b.png", 0, False)]


def test_a_file_is_not_read_while_it_grows(experiment, tmp_path):
    content, path = png(), tmp_path / "a.png"

    def append(part):
        with path.open("ab") as file:
            file.write(part)

    size = len(content) // 3
    parts = [content[:size], content[size : 2 * size], content[2 * size :]]
    steps = [lambda part=part: append(part) for part in parts]
    assert experiment(path.touch, nothing, nothing, *steps, nothing) == [("a.png", 0, False)]


def test_a_writer_that_rests_is_waited_for(experiment, tmp_path):
    content, path = png(), tmp_path / "a.png"
    steps = [lambda: path.write_bytes(content[:150]), nothing, nothing]
    found = experiment(*steps, lambda: path.write_bytes(content), nothing, nothing)
    assert found == [("a.png", 0, False)]


def test_a_file_that_stays_damaged_has_one_row(experiment, tmp_path):
    (tmp_path / "a.png").write_bytes(png()[:150])
    assert experiment(*[nothing] * 12) == [("a.png", None, True)]


def test_a_damaged_file_that_is_mended_has_a_second_row(experiment, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png()[:150])
    mend = [lambda: path.write_bytes(png()), nothing, nothing]
    assert experiment(*[nothing] * 8, *mend) == [("a.png", None, True), ("a.png", 0, False)]


def test_at_the_end_a_damaged_or_empty_file_has_its_row_and_a_vanished_one_none(
    experiment, tmp_path
):
    (tmp_path / "a.png").write_bytes(png()[:150])
    (tmp_path / "b.png").write_bytes(png()[:150])
    (tmp_path / "c.png").touch()
    found = experiment(nothing, (tmp_path / "b.png").unlink)
    assert found == [("a.png", None, True), ("c.png", None, True)]


def test_a_stack_that_grows_has_each_frame_once(experiment, tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "x.h5"

    def write(frames):
        with h5py.File(path, "a") as file:
            if "d" not in file:
                file.create_dataset("d", (0, 16, 16), np.uint16, maxshape=(None, 16, 16))
            file["d"].resize(frames, axis=0)

    steps = [lambda: write(2), nothing, nothing, lambda: write(5), nothing, nothing]
    assert experiment(*steps) == [("x.h5", frame, False) for frame in range(5)]
