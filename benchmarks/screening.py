"""Images per second and milliseconds per image of searches' final models, as a screen has them.

python -m benchmarks.screening search=NAME[,NAME...] [images=256] [cores=1,2] [rate=130] [runs=runs]
    [trust_pickle=true]

Each core is a process of its own, bound to it, with one thread and its own copy of the model;
processes begin together. Images are simulated, of every class, and lie in memory; features are
computed within the time. One image at a time gives the latency, a batch at a time the throughput.
Both are held against a detector's rate in Hz, by default the 130 of the paper's ICLR version. Where
torch finds a GPU and the model runs there, copies to and from it are within the time. The load says
how many processes, of others too, wanted a core in the minute before.

Below stands where one image's time goes on one core: decoding a PNG file, and each step of the
model where it has steps. Models of earlier versions are pickles and want trust_pickle=true.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from threadpoolctl import threadpool_limits

from automl.errors import UserError
from automl.prediction.chosen import Search, find_search, load, reader
from automl.provenance import provenance
from benchmarks.words import Command, listed, positive, switch, whole

BATCH = 32
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

Images = npt.NDArray[np.uint8]


class Pace(NamedTuple):
    """Seconds: each image alone, then the same images in batches from begin to end."""

    alone: list[float]
    begin: float
    end: float


class Line(NamedTuple):
    """A row of the table: images/s one at a time, ms an image, images/s in batches."""

    name: str
    single: float
    p50: float
    p99: float
    batched: float


def pace(predict: Any, images: Images, wait: Any = lambda: None) -> Pace:
    """Time a model on images (n, h, w); ``wait`` returns when all processes are there."""
    predict(images[:1])
    predict(images[:BATCH])  # warm: compiled for both
    wait()
    alone = []
    for index in range(len(images)):
        begin = time.perf_counter()
        predict(images[index : index + 1])
        alone.append(time.perf_counter() - begin)
    wait()
    begin = time.time()
    for start in range(0, len(images), BATCH):
        predict(images[start : start + BATCH])
    return Pace(alone, begin, time.time())


def summary(name: str, paces: Sequence[Pace]) -> Line:
    """Return the row of processes that ran side by side, each over all images."""
    alone = np.concatenate([each.alone for each in paces])
    p50, p99 = np.percentile(1e3 * alone, (50, 99))
    images = len(alone)
    wall = max(each.end for each in paces) - min(each.begin for each in paces)
    single = sum(len(each.alone) / sum(each.alone) for each in paces)
    return Line(name, single, float(p50), float(p99), images / wall)


def table(lines: Sequence[Line], rate: float) -> list[str]:
    """Return the lines of the table."""
    return [
        f"{'':<12}{'one at a time':>30}{f'batches of {BATCH}':>22}",
        f"{'':<12}{'images/s':>10}{'p50 ms':>10}{'p99 ms':>10}{'images/s':>12}{'/ rate':>10}",
        *(
            f"{line.name:<12}{line.single:>10,.1f}{line.p50:>10.2f}{line.p99:>10.2f}"
            f"{line.batched:>12,.1f}{line.batched / rate:>9.2f} ×"
            for line in lines
        ),
    ]


def serve(
    search: Search, device: str, file: str, trusted: bool, core: int | None, wait: Any, told: Any
) -> None:
    """Load the model in this process and put its pace into a queue."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        model = load(search, device, None, trusted=trusted).model
        told.put(pace(model.predict_proba, np.load(file), wait))
    except Exception as error:
        told.put(f"{type(error).__name__}: {error}")
        raise


def side_by_side(
    search: Search, device: str, file: str, cores: Sequence[int | None], trusted: bool = False
) -> list[Pace]:
    """Run one process for each core; raise UserError if one fails."""
    context = multiprocessing.get_context("spawn")
    barrier: Barrier = context.Barrier(len(cores))
    told = context.Queue()
    processes = [
        context.Process(
            target=serve, args=(search, device, file, trusted, core, barrier.wait, told)
        )
        for core in cores
    ]
    for process in processes:
        process.start()
    found = []
    for _ in processes:
        answer = told.get()
        if isinstance(answer, str):
            for process in processes:
                process.terminate()
            raise UserError(f"{search.name} on {device}: {answer}")
        found.append(answer)
    for process in processes:
        process.join()
    return found


