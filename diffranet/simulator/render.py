"""Render single images of a data set: each is a function of (parameters, place, index) alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from diffranet.domains import REAL_PREPROCESSED, REAL_RAW, SYNTHETIC
from diffranet.files import sha256_file, write_atomic
from diffranet.reader import decode
from diffranet.simulator.parameters import SimulationParameters, from_dict
from diffranet.simulator.png import encode_png
from diffranet.simulator.randomness import SHOT, image_stream
from diffranet.simulator.reallike import RealLikeRenderer, preprocess
from diffranet.simulator.realshots import RealShot, draw_real_shot
from diffranet.simulator.shots import Shot, class_name, draw_shot, split_labels
from diffranet.simulator.structure import STRUCTURE_FILE, load_structure
from diffranet.simulator.synthetic import SyntheticRenderer

Grey = npt.NDArray[np.uint8]
Row = dict[str, object]
Known = Mapping[str, tuple[str, int]]
"""SHA-256 and sum of greys of images that were made before, by path."""


@dataclass(frozen=True)
class Job:
    """One image to be made: the place in the data set and its class index there."""

    domain: str
    split: str
    index: int
    label: int

    @property
    def path(self) -> str:
        """Where it lies, relative to the data set's folder."""
        return f"{self.domain}/{self.split}/{self.label + 1}/{self.index:06d}.png"

    @property
    def raw(self) -> Job:
        """The job that is rendered for this one: a preprocessed image is made from its raw one."""
        if self.domain != REAL_PREPROCESSED.name:
            return self
        return Job(REAL_RAW.name, self.split, self.index, self.label)

    @property
    def preprocessed(self) -> Job:
        """The job of the preprocessed image that is made from this raw one."""
        return Job(REAL_PREPROCESSED.name, self.split, self.index, self.label)


def jobs(parameters: SimulationParameters) -> list[Job]:
    """Every image that is rendered (the preprocessed ones are made from the raw ones)."""
    return [
        Job(domain, split, index, int(label))
        for domain, split, n in parameters.splits()
        for index, label in enumerate(
            split_labels(parameters.seed, domain, split, n, parameters.class_balance)
        )
    ]


def draw(parameters: SimulationParameters, job: Job) -> Shot | RealShot:
    """The physical state behind an image; a preprocessed image shares its raw image's."""
    job = job.raw
    rng = image_stream(parameters.seed, job.domain, job.split, job.index, SHOT)
    if job.domain == SYNTHETIC.name:
        return draw_shot(rng, job.label, parameters.beam)
    return draw_real_shot(rng, job.label)


@lru_cache(maxsize=2)
def _synthetic(parameters: SimulationParameters, folder: Path | None) -> SyntheticRenderer:
    kept = folder is not None and (folder / STRUCTURE_FILE).is_file()
    return SyntheticRenderer(parameters, load_structure(folder) if folder and kept else None)


@lru_cache(maxsize=2)
def _real_like(size: int, extent: int, domains: int, seed: int, engine: str) -> RealLikeRenderer:
    return RealLikeRenderer(size, extent, domains, seed, engine)


def render(parameters: SimulationParameters, job: Job, folder: Path | None = None) -> Grey:
    """The 8-bit image of a job, (size, size); of a preprocessed one its raw image.

    Args:
        parameters: Of the data set.
        job: The image.
        folder: The data set's folder, whose table of structure factors is used where it keeps
            one; None to read them from the file that the parameters name.
    """
    job = job.raw
    shot = draw(parameters, job)
    if isinstance(shot, Shot):
        return _synthetic(parameters, folder).render(shot, job.split, job.index)
    renderer = _real_like(
        parameters.image_size,
        parameters.extent,
        parameters.mosaic_domains,
        parameters.seed,
        parameters.engine,
    )
    return renderer.render(shot, job.split, job.index)


def render_chunk(
    plain_parameters: dict[str, object],
    folder: str,
    chunk: Sequence[tuple[str, str, int, int]],
    known: Known,
) -> list[Row]:
    """Render some images into a folder; those that are known and still whole are kept.

    Args:
        plain_parameters: ``SimulationParameters.to_dict()``.
        folder: The data set's folder.
        chunk: Fields of the jobs.
        known: What an interrupted run made of them.

    Returns:
        One manifest row per image, with ``grey_sum`` the sum of its pixels, and ``fresh``
        whether it was rendered now.
    """
    parameters, home = from_dict(plain_parameters), Path(folder)
    rows = []
    for job in (Job(*fields) for fields in chunk):
        row = _kept(home, job, known, parameters)
        rows.append(row or _write(home, job, render(parameters, job, home), parameters))
    return rows


def preprocess_chunk(
    plain_parameters: dict[str, object],
    folder: str,
    chunk: Sequence[tuple[str, str, int, int]],
    known: Known,
    factor: float,
) -> list[Row]:
    """Make preprocessed surrogate images from the raw ones; see ``render_chunk``.

    ``factor`` is the constant by which raw greys are multiplied.
    """
    parameters, home = from_dict(plain_parameters), Path(folder)
    rows = []
    for raw in (Job(*fields) for fields in chunk):
        row = _kept(home, raw.preprocessed, known, parameters)
        if row is None:
            path = home / raw.path
            image = preprocess(decode(path.read_bytes(), path), factor)
            row = _write(home, raw.preprocessed, image, parameters)
        rows.append(row)
    return rows


def _kept(home: Path, job: Job, known: Known, parameters: SimulationParameters) -> Row | None:
    """The row of an image that an interrupted run left whole; None if it must be made."""
    if job.path not in known:
        return None
    sha256, grey_sum = known[job.path]
    try:
        whole = sha256_file(home / job.path) == sha256
    except FileNotFoundError:
        return None
    return _row(job, sha256, grey_sum, parameters, fresh=False) if whole else None


def _write(home: Path, job: Job, image: Grey, parameters: SimulationParameters) -> Row:
    content = encode_png(image)
    write_atomic(home / job.path, content)
    sha256 = hashlib.sha256(content).hexdigest()
    return _row(job, sha256, int(image.sum(dtype=np.int64)), parameters, fresh=True)


def _row(
    job: Job, sha256: str, grey_sum: int, parameters: SimulationParameters, *, fresh: bool
) -> Row:
    """One line of the manifest: the file, its class and the state of its shot."""
    state = asdict(draw(parameters, job))
    del state["label"]
    state["quaternion"] = " ".join(f"{part:.17g}" for part in state["quaternion"])
    return {
        "path": job.path,
        "sha256": sha256,
        "domain": job.domain,
        "surrogate": int(job.domain != SYNTHETIC.name),
        "split": job.split,
        "class": job.label + 1,
        "class_name": class_name(job.domain, job.label),
        "seed": parameters.seed,
        "index": job.index,
        "engine": parameters.engine,
        "ice_rings": int(state.get("ice", 0.0) > 0.0),
        "grey_sum": grey_sum,
        "fresh": fresh,
        **state,
    }
