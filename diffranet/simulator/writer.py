"""Write a whole simulated data set: in parallel, resumable, and visible only when complete."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from diffranet.domains import REAL_RAW, SYNTHETIC, TRAIN, VALIDATION
from diffranet.errors import DataError, UnfinishedError
from diffranet.files import TEMPORARY_SUFFIX, held_folder, nearest_folder, write_atomic
from diffranet.manifest import DATASET_FILE, MANIFEST_FILE, manifest_csv
from diffranet.simulator.description import describe
from diffranet.simulator.journal import JOURNAL_FILE, Journal
from diffranet.simulator.parameters import SIMULATOR_VERSION, SimulationParameters, differences
from diffranet.simulator.reach import check_reach
from diffranet.simulator.realshots import RealShot
from diffranet.simulator.render import (
    Job,
    Known,
    Row,
    draw,
    jobs,
    preprocess_chunk,
    render,
    render_chunk,
)
from diffranet.simulator.shots import Shot
from diffranet.simulator.structure import Structure, read_structure, save_structure
from diffranet.simulator.synthetic import SyntheticRenderer
from diffranet.simulator.workers import runner

Progress = Callable[[str, int, int], None]

PARAMETERS_FILE = ".parameters.json"
CHUNK = 8
BYTES_PER_PIXEL = 0.3
"""Of an image on disk, for the check of the free space; measured are 0.3 to 0.36 on average."""
BLOCK_BYTES = 4096
STATE_COLUMNS = tuple(
    dict.fromkeys(f.name for kind in (Shot, RealShot) for f in fields(kind) if f.name != "label")
)


@dataclass(frozen=True)
class Written:
    """What a call of ``write_dataset`` did.

    Attributes:
        images: Images in the data set.
        fresh: Those of them that this call made.
    """

    images: int
    fresh: int


def write_dataset(
    out: Path,
    parameters: SimulationParameters,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    wait: bool = True,
) -> Written:
    """Make a data set in the published layout, with ``manifest.csv`` and ``dataset.json``.

    Images are made in a hidden sibling of ``out`` that takes its name once complete; a run that
    was killed goes on where it stopped. The bytes do not depend on the number of workers.

    Args:
        out: The folder to be made. If it holds this very data set, nothing is done.
        parameters: What to make.
        workers: Processes.
        progress: Called with (what, done, total).
        wait: Whether to wait for another process that is making the same folder.

    Raises:
        UnfinishedError: The disk is full or a process died; what was made is kept.
        DataError: The folder holds something else or is being made, or the parameters are bad.
    """
    target = out.resolve()
    if _is_complete(out, parameters):
        return Written(_total(parameters), 0)
    partial = target.parent / f".{target.name}{TEMPORARY_SUFFIX}"
    structure = _structure(parameters, partial)
    _check_space(out, partial, parameters)
    try:
        with held_folder(partial, wait=wait):
            if _is_complete(out, parameters):  # another process made it meanwhile
                partial.rmdir()
                return Written(_total(parameters), 0)
            _claim(out, partial, parameters, structure)
            fresh = _fill(partial, parameters, workers, progress or _silent)
            os.sync()  # a power cut must not leave a complete folder of empty files
            partial.rename(target)
            for name in (PARAMETERS_FILE, JOURNAL_FILE):
                (target / name).unlink()
    except BlockingIOError:
        raise DataError(
            f"{out} is being written by another process; wait for it or choose another folder"
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        if _started(partial):
            raise UnfinishedError(
                f"{out}: cannot go on: {reason}; what was made is kept, the same command goes on"
            ) from None
        raise DataError(f"{out}: cannot write the data set: {reason}") from None
    return Written(_total(parameters), fresh)


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total


def _total(parameters: SimulationParameters) -> int:
    return sum(n * (2 if domain == REAL_RAW.name else 1) for domain, _, n in parameters.splits())


def _is_complete(out: Path, parameters: SimulationParameters) -> bool:
    if out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file; name a folder that is new or empty")
    if not out.is_dir():
        return False
    if os.path.ismount(out):
        raise DataError(f"{out} is a mount point and cannot be replaced; name a folder inside it")
    if not any(out.iterdir()):
        return False
    try:
        made = json.loads((out / DATASET_FILE).read_text())
        same = made["parameters_digest"] == parameters.digest
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(
            f"{out} is not empty and holds no simulated data set; name another"
        ) from None
    if not same:
        raise DataError(f"{out} holds {_difference(made, parameters)}; name another folder")
    return True


def _difference(made: dict[str, object], parameters: SimulationParameters) -> str:
    before = {"simulator_version": made.get("simulator_version")}
    now = {"simulator_version": SIMULATOR_VERSION}
    recorded = made.get("parameters")
    differing = differences(
        {**before, **(recorded if isinstance(recorded, dict) else {})},
        {**now, **parameters.record},
    )
    return f"a data set made with other parameters ({'; '.join(differing)})"


def _structure(parameters: SimulationParameters, partial: Path) -> Structure | None:
    """What the parameters' structure-factor file says, unless an unfinished folder has it."""
    if parameters.crystal.structure_factors is None or _started(partial):
        return None
    structure = read_structure(parameters.crystal)
    check_reach(
        parameters.beam,
        parameters.detector,
        parameters.crystal,
        structure.cell,
        parameters.extent,
    )
    return structure


