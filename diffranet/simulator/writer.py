"""Write a whole simulated data set: in parallel, resumable, and visible only when complete."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import astuple, fields
from multiprocessing import get_context
from pathlib import Path

from diffranet.domains import REAL_PREPROCESSED, REAL_RAW, SYNTHETIC, TRAIN, VALIDATION
from diffranet.errors import DataError
from diffranet.files import TEMPORARY_SUFFIX, held_folder, write_atomic
from diffranet.manifest import DATASET_FILE, MANIFEST_FILE
from diffranet.simulator.parameters import SIMULATOR_VERSION, SimulationParameters
from diffranet.simulator.reallike import SURROGATE_NOTE
from diffranet.simulator.realshots import RealShot
from diffranet.simulator.render import Job, is_raw, jobs, preprocess_chunk, render, render_chunk
from diffranet.simulator.shots import Shot

Progress = Callable[[str, int, int], None]
Row = dict[str, object]
Chunk = list[tuple[str, str, int, int]]
Call = tuple[object, ...]
Runner = Callable[[Callable[..., list[Row]], Iterable[Call]], Iterator[list[Row]]]

FORMAT_VERSION = 1
CHUNK = 8
COMMON_COLUMNS = ("path", "sha256", "domain", "split", "class", "class_name", "seed", "index")


def write_dataset(
    out: Path,
    parameters: SimulationParameters,
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> None:
    """Make a data set in the published layout, with ``manifest.csv`` and ``dataset.json``.

    Images are made in a hidden sibling of ``out`` that takes its name once complete; a run that
    was killed goes on where it stopped. The bytes do not depend on the number of workers.

    Args:
        out: The folder to be made. If it holds this very data set, nothing is done.
        parameters: What to make.
        workers: Processes.
        progress: Called with (what, done, total).

    Raises:
        DataError: The folder holds something else, cannot be written, or a worker died.
    """
    if _is_complete(out, parameters):
        return
    partial = out.parent / f".{out.name}.{parameters.digest[:16]}{TEMPORARY_SUFFIX}"
    try:
        with held_folder(partial):
            if _is_complete(out, parameters):  # another process made it meanwhile
                partial.rmdir()
                return
            _fill(partial, parameters, workers, progress or _silent)
            partial.rename(out)
    except OSError as error:
        raise DataError(f"{out}: cannot write the data set: {error.strerror or error}") from None


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total


def _is_complete(out: Path, parameters: SimulationParameters) -> bool:
    if out.is_file():
        raise DataError(f"{out} is a file; name a folder that is new or empty")
    if not out.is_dir() or not any(out.iterdir()):
        return False
    try:
        made = json.loads((out / DATASET_FILE).read_text())["parameters_digest"]
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(
            f"{out} is not empty and holds no simulated data set; name another"
        ) from None
    if made != parameters.digest:
        raise DataError(f"{out} holds a data set made with other parameters; name another folder")
    return True


def _fill(folder: Path, parameters: SimulationParameters, workers: int, progress: Progress) -> None:
    work = jobs(parameters)
    raw = [job for job in work if is_raw(job)]
    total = len(work) + len(raw)
    for leftover in folder.rglob(f"*{TEMPORARY_SUFFIX}"):
        leftover.unlink()
    for job in (*work, *(Job(REAL_PREPROCESSED.name, j.split, j.index, j.label) for j in raw)):
        (folder / job.path).parent.mkdir(parents=True, exist_ok=True)
    progress("simulate", 0, total)
    if workers > 1:
        # Compiled code is stored on disk: one process makes it, the workers only load it.
        compile_engine(parameters.engine)
    plain = parameters.to_dict()
    with _runner(workers) as run:
        calls = [(plain, str(folder), chunk) for chunk in _chunks(work)]
        rows = _gather(run(render_chunk, calls), progress, 0, total)
        factor = preprocess_factor(rows) if raw else None
        repeats = [(plain, factor, str(folder), chunk) for chunk in _chunks(raw)]
        rows += _gather(run(preprocess_chunk, repeats), progress, len(work), total)
    place = {key: n for n, key in enumerate(dict.fromkeys((r["domain"], r["split"]) for r in rows))}
    rows.sort(key=lambda row: (place[row["domain"], row["split"]], row["index"]))
    write_atomic(folder / MANIFEST_FILE, manifest_csv(rows).encode())
    description = _description(parameters, rows, factor)
    write_atomic(folder / DATASET_FILE, (json.dumps(description, indent=2) + "\n").encode())


def compile_engine(engine: str) -> None:
    """Compile the diffraction engine by making one tiny image with a crystal in the beam."""
    render(
        SimulationParameters(image_size=32, mosaic_domains=1, engine=engine),
        Job(SYNTHETIC.name, TRAIN, 0, len(SYNTHETIC.classes) - 1),
    )


def _chunks(work: Sequence[Job]) -> list[Chunk]:
    return [[astuple(j) for j in work[i : i + CHUNK]] for i in range(0, len(work), CHUNK)]


@contextmanager
def _runner(workers: int) -> Iterator[Runner]:
    """Something that makes calls here or in other processes and yields results in order."""
    if workers <= 1:
        yield lambda function, calls: (function(*call) for call in calls)
        return
    pool = ProcessPoolExecutor(max_workers=workers, mp_context=get_context("spawn"))

    def run(function: Callable[..., list[Row]], calls: Iterable[Call]) -> Iterator[list[Row]]:
        futures = [pool.submit(function, *call) for call in calls]
        return (future.result() for future in futures)

    try:
        yield run
    finally:
        pool.shutdown(cancel_futures=True)


def _gather(results: Iterable[list[Row]], progress: Progress, done: int, total: int) -> list[Row]:
    rows: list[Row] = []
    try:
        for result in results:
            rows += result
            progress("simulate", done + len(rows), total)
    except BrokenProcessPool:
        raise DataError(
            "a simulation process died (out of memory?); run again to go on where it stopped"
        ) from None
    return rows


def preprocess_factor(rows: Sequence[Row]) -> float:
    """Mean grey of the synthetic training images over that of the raw validation images.

    The paper matches the means of whole sets; here the test images stay out of it.
    """

    def mean(domain: str, split: str) -> float:
        greys = [r["grey_sum"] for r in rows if (r["domain"], r["split"]) == (domain, split)]
        return sum(g for g in greys if isinstance(g, int)) / len(greys)

    return mean(SYNTHETIC.name, TRAIN) / mean(REAL_RAW.name, VALIDATION)


def manifest_csv(rows: Sequence[Row]) -> str:
    """The manifest as CSV; a parameter that an image does not have is left empty."""
    state = dict.fromkeys(f.name for kind in (Shot, RealShot) for f in fields(kind))
    columns = [*COMMON_COLUMNS, *(name for name in state if name != "label")]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _description(
    parameters: SimulationParameters, rows: Sequence[Row], factor: float | None
) -> Row:
    counts: dict[str, dict[str, dict[str, int]]] = {}
    tally = Counter((str(r["domain"]), str(r["split"]), str(r["class_name"])) for r in rows)
    for (domain, split, name), n in tally.items():
        counts.setdefault(domain, {}).setdefault(split, {})[name] = n
    return {
        "format": "diffranet",
        "format_version": FORMAT_VERSION,
        "simulator_version": SIMULATOR_VERSION,
        "parameters": parameters.to_dict(),
        "parameters_digest": parameters.digest,
        "surrogate": parameters.has_real,
        "note": SURROGATE_NOTE if parameters.has_real else "",
        "preprocess_factor": factor,
        "counts": counts,
    }
