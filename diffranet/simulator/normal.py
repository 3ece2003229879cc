"""Quantiles of the standard normal distribution (Wichura 1988, algorithm AS 241, PPND16).

One uniform number makes one normal number, so that every pixel of an image draws the same
number whatever the others do. Exact to about 1e-15 of the quantile.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from diffranet.simulator.geometry import FloatArray

CENTRE = 0.425
FAR_TAIL = 5.0
LEAST_UNIFORM = 2.0**-54
"""Stands for a uniform number of zero: half of the smallest other one."""


def open_uniform(rng: np.random.Generator, n: int) -> FloatArray:
    """Uniform random numbers above 0 and below 1, shape (n,)."""
    uniform = rng.random(n)
    return np.maximum(uniform, LEAST_UNIFORM, out=uniform)


def normal_quantiles(uniform: FloatArray) -> FloatArray:
    """The numbers below which a standard normal number lies with these probabilities.

    Args:
        uniform: Probabilities above 0 and below 1, shape (n,).
    """
    quantiles = np.empty_like(uniform)
    _centre(uniform, quantiles)
    _tails(uniform, quantiles)
    return quantiles


@njit(cache=True, error_model="numpy")
def _centre(uniform: FloatArray, out: FloatArray) -> None:
    # Without a branch, so that the compiler runs it on several numbers at once.
    for i in range(uniform.size):
        q = uniform[i] - 0.5
        r = CENTRE * CENTRE - q * q
        above = 2.5090809287301226727e3
        above = above * r + 3.3430575583588128105e4
        above = above * r + 6.7265770927008700853e4
        above = above * r + 4.5921953931549871457e4
        above = above * r + 1.3731693765509461125e4
        above = above * r + 1.9715909503065514427e3
        above = above * r + 1.3314166789178437745e2
        above = above * r + 3.3871328727963666080e0
        below = 5.2264952788528545610e3
        below = below * r + 2.8729085735721942674e4
        below = below * r + 3.9307895800092710610e4
        below = below * r + 2.1213794301586595867e4
        below = below * r + 5.3941960214247511077e3
        below = below * r + 6.8718700749205790830e2
        below = below * r + 4.2313330701600911252e1
        out[i] = q * above / (below * r + 1.0)


@njit(cache=True, error_model="numpy")
def _far_tail(root: float) -> float:
    r = root - FAR_TAIL
    above = 2.01033439929228813265e-7
    above = above * r + 2.71155556874348757815e-5
    above = above * r + 1.24266094738807843860e-3
    above = above * r + 2.65321895265761230930e-2
    above = above * r + 2.96560571828504891230e-1
    above = above * r + 1.78482653991729133580e0
    above = above * r + 5.46378491116411436990e0
    above = above * r + 6.65790464350110377720e0
    below = 2.04426310338993978564e-15
    below = below * r + 1.42151175831644588870e-7
    below = below * r + 1.84631831751005468180e-5
    below = below * r + 7.86869131145613259100e-4
    below = below * r + 1.48753612908506148525e-2
    below = below * r + 1.36929880922735805310e-1
    below = below * r + 5.99832206555887937690e-1
    return above / (below * r + 1.0)


@njit(cache=True, error_model="numpy")
def _tails(uniform: FloatArray, out: FloatArray) -> None:
    # One number in seven lies here. Collected first, they too run several at once.
    place = np.empty(uniform.size, np.int64)
    n = 0
    for i in range(uniform.size):
        place[n] = i
        n += abs(uniform[i] - 0.5) > CENTRE
    root = np.empty(n)
    for k in range(n):
        u = uniform[place[k]]
        root[k] = math.sqrt(-math.log(min(u, 1.0 - u)))
    quantile = np.empty(n)
    for k in range(n):
        r = root[k] - 1.6
        above = 7.74545014278341407640e-4
        above = above * r + 2.27238449892691845833e-2
        above = above * r + 2.41780725177450611770e-1
        above = above * r + 1.27045825245236838258e0
        above = above * r + 3.64784832476320460504e0
        above = above * r + 5.76949722146069140550e0
        above = above * r + 4.63033784615654529590e0
        above = above * r + 1.42343711074968357734e0
        below = 1.05075007164441684324e-9
        below = below * r + 5.47593808499534494600e-4
        below = below * r + 1.51986665636164571966e-2
        below = below * r + 1.48103976427480074590e-1
        below = below * r + 6.89767334985100004550e-1
        below = below * r + 1.67638483018380384940e0
        below = below * r + 2.05319162663775882187e0
        quantile[k] = above / (below * r + 1.0)
    for k in range(n):
        if root[k] > FAR_TAIL:
            quantile[k] = _far_tail(root[k])
        out[place[k]] = math.copysign(quantile[k], uniform[place[k]] - 0.5)
