"""What a worker's trials need of its GPU, and when the GPU has room for them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from automl.gpu import GIB, visible_gpu
from automl.gpu_room import GpuRoom
from automl.plugins import TrainingData

UNKNOWN = (
    "the GPU's memory is not known (nvidia-smi does not list it): trials that share it are not "
    "kept from exceeding it; set cluster.gpu_memory to its GiB"
)


class Admission:
    """Admits the trials of one worker process to its GPU, beside those of other processes.

    Args:
        room: The GPU's.
        trainable: A class with ``memory`` (see :class:`automl.plugins.Sharing`).
        options: The trainable's.
        data: What trials see.
    """

    def __init__(
        self, room: GpuRoom, trainable: Any, options: Mapping[str, Any], data: TrainingData
    ) -> None:
        self._room = room
        self._trainable = trainable
        self._options = options
        self._data = data
        images = len(data.train.labels) + len(data.validation.labels)
        self._kept = kept(trainable, options, data.image_shape, images)
        room.keep(self._kept)

    def needed(self, configuration: Mapping[str, Any]) -> int:
        """Return the bytes that a trial needs; 0 for one that says itself why it cannot run."""
        shape, classes = self._data.image_shape, len(self._data.classes)
        try:
            return int(self._trainable.memory(self._options, configuration, shape, classes))
        except ValueError:
            return 0

    def refusal(self, needed: int) -> str | None:
        """Return why a trial fits on the GPU not even alone; None if it does."""
        if needed + self._kept <= self._room.capacity:
            return None
        return (
            f"needs about {_gib(needed)} on the GPU, beside the {_gib(self._kept)} that its worker "
            f"keeps there; the GPU has {_gib(self._room.capacity)}"
        )

    def reserved(self, needed: int) -> AbstractContextManager[None]:
        """Wait for so many bytes and hold them."""
        return self._room.reserved(needed)

    def alone(self) -> AbstractContextManager[None]:
        """Wait until no other trial is on the GPU, and let none in."""
        return self._room.alone()

    def exhausted(self, needed: int, reason: str) -> str:
        """Return why a trial that ran out of memory alone too is infeasible."""
        return (
            f"out of memory alone on the GPU, which has {_gib(self._room.capacity)}; estimated at "
            f"{_gib(needed)}: {reason}"
        )


def find_admission(
    device: str,
    gpu_memory: float | None,
    trainable: Any,
    options: Mapping[str, Any],
    data: TrainingData,
) -> Admission | None:
    """Return what admits trials on this device; None if nothing has to, or nothing can.

    Args:
        device: ``cpu`` or ``cuda``.
        gpu_memory: The GPU's memory in GiB; None to ask for it.
        trainable: The class.
        options: The trainable's.
        data: What trials see.

    Raises:
        OSError: The folder for temporary files cannot be written.
    """
    if not is_shared(device, trainable):
        return None
    gpu = visible_gpu(gpu_memory)
    if gpu is None:
        return None
    # Of the node's own storage, and of this user's.
    folder = Path(tempfile.gettempdir()) / f"automl-gpu-{os.getuid()}" / gpu.name
    return Admission(GpuRoom(folder, gpu.capacity), trainable, options, data)


def is_shared(device: str, trainable: Any) -> bool:
    """Whether trials on this device are to be kept from exceeding its memory together."""
    return device == "cuda" and hasattr(trainable, "memory")


def kept(
    trainable: Any, options: Mapping[str, Any], image_shape: tuple[int, int], images: int
) -> int:
    """Return the bytes that a worker process keeps on the GPU between trials."""
    if not hasattr(trainable, "kept_memory"):
        return 0
    return int(trainable.kept_memory(options, image_shape, images))


def _gib(amount: int) -> str:
    return f"{amount / GIB:.1f} GiB"
