"""Milliseconds per simulated image, engine by engine, stage by stage, and process by process.

python -m benchmarks.simulator [short=true]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
from scipy import fft

from benchmarks.pixel_loop import pixel_loop
from benchmarks.words import Command, switch
from diffranet.domains import CLASSES, REAL_RAW, SYNTHETIC, TRAIN
from diffranet.files import write_atomic
from diffranet.simulator.agreement import agreement
from diffranet.simulator.background import BackgroundModel, Layers
from diffranet.simulator.beam import Beam
from diffranet.simulator.bragg import ENGINES, bragg_photons
from diffranet.simulator.crystal import Crystal, random_quaternion, rotation_from_quaternion
from diffranet.simulator.detector import FibreCcd, Readout, calibration_map, to_grey
from diffranet.simulator.factors import StructureFactors
from diffranet.simulator.geometry import Detector, FloatArray
from diffranet.simulator.mosaic import domain_rotations
from diffranet.simulator.parameters import SimulationParameters
from diffranet.simulator.png import encode_png
from diffranet.simulator.pointspread import PointSpread
from diffranet.simulator.poisson import draw_poisson
from diffranet.simulator.render import Job, jobs, render
from diffranet.simulator.setup import CrystalSetup, DetectorSetup
from diffranet.simulator.shots import PAPER_TEST_COUNTS
from diffranet.simulator.structure import Structure, read_structure
from diffranet.simulator.synthetic import imaged_area
from diffranet.simulator.writer import write_dataset

Result = TypeVar("Result")

SIZE, DOMAINS, CELLS, MOSAIC_DEG = 512, 300, (9, 5, 4), 0.5
FLUENCE = 1e12 / 30e-6**2 * 2.7e7
FAST_ENGINES = ("float32", "continuous")


def paper_crystal(structure: Structure, seed: int, domains: int = DOMAINS) -> Crystal:
    """The paper's crystal in a random orientation, which depends on the seed alone."""
    rng = np.random.default_rng(seed)
    orientation = rotation_from_quaternion(random_quaternion(rng))
    rotations = domain_rotations(rng, domains, MOSAIC_DEG)
    return Crystal(structure.cell.real_rows() @ orientation.T, rotations, CELLS, MOSAIC_DEG)


def paper_scale(engine: str, images: int = 10) -> SimulationParameters:
    """Paper-sized images of the paper's crystal, a few of each split."""
    return SimulationParameters(
        image_size=SIZE,
        extent=SIZE,
        mosaic_domains=DOMAINS,
        train=images,
        validation=len(CLASSES),
        test=len(CLASSES),
        real_validation=2,
        real_test=2,
        engine=engine,
    )


def cpu_ms(run: Callable[[], Result], repeats: int) -> tuple[Result, float]:
    """What something returns, and the processor time of its fastest run."""
    best = np.inf
    for _ in range(repeats):
        begin = time.process_time()
        result = run()
        best = min(best, time.process_time() - begin)
    return result, 1e3 * best


def bragg_engines(
    structure: Structure, detector: Detector, orientations: int, repeats: int, many: int
) -> None:
    """Print the Bragg part of an image: every engine beside the brute-force pixel loop."""
    beam = Beam(1.5, FLUENCE)
    factors = structure.factors
    small = Detector(8, 8, 10.0, 80.0, 40.0, 40.0, detector.oversample)
    pixel_loop(paper_crystal(structure, 0), factors, small, beam)
    for engine in ENGINES:  # compiled before anything is timed
        bragg_photons(paper_crystal(structure, 0), factors, detector, beam, engine)
    times: dict[str, list[float]] = {"pixel loop": [], **{name: [] for name in ENGINES}}
    figures: dict[str, list[dict[str, float | None]]] = {name: [] for name in times}
    for seed in range(orientations):
        crystal = paper_crystal(structure, seed)
        reference, ms = cpu_ms(lambda c=crystal: pixel_loop(c, factors, detector, beam), 1)
        times["pixel loop"].append(ms)
        figures["pixel loop"].append(agreement(reference, reference))
        for name in ENGINES:
            found, ms = cpu_ms(
                lambda c=crystal, n=name: bragg_photons(c, factors, detector, beam, n), repeats
            )
            times[name].append(ms)
            figures[name].append(agreement(found, reference))
    print(
        f"Bragg part, {SIZE} x {SIZE}, {detector.oversample} x oversampled, {DOMAINS} domains, "
        f"one thread, mean of {orientations} orientations, best of {repeats} (pixel loop: of 1)"
    )
    base = float(np.mean(times["pixel loop"]))
    for name, taken in times.items():
        print(f"  {_row(name, float(np.mean(taken)), base)}   {_mean(figures[name])}")
    crystal = paper_crystal(structure, 0, many)
    limit = bragg_photons(crystal, factors, detector, beam, "float64")
    few = bragg_photons(paper_crystal(structure, 0), factors, detector, beam, "float64")
    smooth = bragg_photons(crystal, factors, detector, beam, "continuous")
    print(f"  against {many:,} domains (float64), orientation 0:")
    print(f"  {'continuous':<12}{'':29}{_mean([agreement(smooth, limit)])}")
    print(f"  {f'{DOMAINS} domains':<12}{'':29}{_mean([agreement(few, limit)])}")
    _print_hits(structure, detector, base)


