"""What it will take until a data set can be used, measured on a few of its images, none written."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from diffranet.domains import CLASSES, REAL_RAW, SYNTHETIC, TRAIN
from diffranet.layout import Layout, scan
from diffranet.packed import find_packed
from diffranet.reader import Grey, decode, reduce_to
from diffranet.simulator.parameters import SimulationParameters

Found = Mapping[str, object]
_IMAGES = 48  # handed out
_POOL = 3.0  # seconds in which a process of the simulation starts and loads its code
_PACKING = 2.0  # times what decoding takes: hashes, and the array that is written


def probe_folder(root: Path, image_size: int | None, cache: Path) -> Found:
    """Look at a folder in the published layout.

    Args:
        root: The folder.
        image_size: Edge to which images are reduced, or None.
        cache: Where they are packed, or will be.

    Returns:
        See ``automl.probing.protocols.ProbingData``.

    Raises:
        DataError: The folder has another layout, or an image is damaged.
    """
    layout = scan(root)
    packed = find_packed(layout, cache, image_size=image_size)
    if packed is not None:
        return {"packed": str(packed)}
    training = [file for file in layout.files if (file.domain, file.split) == _TRAINING]
    places = np.linspace(0, len(training) - 1, min(_IMAGES, len(training))).astype(int)
    begin = time.perf_counter()
    images = np.stack([_image(root / training[place].name, image_size) for place in places])
    each = (time.perf_counter() - begin) / len(places)
    return {
        "packed": None,
        "counts": _counts(layout),
        "classes": CLASSES,
        "images": images,
        "labels": np.array([training[place].label for place in places], np.int64),
        "seconds": _PACKING * each * len(layout.files),
        "bytes": images[0].size * len(layout.files),
    }


def probe_simulation(parameters: SimulationParameters, seconds: float) -> Found:
    """Render a few images of a data set that is not there yet.

    Args:
        parameters: Of the data set.
        seconds: After which no further image is rendered; of each class there is one at least.

    Returns:
        See ``automl.probing.protocols.ProbingData``.

    Raises:
        DataError: The structure-factor file cannot be read.
    """
    # Processes that only look for a packed set need no compiler: it is imported here.
    from diffranet.simulator.png import encode_png
    from diffranet.simulator.render import jobs, render
    from diffranet.simulator.writer import bytes_needed, compile_kernels

    for part in (True, False):
        compile_kernels(parameters.engine, part)
    work = jobs(parameters)
    number = Counter((job.domain, job.label) for job in work)
    kinds = [[job for job in work if (job.domain, job.label) == kind] for kind in sorted(number)]
    begin = time.perf_counter()
    for domain in dict.fromkeys(job.domain for job in work):
        render(parameters, next(job for job in work if job.domain == domain))
    serial = time.perf_counter() - begin
    spent: dict[tuple[str, int], list[float]] = {}
    made = []
    for turn in range(_IMAGES):
        for kind in kinds:
            if turn and (turn >= len(kind) or time.perf_counter() - begin > seconds):
                continue
            # From the end: those at the beginning are as good, and are rendered above.
            job = kind[-1 - turn]
            mark = time.perf_counter()
            image = render(parameters, job)
            decode(encode_png(image), Path(job.path))
            spent.setdefault((job.domain, job.label), []).append(time.perf_counter() - mark)
            if job.domain == SYNTHETIC.name:
                made.append((image, job.label))
    each = {kind: sum(times) / len(times) for kind, times in spent.items()}
    splits: dict[str, dict[str, int]] = {}
    for domain, split, count in parameters.splits():
        splits.setdefault(domain, {})[split] = count
    if REAL_RAW.name in splits:
        splits["real_preprocessed"] = dict(splits[REAL_RAW.name])
    pixels = parameters.image_size**2
    return {
        "packed": None,
        "counts": splits,
        "classes": CLASSES,
        "images": np.stack([image for image, _ in made[:_IMAGES]]),
        "labels": np.array([label for _, label in made[:_IMAGES]], np.int64),
        "seconds": sum(number[kind] * each[kind] for kind in number),
        "serial_seconds": serial + _POOL,
        "bytes": bytes_needed(parameters) + pixels * sum(sum(s.values()) for s in splits.values()),
    }


_TRAINING = (SYNTHETIC.name, TRAIN)


def _image(path: Path, image_size: int | None) -> Grey:
    image = decode(path.read_bytes(), path)
    return image if image_size is None else reduce_to(image, image_size, path)


def _counts(layout: Layout) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for file in layout.files:
        of_split = counts.setdefault(file.domain, {})
        of_split[file.split] = of_split.get(file.split, 0) + 1
    return counts
