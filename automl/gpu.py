"""Which GPU a process sees, and how much memory it has. Asks the driver's tool, imports nothing."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass

GIB = 2**30
_MIB = 2**20
_QUERY = (
    "nvidia-smi",
    "--query-gpu=index,uuid,memory.total",
    "--format=csv,noheader,nounits",
)
_SECONDS = 60.0


@dataclass(frozen=True)
class Gpu:
    """One GPU: what all processes of its node call it, and its memory in bytes."""

    name: str
    capacity: int


def visible_gpu(gpu_memory: float | None) -> Gpu | None:
    """Return the first GPU that this process may use; None if its memory is not known.

    With several unlike GPUs and no ``CUDA_VISIBLE_DEVICES``, CUDA may count another one first
    than ``nvidia-smi``; Ray sets the variable.

    Args:
        gpu_memory: Its memory in GiB; None to ask ``nvidia-smi``.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    first = None if visible is None else visible.split(",")[0].strip()
    found = _matching(_listed(), first)
    if gpu_memory is not None:
        name = found.name if found is not None else f"index-{first or '0'}"
        return Gpu(_file_name(name), int(gpu_memory * GIB))
    return found


def _listed() -> list[tuple[str, Gpu]]:
    """Return indices and GPUs; empty where the tool is missing or does not answer."""
    try:
        done = subprocess.run(_QUERY, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[cell.strip() for cell in line.split(",")] for line in done.stdout.splitlines()]
    # A GPU that shares its memory with the processor has no figure.
    return [
        (row[0], Gpu(_file_name(row[1]), int(row[2]) * _MIB))
        for row in rows
        if len(row) == 3 and row[2].isdigit()
    ]


def _matching(listed: list[tuple[str, Gpu]], first: str | None) -> Gpu | None:
    for index, gpu in listed:
        # CUDA takes the beginning of an identifier for the whole.
        if first is None or first == index or (first and gpu.name.startswith(first)):
            return gpu
    return None


def _file_name(text: str) -> str:
    return re.sub(r"[^\w.-]", "_", text)
