"""The command, called in this process: what it writes, refuses and returns."""

from __future__ import annotations

import csv
import errno
import fcntl
import io
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from automl import predict
from automl.prediction.rows_file import RowsFile
from diffranet.domains import CLASSES


def call(home, capsys, *words):
    """Run the command; return status, rows by column, and what it says."""
    status = predict.main([*map(str, words), "--runs", str(home.runs)])
    shown = capsys.readouterr()
    return status, list(csv.DictReader(io.StringIO(shown.out))), shown.err


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ["forest", "machine"])
def test_every_image_of_a_folder_has_its_row(home, capsys, name):
    status, rows, said = call(home, capsys, name, home.images / "synthetic" / "test")
    assert status == 0
    assert [row["file"].split("/")[-2:] for row in rows] == [
        [str(label), f"{index:02}.png"] for label in range(1, 6) for index in range(4)
    ]
    for row in rows:
        chances = [float(row[f"p_{kind}"]) for kind in CLASSES]
        assert sum(chances) == pytest.approx(1, abs=1e-4)
        assert row["class"] == CLASSES[int(np.argmax(chances))]
        assert float(row["confidence"]) == max(chances)
        assert row["diffraction"] == ("no" if row["class"] in CLASSES[:2] else "yes")
        assert row["probabilities"] == ("nominal" if name == "machine" else "estimated")
        assert row["model"] == f"{name}/abc-5"
    right = sum(CLASSES[int(row["file"].split("/")[-2]) - 1] == row["class"] for row in rows)
    assert right >= 18
    assert ("nominal" in said) == (name == "machine")
    assert "20 images: diffraction" in said


def test_the_training_images_are_not_needed(home, capsys, tmp_path):
    shutil.copytree(home.runs, tmp_path / "runs")
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(tmp_path / "x.png")
    status = predict.main(["forest", str(tmp_path / "x.png"), "--runs", str(tmp_path / "runs")])
    assert status == 0
    assert ",blank,no," in capsys.readouterr().out


def test_one_batch_or_many_give_the_same_rows(home, capsys):
    folder = home.images / "synthetic" / "validation"
    whole = call(home, capsys, "forest", folder)[1]
    assert call(home, capsys, "forest", folder, "--batch", 3)[1] == whole


def test_names_patterns_and_folders_are_each_taken_once(home, capsys, tmp_path):
    for name in ("b.png", "a.png", ".hidden.png"):
        Image.fromarray(np.zeros((16, 16), np.uint8)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    words = (tmp_path / "b.png", tmp_path, str(tmp_path / "*"), f"{tmp_path}/../{tmp_path.name}")
    _, rows, said = call(home, capsys, "forest", *words)
    assert [row["file"] for row in rows] == [str(tmp_path / "b.png"), str(tmp_path / "a.png")]
    assert said.endswith("\nautoml: 1 file skipped: no image's ending (.txt)\n")
    # An index of the stacks beside it is no loss.
    for name in ("more.TXT", "README", "run_master.h5"):
        (tmp_path / name).touch()
    said = call(home, capsys, "forest", tmp_path)[2]
    assert said.endswith("\nautoml: 3 files skipped: no image's ending (.txt 2, none 1)\n")


def test_an_unreadable_image_is_a_row_and_the_others_have_theirs(home, capsys, tmp_path):
    good = np.zeros((16, 16), np.uint8)
    for name in ("a.png", "c.png"):
        Image.fromarray(good).save(tmp_path / name)
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:40])
    Image.fromarray(good[:9]).save(tmp_path / "d.png")
    (tmp_path / "e.txt").write_text("no image")
    status, rows, said = call(home, capsys, "forest", tmp_path, tmp_path / "e.txt")
    assert status == 1
    assert [bool(row["error"]) for row in rows] == [False, True, False, True, True]
    assert [row["class"] != "" for row in rows] == [True, False, True, False, False]
    assert "damaged" in rows[1]["error"]
    assert "9 × 16" in rows[3]["error"]
    assert "no known kind" in rows[4]["error"]
    assert "3 unreadable" in said


def test_what_was_done_to_another_size_is_said_once_for_each(home, capsys, tmp_path):
    for name, size in (("a", 24), ("b", 24), ("c", 32), ("d", 16)):
        Image.fromarray(np.zeros((size, size), np.uint8)).save(tmp_path / f"{name}.png")
    status, rows, said = call(home, capsys, "forest", tmp_path)
    assert (status, len(rows)) == (0, 4)
    assert said.count("images of 24 × 24 (the model's: 16 × 16): the central 16 × 16") == 1
    assert said.count("images of 32 × 32 (the model's: 16 × 16): all") == 1
    assert said.count("\n") == 3
    status, rows, said = call(home, capsys, "forest", tmp_path, "--downsample", "fit")
    assert rows[0]["model"] == "forest/abc-5 downsample=fit"
    assert "images of 24 × 24 (the model's: 16 × 16): all is classified; 1.5" in said


