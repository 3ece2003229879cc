"""Latency of DeepFreak's topologies before any training: which are fast enough at all.

python -m benchmarks.screening_variants [topologies=1,...] [widths=1,0.25,0.125] [blocks=3-4-6-3]
    [size=512] [images=20] [rate=130] [cores=2] [pool=strict]

Networks of random weights, in evaluation mode, one image at a time with one thread, in one process:
images/s of one core times the cores is what that many processes would give if they did not disturb
each other; benchmarks.screening measures whether they do. Weights do not change the time; accuracy
is the search's business: objective=accuracy_latency.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from automl.errors import UserError

READERS: dict[str, Any] = {
    "topologies": lambda text: [int(word) for word in text.split(",")],
    "widths": lambda text: [float(word) for word in text.split(",")],
    "blocks": lambda text: tuple(int(word) for word in text.split("-")),
    "size": int,
    "images": int,
    "rate": float,
    "cores": int,
    "pool": str,
}


def latency_ms(
    number: int, width: float, blocks: tuple[int, ...], size: int, images: int, pool: Any
) -> float:
    """Return the median milliseconds of one image; raise ValueError where nothing fits."""
    import torch

    from trainables.deepfreak.network import build
    from trainables.deepfreak.topologies import topology

    torch.set_num_threads(1)
    column = topology(number).resized(width, blocks)  # type: ignore[arg-type]
    mean = torch.zeros(size, size)
    network = build(column, (size, size), 5, pool, mean, torch.Generator().manual_seed(0))
    network.requires_grad_(False).eval()
    rng = np.random.default_rng(0)
    frames = torch.from_numpy(rng.integers(0, 60, (images, 1, size, size), np.uint8))
    taken = []
    with torch.inference_mode():
        network(frames[:1])
        for index in range(images):
            begin = time.perf_counter()
            network(frames[index : index + 1])
            taken.append(time.perf_counter() - begin)
    return 1e3 * float(np.median(taken))


def row(number: int, width: float, ms: float, rate: float, cores: int) -> str:
    """One line of the table."""
    whole = cores * 1e3 / ms
    return f"{number:>8}{width:>9g}{ms:>10.2f}{1e3 / ms:>12.1f}{whole:>12.1f}{whole / rate:>9.2f} ×"


def main(
    topologies: Sequence[int] = tuple(range(1, 14)),
    widths: Sequence[float] = (1.0, 0.25, 0.125),
    blocks: tuple[int, ...] = (3, 4, 6, 3),
    size: int = 512,
    images: int = 20,
    rate: float = 130.0,
    cores: int = 2,
    pool: str = "strict",
) -> None:
    print(f"{size} × {size}, blocks {'-'.join(map(str, blocks))}, one thread; GPU: not measured")
    print(
        f"{'topology':>8}{'width':>9}{'p50 ms':>10}{'images/s':>12}"
        f"{f'× {cores} cores':>12}{'/ rate':>10}"
    )
    for number in topologies:
        for width in widths:
            try:
                ms = latency_ms(number, width, blocks, size, images, pool)
            except ValueError as error:
                print(f"{number:>8}{width:>9g}  {error}", flush=True)
                continue
            print(row(number, width, ms, rate, cores), flush=True)


def arguments(words: Sequence[str]) -> dict[str, Any]:
    """Read ``key=value`` words as `main` takes them; raise UserError naming the bad one."""
    given: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or key not in READERS:
            raise UserError(f"{word}: expected KEY=VALUE with one of {', '.join(READERS)}")
        try:
            given[key] = READERS[key](text)
        except ValueError as error:
            raise UserError(f"{word}: {error}") from error
    return given


def command(words: Sequence[str]) -> int:
    """Run the benchmark; return the exit code."""
    try:
        main(**arguments(words))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(command(sys.argv[1:]))
