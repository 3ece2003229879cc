"""Render single images of a data set: each is a function of (parameters, place, index) alone."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from diffranet.domains import REAL_PREPROCESSED, REAL_RAW, SYNTHETIC
from diffranet.files import sha256_file, write_atomic
from diffranet.simulator.parameters import SimulationParameters
from diffranet.simulator.randomness import SHOT, image_stream
from diffranet.simulator.reallike import RealLikeRenderer, preprocess
from diffranet.simulator.realshots import RealShot, draw_real_shot
from diffranet.simulator.shots import Shot, class_name, draw_shot, split_labels
from diffranet.simulator.synthetic import SyntheticRenderer

Grey = npt.NDArray[np.uint8]


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


def jobs(parameters: SimulationParameters) -> list[Job]:
    """Every image that is rendered (the preprocessed ones are made from the raw ones)."""
    return [
        Job(domain, split, index, int(label))
        for domain, split, n in parameters.splits()
        for index, label in enumerate(
            split_labels(parameters.seed, domain, split, n, parameters.class_balance)
        )
    ]


@lru_cache(maxsize=2)
def _synthetic(size: int, extent: int, domains: int, seed: int, engine: str) -> SyntheticRenderer:
    return SyntheticRenderer(size, extent, domains, seed, engine)


@lru_cache(maxsize=2)
def _real_like(size: int, extent: int, domains: int, seed: int, engine: str) -> RealLikeRenderer:
    return RealLikeRenderer(size, extent, domains, seed, engine)


def draw(parameters: SimulationParameters, job: Job) -> Shot | RealShot:
    """The physical state behind an image; a preprocessed image shares its raw image's."""
    domain = REAL_RAW.name if job.domain == REAL_PREPROCESSED.name else job.domain
    rng = image_stream(parameters.seed, domain, job.split, job.index, SHOT)
    if domain == SYNTHETIC.name:
        return draw_shot(rng, job.label)
    return draw_real_shot(rng, job.label)


def render(parameters: SimulationParameters, job: Job) -> Grey:
    """The 8-bit image of a job, (size, size)."""
    common = (
        parameters.image_size,
        parameters.extent,
        parameters.mosaic_domains,
        parameters.seed,
        parameters.engine,
    )
    shot = draw(parameters, job)
    if isinstance(shot, Shot):
        return _synthetic(*common).render(shot, job.split, job.index)
    return _real_like(*common).render(shot, job.split, job.index)


def render_chunk(
    plain_parameters: dict[str, object], folder: str, chunk: Sequence[tuple[str, str, int, int]]
) -> list[dict[str, object]]:
    """Render some images into a folder; what is already there and whole is kept.

    Args:
        plain_parameters: ``SimulationParameters.to_dict()``.
        folder: The data set's folder.
        chunk: Fields of the jobs.

    Returns:
        One manifest row per image, with ``grey_sum`` the sum of its pixels.
    """
    parameters = SimulationParameters(**plain_parameters)  # type: ignore[arg-type]  # from to_dict
    rows = []
    for fields in chunk:
        job = Job(*fields)
        path = Path(folder) / job.path
        image = read_whole(path, parameters.image_size)
        if image is None:
            image = render(parameters, job)
            write_png(path, image)
        rows.append(manifest_row(path, job, image, parameters))
    return rows


def preprocess_chunk(
    plain_parameters: dict[str, object],
    factor: float,
    folder: str,
    chunk: Sequence[tuple[str, str, int, int]],
) -> list[dict[str, object]]:
    """Make preprocessed surrogate images from the raw ones; see ``render_chunk``.

    ``factor`` is the constant by which raw greys are multiplied.
    """
    parameters = SimulationParameters(**plain_parameters)  # type: ignore[arg-type]  # from to_dict
    rows = []
    for fields in chunk:
        raw_job = Job(*fields)
        job = Job(REAL_PREPROCESSED.name, raw_job.split, raw_job.index, raw_job.label)
        with Image.open(Path(folder) / raw_job.path) as stored:
            image = preprocess(np.asarray(stored), factor)
        path = Path(folder) / job.path
        write_png(path, image)
        rows.append(manifest_row(path, job, image, parameters))
    return rows


def manifest_row(
    path: Path, job: Job, image: Grey, parameters: SimulationParameters
) -> dict[str, object]:
    """One line of the manifest: the file, its class and the state of its shot."""
    state = asdict(draw(parameters, job))
    del state["label"]
    state["quaternion"] = " ".join(f"{part:.17g}" for part in state["quaternion"])
    return {
        "path": job.path,
        "sha256": sha256_file(path),
        "domain": job.domain,
        "split": job.split,
        "class": job.label + 1,
        "class_name": class_name(job.domain, job.label),
        "seed": parameters.seed,
        "index": job.index,
        "grey_sum": int(image.sum(dtype=np.int64)),
        **state,
    }


def write_png(path: Path, image: Grey) -> None:
    """Write an 8-bit grey PNG, whole or not at all."""
    encoded = io.BytesIO()
    Image.fromarray(image).save(encoded, format="PNG")
    write_atomic(path, encoded.getvalue())


def read_whole(path: Path, size: int) -> Grey | None:
    """An image that an interrupted run left behind, or None if it must be made again."""
    try:
        with Image.open(path) as stored:
            image = np.asarray(stored)
    except (FileNotFoundError, UnidentifiedImageError, OSError, SyntaxError):
        return None
    return image if image.shape == (size, size) and image.dtype == np.uint8 else None


def is_raw(job: Job) -> bool:
    """Whether a preprocessed image is to be made from this one."""
    return job.domain == REAL_RAW.name