def test_names_that_are_no_text_are_escaped(home, capsys, tmp_path):
    content = (home.images / "synthetic/test/1/00.png").read_bytes()
    (tmp_path / os.fsdecode(b"caf\xe9.png")).write_bytes(content)
    (tmp_path / "two\nlines.png").write_bytes(content)
    out = tmp_path / "rows.csv"
    for images in (2, 0):
        status, _, said = call(home, capsys, "forest", tmp_path, "--out", out)
        assert status == 0
        assert f"{images} images" in said
    assert [row["file"].rsplit("/")[-1] for row in rows_of(out)] == [
        "caf\\udce9.png",
        "two\nlines.png",
    ]


def test_a_stack_has_a_row_for_each_frame(home, capsys, tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["entry/data"] = np.zeros((5, 32, 40), np.uint16)
    status, rows, _ = call(home, capsys, "forest", f"{tmp_path}/x.h5:/entry/data", "--batch", 2)
    assert status == 0
    assert [row["frame"] for row in rows] == list("01234")


def test_a_table_for_a_terminal(home, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    predict.main(["forest", str(home.images / "synthetic/test/5"), "--runs", str(home.runs)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["file", "frame", "class", "diffraction", *CLASSES]
    assert len({len(line) for line in lines}) == 1
    assert lines[1].split()[1] == "0"
    assert lines[1].split()[2] in CLASSES
    assert lines[1].split()[3] == "yes"


def test_a_table_does_not_name_an_unreadable_image_twice(home, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    (tmp_path / "x.png").write_bytes(b"no image")
    predict.main(["forest", str(tmp_path / "x.png"), "--runs", str(home.runs)])
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.split("unreadable: ")[1].startswith("damaged: no readable PNG image")
    assert last.count("x.png") == 1


def test_a_file_of_rows_is_continued_and_no_image_predicted_twice(home, capsys, tmp_path):
    out, folder = tmp_path / "rows.csv", home.images / "synthetic" / "test"
    call(home, capsys, "forest", folder / "1", "--out", out)
    whole = out.read_bytes()
    out.write_bytes(whole[:-9])  # as a kill would leave it
    status, shown, said = call(home, capsys, "forest", folder / "1", folder / "2", "--out", out)
    assert (status, shown) == (0, [])
    assert out.read_bytes().startswith(whole)
    assert [row["file"][-8:] for row in rows_of(out)] == [
        f"{label}/{index:02}.png" for label in (1, 2) for index in range(4)
    ]
    assert f"{out} has 3 images already" in said
    assert "5 images added to 3" in said


def test_a_file_of_rows_of_another_model_is_refused(home, capsys, tmp_path):
    out, image = tmp_path / "rows.csv", home.images / "synthetic/test/1/00.png"
    call(home, capsys, "forest", image, "--out", out)
    before = out.read_bytes()
    status, _, said = call(home, capsys, "machine", image, "--out", out)
    assert status == 2
    assert "rows of the model forest/abc-5" in said
    assert call(home, capsys, "forest", image, "--out", out, "--crop", "upper")[0] == 2
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a line of notes", "has other columns"),
        (b"\x00" * 200_000 + b"\n", "has other columns"),
        (b"HEADa.png,0,blank\n", "line 2 of"),
        (b'HEAD"' + b"\n" * 200_000, "is damaged"),
    ],
)
def test_a_file_that_is_no_table_of_rows_keeps_its_content(home, capsys, tmp_path, content, words):
    out, image = tmp_path / "rows.csv", home.images / "synthetic/test/1/00.png"
    call(home, capsys, "forest", image, "--out", out)
    head = out.read_bytes().splitlines(keepends=True)[0]
    out.write_bytes(content.replace(b"HEAD", head))
    before = out.read_bytes()
    status, _, said = call(home, capsys, "forest", image, "--out", out)
    assert (status, said.count("\n")) == (2, 1)
    assert words in said
    assert out.read_bytes() == before


def test_two_commands_do_not_write_to_one_file(home, capsys, tmp_path):
    out, image = tmp_path / "rows.csv", home.images / "synthetic/test/1/00.png"
    call(home, capsys, "forest", image, "--out", out)
    with out.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        status, _, said = call(home, capsys, "forest", image, "--out", out)
    assert status == 2
    assert "another command is writing" in said


def test_an_image_that_was_unreadable_is_tried_again(home, capsys, tmp_path):
    out, image = tmp_path / "rows.csv", tmp_path / "a.png"
    image.write_bytes(b"")
    assert call(home, capsys, "forest", image, "--out", out)[0] == 1
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(image)
    assert call(home, capsys, "forest", image, "--out", out)[0] == 0
    assert [row["class"] for row in rows_of(out)] == ["", "blank"]


def test_parquet_has_the_same_rows_with_types(home, capsys, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "bad.png").write_bytes(b"")
    words = ("forest", home.images / "synthetic" / "test" / "5", tmp_path / "bad.png")
    rows = call(home, capsys, *words)[1]
    assert call(home, capsys, *words, "--out", tmp_path / "rows.parquet")[0] == 1
    found = parquet.read_table(tmp_path / "rows.parquet").to_pylist()
    assert [row["file"] for row in found] == [row["file"] for row in rows]
    assert [row["frame"] for row in found] == [0, 0, 0, 0, None]
    assert [row["diffraction"] for row in found] == [True] * 4 + [None]
    assert found[0]["p_strong"] == float(rows[0]["p_strong"])
    assert found[4]["error"] == rows[4]["error"]
    assert [path.name for path in tmp_path.iterdir() if "rows" in path.name] == ["rows.parquet"]
    status, _, said = call(home, capsys, *words, "--out", tmp_path / "rows.parquet")
    assert status == 2
    assert "cannot be continued" in said


def test_what_was_stopped_keeps_its_rows_and_is_taken_up(home, capsys, tmp_path, monkeypatch):
    out, folder = tmp_path / "rows.parquet", home.images / "synthetic" / "test"
    asked = []

    def stopped(self):
        asked.append(True)
        return len(asked) > 5

    with monkeypatch.context() as patch:
        patch.setattr("threading.Event.is_set", stopped)
        status, _, said = call(home, capsys, "forest", folder, "--out", out, "--batch", 2)
    assert status == 130
    assert not out.exists()
    kept = len(rows_of(tmp_path / "rows.parquet.rows.csv"))
    assert 0 < kept < 20
    assert f"{kept} images" in said
    status, _, said = call(home, capsys, "forest", folder, "--out", out)
    assert status == 0
    assert f"{20 - kept} images" in said


def test_a_disk_that_fills_up_is_one_line_and_keeps_the_rows_before(
    home, capsys, tmp_path, monkeypatch
):
    folder, out = home.images / "synthetic/test/1", tmp_path / "rows.csv"
    write, room = RowsFile._write, [True, True]  # for the header and for a batch

    def fill(self, text):
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room.pop()
        write(self, text)

    monkeypatch.setattr(RowsFile, "_write", fill)
    status, _, said = call(home, capsys, "forest", folder, "--out", out, "--batch", 2)
    assert status == 1
    assert said == f"automl: {out}: cannot be written (No space left on device)\n"
    assert len(rows_of(out)) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["forst", "."], "did you mean 'forest'"),
        (["unfinished", "."], "has not finished"),
        (["forest"], "no images are named"),
        (["forest", "nowhere.png"], "no such file or folder"),
        (["forest", "nowhere*.png"], "no images there"),
        (["forest", ".", "--batch", "0"], "--batch: 0 is below 1"),
        (["forest", ".", "--out", "rows.xls"], "neither .csv nor .parquet"),
        (["forest", "--watch", "nowhere"], "is no folder"),
        (["forest", "x.png", "--watch", "."], "follows . alone, and x.png is named too"),
        (["forest", ".", "--downsample", "half"], "--downsample: 'half' is no way"),
        (["forest", ".", "--crop", "top"], "--crop: 'top' is no part"),
        (["forest", ".", "--model", "nowhere"], "there is no file"),
        (["forest", ".", "--device", "cuda"], "use cpu"),
        (["forest", ".", "--colour"], "--help lists the options"),
    ],
)
def test_bad_input_is_refused_in_one_line(home, capsys, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.zeros((16, 16), np.uint8)).save("x.png")
    status, rows, text = call(home, capsys, *words)
    assert (status, rows) == (2, [])
    assert said in text
    assert text.startswith("automl: ")
    assert text.count("\n") == 1


