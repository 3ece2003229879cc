"""Milliseconds per image of each feature extractor, beside plain calls of the libraries.

python -m benchmarks.features [images=10] [size=512] [short=true]

Simulated images of every class. Ours and the library's take turns on the same images; medians of
CPU time over repeats, each the mean over the images. Two processes work side by side on images of
one memory-mapped file, as a search's workers do; their rate is in seconds of the clock.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from itertools import product
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import numpy.typing as npt
from skimage.feature import graycomatrix, graycoprops, local_binary_pattern

from benchmarks.words import Command, switch, whole
from diffranet.domains import CLASSES, SYNTHETIC
from diffranet.simulator.parameters import SimulationParameters
from diffranet.simulator.render import Job, render
from trainables.features.glcm import PROPERTIES, glcm_properties, offsets_of
from trainables.features.lbp import lbp_histograms, neighbourhood_of
from trainables.features.sift import sift_descriptors

DISTANCES, ANGLES = (1, 2, 4, 5, 8), (0, 45, 90, 135)
OFFSETS = offsets_of(DISTANCES, ANGLES)
NEIGHBOURHOODS = [neighbourhood_of(*pair) for pair in product((4, 8, 16, 24), (1, 2, 3))]

Images = npt.NDArray[np.uint8]
Extract = Callable[[Images], object]
"""Extracts from one image, (1, h, w)."""


def library_glcm(image: Images) -> list[npt.NDArray[np.float64]]:
    angles = np.deg2rad(ANGLES)
    matrix = graycomatrix(image[0], DISTANCES, angles, levels=256, symmetric=True, normed=True)
    return [graycoprops(matrix, name) for name in PROPERTIES]


def library_lbp(image: Images) -> list[npt.NDArray[np.intp]]:
    codes = (local_binary_pattern(image[0], *pair, "uniform") for pair in NEIGHBOURHOODS)
    return [np.bincount(code.astype(np.intp).ravel()) for code in codes]


def library_sift(image: Images) -> object:
    return cv2.SIFT.create().detectAndCompute(image[0], None)


EXTRACTORS: dict[str, tuple[Extract, Extract, int]] = {
    "GLCM": (lambda image: glcm_properties(image, OFFSETS), library_glcm, len(OFFSETS)),
    "LBP": (
        lambda image: lbp_histograms(image, NEIGHBOURHOODS),
        library_lbp,
        sum(points for points, _ in NEIGHBOURHOODS),
    ),
    "SIFT": (sift_descriptors, library_sift, 0),
}
"""Ours, the library's, and the pairs of pixels that each pixel belongs to."""


def simulated(count: int, size: int) -> Images:
    """The classes in turn."""
    parameters = SimulationParameters(image_size=size, extent=512, mosaic_domains=300)
    jobs = (Job(SYNTHETIC.name, "validation", n, n % len(CLASSES)) for n in range(count))
    return np.stack([render(parameters, job) for job in jobs])


def cpu_ms(extract: Extract, image: Images) -> float:
    begin = time.process_time()
    extract(image)
    return 1e3 * (time.process_time() - begin)


def turns(
    ours: Extract, library: Extract, images: Images, repeats: int
) -> tuple[float, float, float]:
    """Median milliseconds per image of ours and of the library's, and the median ratio."""
    for extract in (ours, library):  # compiled and warm
        extract(images[:1])
    rows = []
    for _ in range(repeats):
        taken = [(cpu_ms(ours, image), cpu_ms(library, image)) for image in images[:, np.newaxis]]
        rows.append(np.mean(taken, axis=0))
    return (
        median(row[0] for row in rows),
        median(row[1] for row in rows),
        median(row[1] / row[0] for row in rows),
    )


def beside_libraries(images: Images, repeats: int) -> None:
    pixels = images[0].size
    print(f"{len(images)} images of {images.shape[1]} x {images.shape[2]}, one thread, CPU time")
    print(f"{'':<6}{'ours ms':>9}{'library ms':>12}{'ratio':>8}{'ns/pixel':>10}{'ns/pair':>9}")
    for name, (ours, library, pairs) in EXTRACTORS.items():
        mine, theirs, ratio = turns(ours, library, images, repeats)
        per_pixel = 1e6 * mine / pixels
        per_pair = f"{per_pixel / pairs:9.2f}" if pairs else ""
        print(
            f"{name:<6}{mine:9.2f}{theirs:12.1f}{ratio:7.1f}×{per_pixel:10.2f}{per_pair}",
            flush=True,
        )
    copies = [cpu_ms(np.copy, images[:1]) for _ in range(50)]
    counts = [cpu_ms(lambda image: np.bincount(image.ravel()), images[:1]) for _ in range(50)]
    print(
        f"  floor: an image has {images[0].nbytes:,} bytes; to copy it takes "
        f"{1e6 * min(copies) / pixels:.2f} ns/pixel, numpy's count of its grey levels "
        f"{1e6 * min(counts) / pixels:.2f}"
    )


def work(
    path: Path, name: str, ready: Barrier, seconds: float, done: multiprocessing.Queue
) -> None:
    """Extract again and again for some seconds, and tell how many images a second that made."""
    cv2.setNumThreads(1)
    images = np.load(path, mmap_mode="r")
    ours = EXTRACTORS[name][0]
    ours(images[:1])
    ready.wait()
    begin = time.perf_counter()
    count = 0
    while time.perf_counter() - begin < seconds:
        ours(images[count % len(images)][np.newaxis])
        count += 1
    done.put(count / (time.perf_counter() - begin))


def rate(path: Path, name: str, processes: int, seconds: float) -> float:
    """Images a second of several processes together."""
    context = multiprocessing.get_context("spawn")
    ready, done = context.Barrier(processes), context.Queue()
    words = (path, name, ready, seconds, done)
    started = [context.Process(target=work, args=words, daemon=True) for _ in range(processes)]
    for process in started:
        process.start()
    total = sum(done.get(timeout=300) for _ in started)
    for process in started:
        process.join()
    return float(total)


def scaling(images: Images, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npy"
        np.save(path, images)
        for name in EXTRACTORS:
            one, two = (rate(path, name, processes, seconds) for processes in (1, 2))
            print(
                f"{name:<6}{one:9.1f} images/s of one process, {two:9.1f} of two "
                f"({two / one:.2f} ×)",
                flush=True,
            )


def main(short: bool = False, images: int | None = None, size: int = 512) -> None:
    images = images or (len(CLASSES) if short else 10)
    cv2.setNumThreads(1)
    pictures = simulated(images, size)
    beside_libraries(pictures, 3 if short else 7)
    scaling(pictures, 2.0 if short else 10.0)


command = Command(main, {"images": whole(), "size": whole(), "short": switch})

if __name__ == "__main__":
    raise SystemExit(command())