def bytes_needed(parameters: SimulationParameters) -> int:
    """Space on disk that a data set takes at least, in bytes."""
    per_image = BYTES_PER_PIXEL * parameters.image_size**2
    blocks = int(per_image // BLOCK_BYTES) + 1
    return _total(parameters) * blocks * BLOCK_BYTES


def _check_space(out: Path, partial: Path, parameters: SimulationParameters) -> None:
    needed = bytes_needed(parameters)
    try:
        free = shutil.disk_usage(nearest_folder(partial)).free
        if free < needed:
            # An unfinished set has some of its images already.
            free += sum(path.stat().st_size for path in partial.rglob("*.png"))
    except OSError:  # gone meanwhile, or not to be looked into: writing will tell
        return
    if free < needed:
        raise DataError(
            f"{out}: {_total(parameters)} images of {parameters.image_size} pixels need about "
            f"{needed / 1e6:.4g} MB, but only {free / 1e6:.4g} MB are free; "
            "make room or choose another disk"
        )


def _started(partial: Path) -> bool:
    return (partial / PARAMETERS_FILE).is_file()


def _claim(
    out: Path, partial: Path, parameters: SimulationParameters, structure: Structure | None
) -> None:
    """Write down what an unfinished folder is for, or refuse one that is for something else."""
    path = partial / PARAMETERS_FILE
    if path.is_file():
        try:
            made = json.loads(path.read_text())
            same = made["parameters_digest"] == parameters.digest
        except (ValueError, KeyError, TypeError):
            made, same = {}, False
        if not same:
            raise DataError(
                f"{out} is unfinished: {partial} holds the beginning of "
                f"{_difference(made, parameters)}; delete that or name another folder"
            )
        return
    if structure is not None:
        save_structure(partial, structure)
    claim = {
        "simulator_version": SIMULATOR_VERSION,
        "parameters_digest": parameters.digest,
        "parameters": parameters.record,
    }
    write_atomic(path, json.dumps(claim).encode())


def _fill(folder: Path, parameters: SimulationParameters, workers: int, progress: Progress) -> int:
    """Make every image that is missing, manifest and description; returns how many it made."""
    work = jobs(parameters)
    raw = [job for job in work if job.domain == REAL_RAW.name]
    total = len(work) + len(raw)
    for leftover in folder.rglob(f"*{TEMPORARY_SUFFIX}"):
        leftover.unlink()
    paths = [job.path for job in (*work, *(job.preprocessed for job in raw))]
    for name in {name.rpartition("/")[0] for name in paths}:
        (folder / name).mkdir(parents=True, exist_ok=True)
    progress("simulate", 0, total)
    rows: list[Row] = []
    with Journal(folder) as journal, runner(workers) as run:

        def make(function: Callable[..., list[Row]], batch: Sequence[Job], *more: object) -> None:
            calls = ((*call, *more) for call in _calls(parameters, folder, batch, journal.known))
            for made in run(function, calls):
                journal.add(made)
                rows.extend(made)
                progress("simulate", len(rows), total)

        if workers > 1 and len(journal.known) < total:
            # Compiled code is stored on disk: each part is made by one process, all load it.
            for _ in run(compile_kernels, [(parameters.engine, part) for part in (True, False)]):
                pass
        make(render_chunk, work)
        factor = preprocess_factor(rows) if raw else None
        make(preprocess_chunk, raw, factor)
    write_atomic(folder / MANIFEST_FILE, manifest_csv(rows, STATE_COLUMNS).encode())
    description = describe(parameters, rows, factor)
    write_atomic(folder / DATASET_FILE, (json.dumps(description, indent=2) + "\n").encode())
    return sum(bool(row["fresh"]) for row in rows)


def _calls(
    parameters: SimulationParameters, folder: Path, batch: Sequence[Job], known: Known
) -> Iterator[tuple[object, ...]]:
    plain = parameters.to_dict()
    for start in range(0, len(batch), CHUNK):
        chunk = batch[start : start + CHUNK]
        paths = {path for job in chunk for path in (job.path, job.preprocessed.path)}
        yield (
            plain,
            str(folder),
            [astuple(job) for job in chunk],
            {path: known[path] for path in paths & known.keys()},
        )


def compile_kernels(engine: str, crystal: bool) -> list[Row]:
    """Compile what rendering needs by rendering something tiny.

    Args:
        engine: Diffraction engine.
        crystal: Whether to compile the engine; or all the rest, the detector and the background.

    Returns:
        No rows, like every task of a worker.
    """
    tiny = SimulationParameters(image_size=32, mosaic_domains=1, engine=engine)
    if crystal:
        job = Job(SYNTHETIC.name, VALIDATION, 0, len(SYNTHETIC.classes) - 1)
        shot = draw(tiny, job)
        assert isinstance(shot, Shot)
        SyntheticRenderer(tiny).expected_photons(shot, VALIDATION, 0)
        return []
    for domain, label in ((SYNTHETIC, 1), (REAL_RAW, 0)):
        render(tiny, Job(domain.name, VALIDATION, 0, label))
    return []


def preprocess_factor(rows: Sequence[Row]) -> float:
    """Mean grey of the synthetic training images over that of the raw validation images.

    The paper matches the means of whole sets; here the test images stay out of it.
    """

    def mean(domain: str, split: str) -> float:
        greys = [r["grey_sum"] for r in rows if (r["domain"], r["split"]) == (domain, split)]
        return sum(g for g in greys if isinstance(g, int)) / len(greys)

    return mean(SYNTHETIC.name, TRAIN) / mean(REAL_RAW.name, VALIDATION)
