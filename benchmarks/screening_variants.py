"""Latency of DeepFreak's topologies before any training: which are fast enough at all.

python -m benchmarks.screening_variants [topologies=1,...] [widths=1,0.25,0.125] [blocks=3-4-6-3]
    [size=512] [images=20] [batch=64] [rate=130] [cores=2] [pool=strict] [short=true]

Networks of random weights, one image at a time with one thread, in one process: as they are
trained, and as a loaded model has them, their normalisation folded into the convolutions; in turns.
Images/s of one core times the cores is what that many processes would give if they did not disturb
each other; benchmarks.screening measures whether they do. With ``batch`` also milliseconds an image
of that many together: as trained in one pass, and folded in passes whose maps stay in the caches.
Weights do not change the time; accuracy is the search's business: objective=accuracy_latency.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from benchmarks.words import Command, choice, listed, positive, switch, whole


class Latency(NamedTuple):
    """Median milliseconds of an image.

    Attributes:
        trained: Of one by itself, as networks are trained.
        folded: Of one by itself, as loaded models have it.
        together: As ``trained``, of a batch in one pass; None where that was not asked for.
        fitting: As ``folded``, of the same batch in passes that fit the caches.
    """

    trained: float
    folded: float
    together: float | None = None
    fitting: float | None = None


def latency_ms(
    number: int,
    width: float,
    blocks: tuple[int, ...],
    size: int,
    images: int,
    pool: Any,
    batch: int | None = None,
) -> Latency:
    """Time a topology's networks; raise ValueError where nothing fits."""
    import torch

    from trainables.deepfreak import loop
    from trainables.deepfreak.folding import fold
    from trainables.deepfreak.images import DeviceImages
    from trainables.deepfreak.network import build
    from trainables.deepfreak.topologies import topology

    torch.set_num_threads(1)
    column = topology(number).resized(width, blocks)  # type: ignore[arg-type]
    mean = torch.zeros(size, size)
    built = build(column, (size, size), 5, pool, mean, torch.Generator().manual_seed(0))
    folded = fold(copy.deepcopy(built.requires_grad_(False).eval()))
    trained = built.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    pixels = np.random.default_rng(0).integers(0, 60, (batch or 1, size, size), np.uint8)
    some = torch.from_numpy(pixels)
    with torch.inference_mode():
        single = _medians([lambda: trained(some[:1]), lambda: folded(some[:1])], images)
        if batch is None:
            return Latency(*single)
        frames = DeviceImages(pixels, torch.device("cpu"))
        several = _medians(
            [lambda: trained(some), lambda: loop.predict(folded, frames, batch)],
            max(2, images // batch),
        )
    return Latency(*single, *(ms / batch for ms in several))


def _medians(calls: Sequence[Callable[[], object]], times: int) -> list[float]:
    taken: list[list[float]] = [[] for _ in calls]
    for turn in range(times + 1):
        for call, seconds in zip(calls, taken, strict=True):
            begin = time.perf_counter()
            call()
            if turn:  # the first one warms up
                seconds.append(time.perf_counter() - begin)
    return [1e3 * float(np.median(seconds)) for seconds in taken]


def row(number: int, width: float, ms: Latency, rate: float, cores: int) -> str:
    """One line of the table."""
    whole = cores * 1e3 / ms.folded
    line = f"{number:>8}{width:>9g}{ms.trained:>12.2f}{ms.folded:>9.2f}"
    line += f"{ms.trained / ms.folded:>7.2f} ×{whole:>12.1f}{whole / rate:>8.2f} ×"
    if ms.together is None or ms.fitting is None:
        return line
    return line + f"{ms.together:>13.2f}{ms.fitting:>9.2f}{ms.together / ms.fitting:>7.2f} ×"


def main(
    short: bool = False,
    topologies: Sequence[int] | None = None,
    widths: Sequence[float] | None = None,
    blocks: tuple[int, ...] = (3, 4, 6, 3),
    size: int | None = None,
    images: int | None = None,
    batch: int | None = None,
    rate: float = 130.0,
    cores: int = 2,
    pool: str = "strict",
) -> None:
    topologies = topologies or ((9, 10) if short else tuple(range(1, 14)))
    widths = widths or ((1.0, 0.25) if short else (1.0, 0.25, 0.125))
    size, images = size or (224 if short else 512), images or (5 if short else 20)
    print(f"{size} × {size}, blocks {'-'.join(map(str, blocks))}, one thread; GPU: not measured")
    title = (
        f"{'topology':>8}{'width':>9}{'as trained':>12}{'folded':>9}{'ratio':>9}"
        f"{f'× {cores} cores':>12}{'/ rate':>10}"
    )
    if batch is not None:
        title += f"{f'{batch} at once':>13}{'folded':>9}{'ratio':>9}"
    print("milliseconds of an image; images/s of all cores, folded")
    print(title)
    for number in topologies:
        for width in widths:
            try:
                ms = latency_ms(number, width, blocks, size, images, pool, batch)
            except ValueError as error:
                print(f"{number:>8}{width:>9g}  {error}", flush=True)
                continue
            print(row(number, width, ms, rate, cores), flush=True)


command = Command(
    main,
    {
        "topologies": listed(whole(0)),
        "widths": listed(positive),
        "blocks": listed(whole(), "-"),
        "size": whole(),
        "images": whole(),
        "batch": whole(),
        "rate": positive,
        "cores": whole(),
        "pool": choice("strict", "scaled"),
        "short": switch,
    },
)

if __name__ == "__main__":
    raise SystemExit(command())
