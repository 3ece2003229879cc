"""What the benchmarks of DeepFreak run on: its name, its clock and its rates."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.deepfreak_floor import Rates

CPU_SIDE, CPU_VALUES = 1024, 2**25  # a matrix product of 2 GFLOP, a copy of 128 MiB
CUDA_SIDE, CUDA_VALUES = 8192, 2**28  # 1.1 TFLOP, 1 GiB: long beside the start of a kernel


@dataclass(frozen=True)
class Clock:
    """Seconds: of the processor on the CPU, of the wall once the device is idle on a GPU."""

    device: str

    @property
    def unit(self) -> str:
        return "CPU time" if self.device == "cpu" else "wall time, device synchronised"

    def now(self) -> float:
        if self.device == "cpu":
            return time.process_time()
        torch.cuda.synchronize()
        return time.perf_counter()


def hardware(device: str) -> str:
    """The processor's or the GPU's name."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def description(device: str) -> str:
    """One line: hardware, torch, threads."""
    cuda = f", CUDA {torch.version.cuda}" if device == "cuda" else ""
    threads = torch.get_num_threads()
    return (
        f"{device}: {hardware(device)}; torch {torch.__version__}{cuda}; "
        f"{threads} thread{'s' * (threads != 1)}"
    )


def rates(device: str, precision: str = "float32", repeats: int = 5) -> Rates:
    """Measure the machine at its best: the quickest of several turns.

    On a GPU float32 products may use TF32, as convolutions there do by torch's default.
    """
    cpu = device == "cpu"
    side, values = (CPU_SIDE, CPU_VALUES) if cpu else (CUDA_SIDE, CUDA_VALUES)
    kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
    before = torch.get_float32_matmul_precision()
    if not cpu and torch.backends.cudnn.allow_tf32:
        torch.set_float32_matmul_precision("high")
    try:
        left = torch.randn(side, side, device=device, dtype=kind)
        result = torch.empty_like(left)
        product = _quickest(lambda: torch.mm(left, left, out=result), device, repeats)
    finally:
        torch.set_float32_matmul_precision(before)
    source = torch.zeros(values, device=device)
    target = torch.empty_like(source)
    copy = _quickest(lambda: target.copy_(source), device, repeats)
    return Rates(flop=2 * side**3 / product, memory=2 * source.nbytes / copy)


def _quickest(run: Callable[[], object], device: str, repeats: int) -> float:
    clock = Clock(device)
    run()  # warm, its memory touched
    taken = []
    for _ in range(repeats):
        begun = clock.now()
        run()
        taken.append(clock.now() - begun)
    return min(taken)