def reading_ms(search: Search, images: Images) -> float:
    """Return the median milliseconds from a PNG file to the image, for images as they are."""
    frames = reader(search, {})
    seconds = []
    with tempfile.TemporaryDirectory(prefix="screening-") as folder:
        for index, image in enumerate(images):
            path = Path(folder, f"{index}.png")
            Image.fromarray(image).save(path)
            begin = time.perf_counter()
            opened = frames.open(str(path))
            opened[0]
            opened.close()
            seconds.append(time.perf_counter() - begin)
    return 1e3 * float(np.median(seconds))


def stages_ms(model: Any, images: Images) -> dict[str, float]:
    """Return the median milliseconds of each step of a scikit-learn pipeline, one image at a time.

    A model without steps has one, itself. The last step is the classifier's probabilities.
    """
    given: list[Any] = [images[index : index + 1] for index in range(len(images))]
    steps = getattr(model.native, "steps", None)
    if steps is None:
        return {"network": _median_ms(model.predict_proba, given)}
    found: dict[str, float] = {}
    for name, step in steps[:-1]:
        found[name] = _median_ms(step.transform, given)
        given = [step.transform(one) for one in given]
    name, last = steps[-1]
    decide = last.predict_proba if hasattr(last, "predict_proba") else last.predict
    return {**found, name: _median_ms(decide, given)}


def _median_ms(call: Any, given: Sequence[Any]) -> float:
    call(given[0])
    seconds = []
    for one in given:
        begin = time.perf_counter()
        call(one)
        seconds.append(time.perf_counter() - begin)
    return 1e3 * float(np.median(seconds))


def has_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())


def pictures(count: int, shape: tuple[int, int]) -> Images:
    """Return ``count`` images of a few different ones of each class."""
    from benchmarks.features import simulated

    different = simulated(min(count, 20), max(shape))[:, : shape[0], : shape[1]]
    return np.resize(different, (count, *shape))


def report(
    found: Search, count: int, cores: Sequence[int], rate: float, trusted: bool
) -> list[str]:
    """Measure one search's model; return the lines about it."""
    there = sorted(os.sched_getaffinity(0))
    some = pictures(count, found.image_shape)
    with tempfile.TemporaryDirectory(prefix="screening-") as folder:
        file = str(Path(folder, "images.npy"))
        np.save(file, some)
        lines = [
            summary(
                f"{n} core{'s' * (n > 1)}", side_by_side(found, "cpu", file, there[:n], trusted)
            )
            for n in cores
        ]
        note = "GPU: none here, not measured"
        if has_gpu():
            try:
                lines.append(summary("GPU", side_by_side(found, "cuda", file, [None], trusted)))
                note = ""
            except UserError as error:
                note = f"GPU: not measured ({error})"
    model = load(found, "cpu", None, trusted=trusted).model
    with threadpool_limits(1):
        parts = {"PNG file": reading_ms(found, some[:64]), **stages_ms(model, some[:64])}
    whole = sum(parts.values())
    told = ", ".join(f"{name} {value:.2f}" for name, value in parts.items())
    size = " × ".join(map(str, found.image_shape))
    return [
        "",
        f"model: {found.name}, {found.checkpoint.stem}",
        f"images: {count} of {size}",
        *table(lines, rate),
        *([note] if note else []),
        f"one image on one core, ms: {told}; together {whole:.2f}, {1e3 / whole:,.0f} images/s",
    ]


def main(
    search: Sequence[str] = (),
    images: int = 256,
    cores: Sequence[int] = (1, 2),
    rate: float = 130.0,
    runs: Path = Path("runs"),
    trust_pickle: bool = False,
) -> None:
    if not search:
        raise UserError("search=NAME: name a finished search, or several with commas")
    found = [find_search(name, runs.absolute()) for name in search]
    there = len(os.sched_getaffinity(0))
    if max(cores) > there:
        raise UserError(f"cores={max(cores)}: this machine has {there}")
    os.environ.update(dict.fromkeys(THREADS, "1"))
    hardware = provenance()["hardware"]
    busy = os.getloadavg()[0]
    print(f"processor: {hardware['processor']}, {hardware['cores']} cores, load {busy:.1f}")
    print(f"rate: {rate:g} Hz, {1e3 / rate:.2f} ms an image", flush=True)
    for each in found:
        print("\n".join(report(each, images, cores, rate, trust_pickle)), flush=True)


command = Command(
    main,
    {
        "search": listed(str),
        "images": whole(),
        "cores": listed(whole()),
        "rate": positive,
        "runs": Path,
        "trust_pickle": switch,
    },
)

if __name__ == "__main__":
    raise SystemExit(command())