def _row(name: str, ms: float, base: float) -> str:
    return f"{name:<12}{ms:9.1f} ms/image {base / ms:8.1f} x"


def _mean(figures: list[dict[str, float | None]]) -> str:
    ratio, l1, correlation = (
        np.mean([row[key] for row in figures], dtype=float)
        for key in ("sum_ratio", "l1", "correlation")
    )
    return f"sum {ratio:.6f}  L1 {l1:.1e}  correlation {correlation:.7f}"


def _print_hits(structure: Structure, detector: Detector, loop_ms: float) -> None:
    """Print how many of the pixel loop's tests light a subpixel: the adds no engine is spared."""
    ones = StructureFactors((structure.factors.squared > 0).astype(float), structure.factors.origin)
    crystal = paper_crystal(structure, 0)
    lit = float(ENGINES["float64"](crystal, ones, detector, Beam(1.5, 1.0)).sum()) * DOMAINS
    asked = detector.n_slow * detector.n_fast * detector.oversample**2 * DOMAINS
    print(
        f"  floor: of {asked:.3g} tests (subpixels x domains, {1e6 * loop_ms / asked:.1f} ns each) "
        f"{lit:.3g} light a subpixel, 1 in {asked / lit:.0f}"
    )


def stages(structure: Structure, detector: Detector, repeats: int) -> None:
    """Print what each stage of a strong image costs, and beside it what bounds that stage."""
    rng = np.random.default_rng(0)
    beam = Beam(1.5, FLUENCE)
    model, layers = BackgroundModel(detector), Layers(0.010, 5.0)
    ccd = FibreCcd(detector.pixel_mm, calibration_map(rng, detector.shape, 0.04))
    point_spread = PointSpread(detector.shape, detector.pixel_mm, 0.041)
    crystal = paper_crystal(structure, 0)
    bragg = bragg_photons(crystal, structure.factors, detector, beam, FAST_ENGINES[0])
    expected = bragg + model.photons(layers, 1.5, 1e12)
    counts = ccd.expose(rng, expected, Readout())
    photons = draw_poisson(rng, expected)
    image = to_grey(counts)
    padded = np.zeros([fft.next_fast_len(n + n // 8, real=True) for n in detector.shape], "f4")

    def both_ways() -> FloatArray:
        return np.asarray(fft.irfft2(fft.rfft2(padded), s=padded.shape))

    with tempfile.TemporaryDirectory() as folder:
        png = encode_png(image)
        runs: dict[str, Callable[[], object]] = {
            "background": lambda: model.photons(layers, 1.5, 1e12),
            "Poisson": lambda: draw_poisson(rng, expected),
            "point spread": lambda: point_spread.apply(photons),
            "whole exposure": lambda: ccd.expose(rng, expected, Readout()),
            "square root": lambda: to_grey(counts),
            "PNG": lambda: encode_png(image),
            "file": lambda: write_atomic(Path(folder) / "image.png", png),
            "floor: numpy's Poisson": lambda: np.random.default_rng(0).poisson(expected),
            "floor: FFT and back": both_ways,
            "floor: copy of an image": expected.copy,
        }
        for run in runs.values():
            run()  # compiled before anything is timed
        print("stages of a strong image without its Bragg part, one thread, ms:")
        for name, run in runs.items():
            print(f"  {name:<26}{cpu_ms(run, repeats)[1]:8.2f}")
    share = np.bincount(image.reshape(-1), minlength=256) / image.size
    bits = -float((share[share > 0] * np.log2(share[share > 0])).sum())
    print(
        f"  {image.size:,} Poisson variates; greys with {bits:.2f} bits of entropy each, "
        f"{image.size * bits / 8000:.0f} kB; PNG of {len(png) / 1000:.0f} kB"
    )


def whole_images(engine: str, per_class: int) -> None:
    """Print images/s of one process: rendered, encoded, written, in the paper's class mix."""
    parameters = paper_scale(engine)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.png"

        def make(job: Job) -> None:
            write_atomic(path, encode_png(render(parameters, job)))

        def mean_ms(domain: str, label: int) -> float:
            make(Job(domain, "validation", 0, label))
            begin = time.process_time()
            for index in range(1, per_class + 1):
                make(Job(domain, "validation", index, label))
            return 1e3 * (time.process_time() - begin) / per_class

        by_class = [mean_ms(SYNTHETIC.name, label) for label in range(len(CLASSES))]
        real = [mean_ms(REAL_RAW.name, label) for label in range(len(REAL_RAW.classes))]
    mix = float(np.average(by_class, weights=PAPER_TEST_COUNTS))
    spelt = ", ".join(f"{name} {ms:.1f}" for name, ms in zip(CLASSES, by_class, strict=True))
    print(f"  {engine:<12}{mix:7.1f} ms/image = {1e3 / mix:5.1f} images/s   ({spelt})")
    print(
        f"  {'':<12}{np.mean(real):7.1f} ms/image of the real-like surrogate, as often hit as not"
    )


def writer_rate(engine: str, images: int, workers: int) -> tuple[float, float]:
    """Images/s of the writer from its first report to its last, and seconds before the first."""
    reports: list[tuple[float, int]] = []
    begin = time.perf_counter()

    def note(what: str, done: int, total: int) -> None:
        if done > 0:
            reports.append((time.perf_counter(), done))

    with tempfile.TemporaryDirectory() as folder:
        parameters = paper_scale(engine, images)
        write_dataset(Path(folder) / "set", parameters, workers=workers, progress=note)
    (first, some), (last, final) = reports[0], reports[-1]
    return (final - some) / (last - first), first - begin


def scaling(engine: str, images: int) -> None:
    """Print how the writer's rate grows with its processes."""
    base = 0.0
    for workers in (1, 2):
        rate, before = writer_rate(engine, images, workers)
        base = base or rate
        print(
            f"  writer, {engine}, {workers} process{'es' * (workers > 1)}: {rate:5.1f} images/s "
            f"({rate / base:.2f} x), {before:.1f} s to the first images"
        )


WORKER = """
import sys
from benchmarks.simulator import first_jobs, paper_scale, peak_memory_mb, render
parameters = paper_scale(sys.argv[1])
for job in first_jobs(parameters):
    render(parameters, job)
    print("image", flush=True)
print(peak_memory_mb())
"""


def first_jobs(parameters: SimulationParameters) -> Iterator[Job]:
    """A strong image, then some of every class of both domains."""
    yield Job(SYNTHETIC.name, TRAIN, 0, len(CLASSES) - 1)
    yield from jobs(parameters)


def peak_memory_mb() -> float:
    """Largest resident size of this process so far."""
    # The kernel's ru_maxrss also remembers the process that started this one.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise OSError("the system does not tell a process its peak memory")


def fresh_worker(engine: str) -> None:
    """Print a new process's time to its first image, with and without compiled code, and size."""
    with tempfile.TemporaryDirectory() as cache:
        for state in ("cold", "warm"):
            begin = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-c", WORKER, engine],
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[1],
                env={**os.environ, "NUMBA_CACHE_DIR": cache},
            )
            assert process.stdout is not None
            process.stdout.readline()
            seconds = time.perf_counter() - begin
            rest, _ = process.communicate()
            if process.returncode:
                raise RuntimeError(f"the worker ended with status {process.returncode}")
            print(
                f"  {engine:<12}{state} start: {seconds:4.1f} s to the first image; "
                f"{float(rest.split()[-1]):.0f} MB at most over {rest.count('image')} images"
            )


def main(short: bool = False) -> None:
    structure = read_structure(CrystalSetup())
    detector = imaged_area(DetectorSetup(), SIZE, SIZE)
    bragg_engines(structure, detector, *((1, 3, 3_000) if short else (4, 7, 20_000)))
    stages(structure, detector, 3 if short else 9)
    print("whole image, PNG and file included, paper's class mix, one process, CPU time:")
    for engine in FAST_ENGINES:
        whole_images(engine, 3 if short else 20)
    for engine in FAST_ENGINES[: 1 if short else None]:
        scaling(engine, 48 if short else 400)
    print("a fresh worker at paper scale, both domains:")
    for engine in FAST_ENGINES[: 1 if short else None]:
        fresh_worker(engine)


command = Command(main, {"short": switch})


if __name__ == "__main__":
    given = ["short=true" if word == "short" else word for word in sys.argv[1:]]
    raise SystemExit(command(given))
