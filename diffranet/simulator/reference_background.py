"""Reference images of nonBragg and noisify in one ``.npz`` file: water, air and a point spread.

Such a file has any of ``water`` and ``air``, photons per pixel (slow, fast), and ``psf_image``,
what the fibre point spread makes of ``psf_in_photons`` photons in the middle pixel. ``meta`` is
JSON with the command line of each.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from diffranet.errors import DataError
from diffranet.simulator.background import BackgroundModel, Layers
from diffranet.simulator.detector import spread
from diffranet.simulator.geometry import Detector, FloatArray
from diffranet.simulator.reference_file import Arrays, Meta, numbers, read_meta

WATER, AIR, PSF = "water", "air", "psf_image"


@dataclass(frozen=True)
class LayerCase:
    """An image of the scattering of one layer.

    Attributes:
        name: ``water`` or ``air``.
        image: Expected photons per pixel, (slow, fast).
        compute: Makes this image by this package.
    """

    name: str
    image: FloatArray
    compute: Callable[[], FloatArray]


@dataclass(frozen=True)
class SpreadCase:
    """An image of one lit pixel behind the fibres.

    Attributes:
        image: Counts, (slow, fast).
        inside: The pixels that the reference's cut kernel covers, (slow, fast).
        compute: Makes this image by this package.
    """

    image: FloatArray
    inside: npt.NDArray[np.bool_]
    compute: Callable[[], FloatArray]


class CommandLine:
    """The ``-name value`` options of a command line.

    Args:
        text: The line, remarks after it included.
        where: File and key, for messages.
    """

    def __init__(self, text: str, where: str) -> None:
        try:
            words = shlex.split(text)
        except ValueError:
            words = text.split()
        self._where = where
        self._values = dict(pairwise(words))

    def number(self, *names: str, default: float | None = None) -> float:
        """The value of the first of some options that is given.

        Raises:
            DataError: None is given and there is no default, or the value is no number.
        """
        for name in names:
            if name in self._values:
                # Remarks may follow the last value: "-bits 32; photons after ...".
                value = self._values[name].rstrip(";,")
                if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value):
                    raise DataError(f"{self._where}: {name} must be a number, got {value!r}")
                return float(value)
        if default is None:
            raise DataError(f"{self._where}: the command line has no {names[0]}")
        return default


def layer_case(name: str, arrays: Arrays, path: Path) -> LayerCase:
    """Understand an image of nonBragg.

    Args:
        name: ``water`` or ``air``.
        arrays: Of the file.
        path: For messages.

    Raises:
        DataError: The image or its command line is missing or bad.
    """
    image = numbers(arrays, name, path, (None, None))
    line = _command(read_meta(arrays, path), name, path)
    n_slow, n_fast = image.shape
    pixel = line.number("-pixel")
    beam_slow = line.number("-Ybeam", default=(n_slow + 1) * pixel / 2)
    beam_fast = line.number("-Xbeam", default=(n_fast - 1) * pixel / 2)
    wavelength = line.number("-lambda", "-wave", "-wavelength")
    beam_m2 = (line.number("-beamsize") * 1e-3) ** 2
    photons = line.number("-fluence", default=0.0) * beam_m2 or (
        line.number("-flux") * line.number("-exposure", default=1.0)
    )
    thickness = line.number("-thick", "-thickness", "-sample_thick")
    density = line.number("-density", default=1.0)
    molar_mass = line.number("-MW", "-molecular", default=18.0)
    kahn = line.number("-polar", default=0.0)
    try:
        if name == WATER:
            layers = Layers(thickness, 0.0, water_density=density, water_molar_mass=molar_mass)
        else:
            layers = Layers(0.0, thickness, air_density=density, air_molar_mass=molar_mass)
        distance = line.number("-distance")
        detector = Detector(n_slow, n_fast, pixel, distance, beam_slow, beam_fast)
    except DataError:
        raise
    except ValueError as error:
        raise DataError(f"{path}: {name}: {error}") from None

    def compute() -> FloatArray:
        return BackgroundModel(detector, kahn).photons(layers, wavelength, photons)

    return LayerCase(name, image, compute)


def spread_case(arrays: Arrays, path: Path) -> SpreadCase:
    """Understand an image of noisify.

    It cuts the point spread at a radius, spreads what is lost evenly over the image
    (``psf_lost_uniform`` per pixel, 0 if absent), and floors to whole counts.

    Raises:
        DataError: An array or the command line is missing or bad.
    """
    image = numbers(arrays, PSF, path, (None, None))
    photons = float(numbers(arrays, "psf_in_photons", path, ()))
    lost = 0.0
    if "psf_lost_uniform" in arrays:
        lost = float(numbers(arrays, "psf_lost_uniform", path, ()))
    line = _command(read_meta(arrays, path), "psf", path)
    pixel_mm = line.number("-pixel")
    fwhm_mm = line.number("-psf_fwhm") * 1e-3
    radius = line.number("-psf_radius", default=float(max(image.shape)))
    middle = (image.shape[0] // 2, image.shape[1] // 2)
    slow, fast = np.indices(image.shape)
    delta = np.zeros(image.shape)
    delta[middle] = photons
    return SpreadCase(
        image,
        np.hypot(slow - middle[0], fast - middle[1]) <= radius,
        lambda: np.floor(spread(delta, pixel_mm, fwhm_mm) + lost),
    )


def _command(meta: Meta, name: str, path: Path) -> CommandLine:
    return CommandLine(meta.text(name), f"{path}: meta key {name!r}")