def test_a_folder_that_the_user_may_not_look_into_is_refused(home, capsys, tmp_path, monkeypatch):
    (tmp_path / "shut").mkdir()
    look = os.scandir

    # Root may look everywhere: so that the test is of the answer, whoever runs it.
    def refused(path):
        if str(path).endswith("shut"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return look(path)

    monkeypatch.setattr("os.scandir", refused)
    monkeypatch.setattr("os.access", lambda path, mode: not str(path).endswith("shut"))
    for words in ([tmp_path], ["--watch", tmp_path / "shut"]):
        status, _, said = call(home, capsys, "forest", *words)
        assert (status, said.count("\n")) == (2, 1)
        assert "shut: cannot be looked into (Permission denied)" in said


def test_a_model_that_compares_images_says_so_and_watches_none(home, capsys, monkeypatch):
    folder = home.images / "synthetic" / "test"
    model = "trainables.classical.fitted.FittedModel.together"
    monkeypatch.setattr(model, property(lambda self: True))
    status, _, said = call(home, capsys, "forest", folder, "--batch", 7)
    assert status == 0
    assert "others of their batch, 7 here" in said
    assert call(home, capsys, "forest", "--watch", folder)[0] == 2


@pytest.mark.e2e
def test_ctrl_c_ends_watching_with_a_summary(home, tmp_path):
    folder = tmp_path / "experiment"
    folder.mkdir()
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(folder / "a.png")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "automl.predict", "forest"),
            *("--watch", str(folder), "--runs", str(home.runs)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    lines = [process.stdout.readline() for _ in range(2)]
    assert "a.png,0,blank,no" in lines[1]
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(folder / "b.png")
    assert "b.png,0,blank,no" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, said = process.communicate(timeout=300)
    assert process.returncode == 0
    assert rest == ""
    assert said.splitlines()[-1].startswith("automl: 2 images: diffraction 0")
    assert "Traceback" not in said
