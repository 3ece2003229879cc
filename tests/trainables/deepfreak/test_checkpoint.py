from pathlib import Path

import pytest
import torch

from trainables.deepfreak.checkpoint import Checkpoint, CheckpointError, check_identity, read, write

SAVED = Checkpoint(
    identity={"seed": 3, "configuration": {"momentum": 0.5}},
    network={"weight": torch.arange(1000.0)},
    optimizer={"state": {0: {"momentum_buffer": torch.ones(4)}}, "param_groups": []},
    history=[{"epoch": 1, "train_loss": 0.1}],
    versions={"torch": "2"},
)


class Unwritable:
    def __reduce__(self) -> str:
        raise OSError("disk full")


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "new" / "trial.pt"
    write(path, SAVED)
    found = read(path)
    assert (found.identity, found.history, found.epoch) == (SAVED.identity, SAVED.history, 1)
    assert torch.equal(found.network["weight"], SAVED.network["weight"])
    assert [entry.name for entry in path.parent.iterdir()] == ["trial.pt"]


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "trial.pt"
    write(path, SAVED)
    before = path.read_bytes()
    with pytest.raises(OSError, match="disk full"):
        write(path, Checkpoint({}, {"weight": Unwritable()}, {}, [], {}))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["trial.pt"]


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "trial.pt"
    write(path, SAVED)
    content = path.read_bytes()
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match=r"checkpoint trial\.pt is corrupt"):
            read(path)


def test_flipped_bit_in_a_weight_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "trial.pt"
    write(path, SAVED)
    content = bytearray(path.read_bytes())
    content[content.find(SAVED.network["weight"].numpy().tobytes()) + 2001] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="corrupt"):
        read(path)


class Payload:
    """Something whose unpickling would run code."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("executed",))


def test_nothing_is_executed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "trial.pt"
    torch.save({"format": 1, "identity": Payload()}, path)
    with pytest.raises(CheckpointError, match="corrupt"):
        read(path)
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [([], "format 1"), ({"format": 0}, "format 1"), ({"format": 1}, "identity is missing")],
)
def test_other_contents(tmp_path: Path, content: object, message: str) -> None:
    torch.save(content, tmp_path / "trial.pt")
    with pytest.raises(CheckpointError, match=message):
        read(tmp_path / "trial.pt")


def test_identity_names_what_differs() -> None:
    expected = {"seed": 3, "configuration": {"momentum": 0.9}}
    with pytest.raises(CheckpointError, match=r"configuration\.momentum is 0\.5, not 0\.9"):
        check_identity(Path("a/trial.pt"), SAVED.identity, expected)
    check_identity(Path("trial.pt"), SAVED.identity, SAVED.identity)
