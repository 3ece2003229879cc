"""Scattering of one molecule of water and of air, elastic and inelastic together.

Up to sin(theta)/lambda = 0.5 per Angstrom the amplitudes are cubic splines through nodes that
represent the curves distributed with nonBragg (bl831/nanoBragg, ``water.stol`` and ``air.stol``):
liquid water within 0.1 % and air within 0.06 % in intensity. Beyond, intensities fall on in
proportion to the free-atom limit, the sum over the molecule's atoms of f^2 and Z - f^2/Z.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.interpolate import CubicSpline

from diffranet.simulator.geometry import FloatArray

MEASURED_STOL = 0.5
"""End of the curves, 1/Angstrom."""
FREE_ATOM_STOL = 2.0
"""End of the Cromer-Mann form factors, 1/Angstrom; the last value holds beyond."""
WATER_AMPLITUDE = (
    *(2.570, 2.574, 2.580, 2.591, 2.623, 2.718, 2.926, 3.265, 3.743, 4.477, 5.568),
    *(6.819, 7.754, 7.999, 7.619, 7.064, 6.753, 6.732, 6.714, 6.423, 5.845, 5.194),
    *(4.688, 4.409, 4.312, 4.311, 4.337, 4.357, 4.356, 4.330, 4.281, 4.209, 4.117),
    *(4.010, 3.891, 3.765, 3.635, 3.505, 3.380, 3.261, 3.150),
)
"""Electrons per molecule of liquid water, every 1/80 per Angstrom from 0."""
AIR_AMPLITUDE = (14.095, 13.381, 11.549, 9.318, 7.359, 5.994, 5.194, 4.768, 4.531, 4.366, 4.218)
"""Electrons per molecule of air, every 1/20 per Angstrom from 0."""
CROMER_MANN = {
    "H": ((0.4899, 20.6593), (0.2620, 7.7404), (0.1968, 49.5519), (0.0499, 2.2016), (0.0013, 0.0)),
    "N": (
        *((12.2126, 0.0057), (3.1322, 9.8933), (2.0125, 28.9975), (1.1663, 0.5826)),
        (-11.529, 0.0),
    ),
    "O": ((3.0485, 13.2771), (2.2868, 5.7011), (1.5463, 0.3239), (0.8670, 32.9089), (0.2508, 0.0)),
}
"""Form factors: terms (a, b) of a sum of a exp(-b stol^2) (International Tables C, 6.1.1.4)."""
ELECTRONS = {"H": 1.0, "N": 7.0, "O": 8.0}
WATER_ATOMS = ("H", "H", "O")
AIR_ATOMS = ("N", "N")


def water_intensity(stol: FloatArray) -> FloatArray:
    """Scattering of liquid water per molecule, electrons^2, at sin(theta)/lambda in 1/Angstrom."""
    return _intensity(stol, WATER_AMPLITUDE, WATER_ATOMS)


def air_intensity(stol: FloatArray) -> FloatArray:
    """Scattering of air per molecule, electrons^2, at sin(theta)/lambda in 1/Angstrom."""
    return _intensity(stol, AIR_AMPLITUDE, AIR_ATOMS)


def free_atom_intensity(stol: FloatArray, atoms: tuple[str, ...]) -> FloatArray:
    """Sum over atoms of elastic f^2 and inelastic Z - f^2/Z scattering, electrons^2."""
    squared_stol = np.minimum(stol, FREE_ATOM_STOL) ** 2
    total = np.zeros_like(squared_stol)
    for atom in atoms:
        f = np.zeros_like(squared_stol)
        for a, b in CROMER_MANN[atom]:
            f += a * np.exp(-b * squared_stol)
        z = ELECTRONS[atom]
        total += f**2 + (z - f**2 / z)
    return total


def _intensity(
    stol: FloatArray, amplitude: tuple[float, ...], atoms: tuple[str, ...]
) -> FloatArray:
    measured = _spline(amplitude)(np.minimum(stol, MEASURED_STOL)) ** 2
    end = free_atom_intensity(np.array(MEASURED_STOL), atoms)
    beyond = free_atom_intensity(np.maximum(stol, MEASURED_STOL), atoms) / end
    return np.asarray(measured * beyond)


@cache
def _spline(amplitude: tuple[float, ...]) -> CubicSpline:
    nodes = np.linspace(0.0, MEASURED_STOL, len(amplitude))
    # Scattering is even in the angle, so its curve starts flat.
    return CubicSpline(nodes, amplitude, bc_type=((1, 0.0), "not-a-knot"))
