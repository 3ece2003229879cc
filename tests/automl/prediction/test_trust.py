"""Whose files the command reads: missing and damaged ones, and pickles with and without trust."""

from __future__ import annotations

import csv
import io
import shutil

from automl import predict


def call(home, capsys, *words):
    """Run the command; return status, rows by column, and what it says."""
    status = predict.main([*map(str, words), "--runs", str(home.runs)])
    shown = capsys.readouterr()
    return status, list(csv.DictReader(io.StringIO(shown.out))), shown.err


def test_a_missing_or_damaged_model_is_refused(home, capsys, tmp_path):
    image = home.images / "synthetic/test/1/00.png"
    shutil.copytree(home.runs, tmp_path / "runs")
    model = tmp_path / "runs/forest/checkpoints/abc-5.ckpt"
    for content, words in ((b"damage", "not a readable model"), (None, "is gone")):
        model.unlink()
        if content:
            model.write_bytes(content)
        assert predict.main(["forest", str(image), "--runs", str(tmp_path / "runs")]) == 2
        assert words in capsys.readouterr().err


def test_a_pickle_is_not_run_without_trust_wherever_it_lies(home, capsys, tmp_path):
    image, ran = home.images / "synthetic/test/1/00.png", tmp_path / "ran"

    class Trap:
        def __reduce__(self):
            return ran.touch, ()

    import joblib

    shutil.copytree(home.runs, tmp_path / "runs")
    trap = tmp_path / "runs/forest/checkpoints/abc-5.ckpt"
    joblib.dump(Trap(), trap)
    for words in (("--runs", tmp_path / "runs"), ("--model", trap, "--runs", home.runs)):
        assert predict.main(["forest", str(image), *map(str, words)]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "--trust-pickle" in said
        assert not ran.exists()


def test_a_trusted_pickle_is_read_with_a_warning(home, capsys, tmp_path):
    import joblib

    from trainables.classical.model_file import load_pipeline

    image, old = home.images / "synthetic/test/1/00.png", tmp_path / "old.ckpt"
    joblib.dump(load_pipeline(home.runs / "machine/checkpoints/abc-5.ckpt"), old, compress=3)
    status, rows, said = call(home, capsys, "machine", image, "--model", old, "--trust-pickle")
    assert status == 0
    assert "warning: --trust-pickle" in said
    assert rows[0]["probabilities"] == "nominal"
    (own,) = call(home, capsys, "machine", image)[1]
    assert {key: rows[0][key] for key in own if key.startswith("p_")} == {
        key: own[key] for key in own if key.startswith("p_")
    }


def test_a_model_of_elsewhere_needs_no_trust_where_its_file_is_safe(home, capsys, tmp_path):
    image, own = home.images / "synthetic/test/1/00.png", tmp_path / "own.ckpt"
    shutil.copy(home.runs / "machine/checkpoints/abc-5.ckpt", own)
    status, rows, said = call(home, capsys, "forest", image, "--model", own)
    assert status == 0
    assert "warning" not in said
    assert rows[0]["probabilities"] == "nominal"


def test_files_of_a_trainable_that_unpickles_are_the_search_s_own(
    home, capsys, tmp_path, monkeypatch
):
    monkeypatch.setattr("trainables.classical.Classical.unpickles", True)
    image = home.images / "synthetic/test/1/00.png"
    shutil.copytree(home.runs, tmp_path / "runs")
    model = tmp_path / "runs/forest/checkpoints/abc-5.ckpt"
    assert predict.main(["forest", str(image), "--runs", str(tmp_path / "runs")]) == 0
    capsys.readouterr()
    # A link out of the folder is from elsewhere.
    elsewhere = model.rename(tmp_path / "elsewhere.ckpt")
    model.symlink_to(elsewhere)
    assert predict.main(["forest", str(image), "--runs", str(tmp_path / "runs")]) == 2
    assert "--trust-pickle" in capsys.readouterr().err
