"""Both loops compute the same, the command prints its tables, and bad words are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import deepfreak, deepfreak_checkpoints, deepfreak_data, deepfreak_sides
from benchmarks.deepfreak_released import PngImages
from benchmarks.deepfreak_sides import FailedError, Ours, Released

FEW = {"width": 0.5, "blocks": [1, 1, 1, 1], "channels_last": False}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    path = tmp_path_factory.mktemp("images") / "images.npy"
    np.save(path, np.random.default_rng(0).integers(0, 200, (24, 64, 64), np.uint8))
    return path


def losses(images: Path, batch: int) -> tuple[list[float], list[float]]:
    """Of two epochs of three steps, ours and the released loop's."""
    data = deepfreak_data.mapped(images, 3 * batch)
    ours = Ours(data, 10, batch, FEW, "cpu")
    released = Released(data, 10, batch, FEW, "cpu", images.parent / "png")
    return [ours.epoch() for _ in range(2)], [released.epoch() for _ in range(2)]


@pytest.mark.parametrize("batch", [1, 8])
def test_both_loops_compute_the_same(images: Path, batch: int) -> None:
    # The second epoch has an order of its own and the weights of the first.
    ours, released = losses(images, batch)
    assert ours == pytest.approx(released, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "value"), [("learning_rate", 3.1e-3), ("momentum", 0.8), ("weight_decay", 0.1)]
)
def test_a_loop_that_learns_otherwise_computes_something_else(
    images: Path, name: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, _ = losses(images, 8)
    monkeypatch.setitem(deepfreak_sides.LEARNING, name, value)
    _, released = losses(images, 8)
    assert ours != pytest.approx(released, rel=1e-4)


def test_loops_that_disagree_are_not_timed(
    images: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deepfreak, "disagreement", lambda *_: float("nan"))
    monkeypatch.setattr(deepfreak, "stored", lambda *_: images)
    words = ["size=64", "topologies=10", "batches=8", "images=24"]
    assert deepfreak.command([*words, "options=width:0.5,blocks:[1,1,1,1]"]) == 1
    assert "the loops do not compute the same" in capsys.readouterr().err


def test_a_png_is_read_as_the_network_takes_it(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "it.png")
    image, label = PngImages([tmp_path / "it.png"], [3], 0.25)[0]
    assert label == 3
    assert image.shape == (1, 5, 7)
    # Grey levels survive the way through RGB unharmed.
    torch.testing.assert_close(image[0], torch.from_numpy(pixels).float() / 255 - 0.25)


def test_a_larger_set_repeats_its_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deepfreak_data, "DISTINCT", 5)
    data = deepfreak_data.mapped(deepfreak_data.stored(tmp_path, 12, 64), 12)
    assert data.image_shape == (64, 64)
    assert len({image.tobytes() for image in data.train.images}) == 5
    assert (data.train.images[:5] == data.train.images[5:10]).all()
    assert isinstance(data.train.images, np.memmap)


def test_an_unfit_configuration_is_a_failure(images: Path) -> None:
    data = deepfreak_data.mapped(images, 2)
    with pytest.raises(FailedError, match="infeasible: topology 8 leaves one value"):
        Ours(data, 8, 1, {}, "cpu").epoch()


def test_the_short_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert deepfreak.command(["short=true", "width=0.5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("cpu: ")
    assert "1 thread;" in lines[0]
    assert "GFLOP/s" in lines[1]
    topology, batch, released, ours, ratio, floor, bound, of_floor, *differ = lines[-1].split()
    assert (topology, batch) == ("10", "8")
    rate, slower, least = float(ours), float(released), float(floor) / 1e3
    # One round: the ratio is that of the two rates, and the share is the rate times the floor.
    assert float(ratio.rstrip("×")) == pytest.approx(rate / slower, rel=0.02)
    assert float(of_floor.rstrip("%")) / 100 == pytest.approx(rate * least, rel=0.1, abs=1e-3)
    assert bound in ("compute", "memory")
    assert [float(difference) for difference in differ] == pytest.approx([0, 0], abs=1e-3)


def test_a_case_that_cannot_be_trained_is_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["size=64", "topologies=8", "batches=1", "images=3", "rounds=1"]
    assert deepfreak.command(words) == 0
    assert "infeasible" in capsys.readouterr().out.splitlines()[-1]


def test_checkpoints_against_an_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    assert deepfreak.command(["checkpoints=true", "short=true", "images=8"]) == 0
    lines = capsys.readouterr().out.splitlines()
    number, batch, size, write, read, speed, epoch, share = lines[-1].split()
    assert (number, batch) == ("10", "1")
    # Weights and momentum, 4 bytes each.
    assert float(size) > 2 * 4 * 3e5 / 1e6
    assert float(epoch) == pytest.approx(10_000 / float(speed), rel=0.01)
    expected = (float(write) + float(read)) / float(epoch)
    assert float(share.rstrip("%")) / 100 == pytest.approx(expected, rel=0.2, abs=2e-5)
    assert deepfreak_checkpoints.share(2.0, 1.0, 100.0) == pytest.approx(0.03)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["size=32"], "size=32: must be a whole number of at least 64"),
        (["topologies=14"], "topologies=14: topology: Table 9 has columns"),
        (["batches=8,x"], "batches=8,x: must be a whole number"),
        (["width=0"], "width=0: must be a positive number"),
        (["device=tpu"], "device=tpu: unknown 'tpu'; did you mean 'cpu'?"),
        (["options=precision"], "options=precision: expected options=NAME:VALUE"),
        (["options=blocks:[1"], "options=blocks:[1: the value of blocks is not"),
        (["options=widht:2"], "option widht: unknown; did you mean 'width'?"),
        (["workers=1"], "workers: the CPU's clock does not see"),
        (["device=cuda"], "device=cuda: torch finds no CUDA device"),
    ],
)
def test_bad_words_are_refused_in_a_line(
    words: list[str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert deepfreak.command(words) == 2
    captured = capsys.readouterr()
    assert not captured.out
    assert captured.err.startswith(reason)
    assert captured.err.count("\n") == 1
