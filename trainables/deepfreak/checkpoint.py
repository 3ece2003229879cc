"""Checkpoints: one file per configuration and seed, of tensors and plain containers only."""

import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

FORMAT = 1


class CheckpointError(Exception):
    """A checkpoint cannot be used; the text says why."""


@dataclass(frozen=True)
class Checkpoint:
    """Everything a run needs to continue exactly.

    Attributes:
        identity: what was trained: configuration, seed, options and data, as plain values.
        network: the network's state (weights, batch statistics, mean image).
        optimizer: the optimiser's state (momentum).
        history: one report per finished epoch.
        versions: what computed it; other versions may continue with other last bits.
    """

    identity: dict[str, Any]
    network: dict[str, Any]
    optimizer: dict[str, Any]
    history: list[dict[str, Any]]
    versions: dict[str, str]

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return len(self.history)


_FIELDS = {
    "identity": dict, "network": dict, "optimizer": dict, "history": list, "versions": dict,
}  # fmt: skip


def write(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint so that the file is, at any moment, the old one or the new one."""
    content = {name: getattr(checkpoint, name) for name in _FIELDS}
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            torch.save({"format": FORMAT, **content}, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read(path: Path) -> Checkpoint:
    """Read a checkpoint onto the CPU; nothing in the file is executed.

    Raises:
        CheckpointError: the file is damaged, or no checkpoint of this format.
    """
    try:
        # torch does not check the archive's sums itself: a flipped bit would pass as a weight.
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise CheckpointError(f"checkpoint {path.name} is corrupt: {damaged} fails its sum")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except Exception as error:
        # Damage surfaces as almost any exception (zip, pickle, key, value, runtime errors), and
        # whichever it is, the file is of no use: the caller is told which.
        first_line = (str(error).splitlines() or [""])[0]
        raise CheckpointError(
            f"checkpoint {path.name} is corrupt: {type(error).__name__}: {first_line}"
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"checkpoint {path.name} is not of format {FORMAT}")
    for name, kind in _FIELDS.items():
        if not isinstance(content.get(name), kind):
            raise CheckpointError(f"checkpoint {path.name} is corrupt: {name} is missing")
    return Checkpoint(**{name: content[name] for name in _FIELDS})


def check_identity(path: Path, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Refuse a checkpoint of another run.

    Raises:
        CheckpointError: the first thing that differs, with both values.
    """
    for name, value in _flat(expected).items():
        other = _flat(found).get(name)
        if other != value:
            raise CheckpointError(
                f"checkpoint {path.name} belongs to another run: {name} is {other!r}, not {value!r}"
            )


def _flat(identity: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in identity.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": item for inner, item in value.items()}
        else:
            flat[name] = value
    return flat
