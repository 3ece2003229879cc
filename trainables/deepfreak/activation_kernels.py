"""Compiled kernels of batch normalisation with its shortcut and ReLU, on one thread.

A map is (rows, width) float32: pixels, or as many whole pixels side by side as make a row of
some 64 values. Each kernel goes over the map twice, once for sums and once for what is made of
them; comparisons are such that what is not a number stays so.

The kernels are C functions of addresses. Arrays in and out of numba's own calls would cost some
20 µs a call, a tenth of what a small map takes.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np
from numba import types

_MAP = types.CPointer(types.float32)
_WHOLE = types.int64
_REAL = types.float64
# Sums may be reordered once, at compilation; nothing may assume that all numbers are finite.
_FAST = {"reassoc", "contract", "nsz", "arcp"}
_BLOCK = 32  # rows summed in float32


@nb.njit(cache=True, fastmath=_FAST)  # pragma: no cover
def _folded(totals, channels):  # type: ignore[no-untyped-def]
    """Sums of the columns of each channel."""
    result = np.zeros(channels, np.float64)
    for start in range(0, totals.size, channels):
        for channel in range(channels):
            result[channel] += totals[start + channel]
    return result


@nb.njit(cache=True, fastmath=_FAST)  # pragma: no cover
def _spread(values, width):  # type: ignore[no-untyped-def]
    """One float32 per column of a row from one per channel."""
    result = np.empty(width, np.float32)
    for start in range(0, width, values.size):
        for channel in range(values.size):
            result[start + channel] = values[channel]
    return result


@nb.njit(cache=True, fastmath=_FAST)  # pragma: no cover
def _moments(x, channels):  # type: ignore[no-untyped-def]
    """Mean and variance of each channel, float64, from values shifted by an early mean."""
    rows, width = x.shape
    early = np.zeros(width, np.float32)
    first = min(rows, _BLOCK)
    for row in range(first):
        for column in range(width):
            early[column] += x[row, column]
    values = rows * (width // channels)
    shift = _folded(early, channels) / (first * (width // channels))
    shifts = _spread(shift, width)
    sums, squares = np.zeros(width, np.float64), np.zeros(width, np.float64)
    some, some_squares = np.empty(width, np.float32), np.empty(width, np.float32)
    for start in range(0, rows, _BLOCK):
        some[:] = 0
        some_squares[:] = 0
        for row in range(start, min(rows, start + _BLOCK)):
            for column in range(width):
                value = x[row, column] - shifts[column]
                some[column] += value
                some_squares[column] += value * value
        for column in range(width):
            sums[column] += some[column]
            squares[column] += some_squares[column]
    mean = _folded(sums, channels) / values
    variance = _folded(squares, channels) / values - mean * mean
    for channel in range(channels):
        if variance[channel] < 0:
            variance[channel] = 0
        # The shift as it was applied: rounded to float32.
        mean[channel] += shifts[channel]
    return mean, variance


@nb.cfunc(
    types.void(
        *(_MAP, _MAP, _WHOLE, _WHOLE, _WHOLE, _WHOLE),
        *(_MAP, _MAP, _MAP, _MAP, _REAL, _REAL, _REAL, _MAP, _MAP, _MAP),
    ),
    cache=True,
    fastmath=_FAST,
)  # pragma: no cover
def _forward(  # type: ignore[no-untyped-def]
    x_at,
    shortcut_at,
    adds,
    rows,
    width,
    channels,
    weight_at,
    bias_at,
    running_mean_at,
    running_variance_at,
    momentum,
    epsilon,
    least,
    y_at,
    mean_at,
    inverse_at,
):
    x, y = nb.carray(x_at, (rows, width)), nb.carray(y_at, (rows, width))
    shortcut = nb.carray(shortcut_at, (rows, width))
    weight, bias = nb.carray(weight_at, (channels,)), nb.carray(bias_at, (channels,))
    running_mean = nb.carray(running_mean_at, (channels,))
    running_variance = nb.carray(running_variance_at, (channels,))
    means, inverses = nb.carray(mean_at, (channels,)), nb.carray(inverse_at, (channels,))

    mean, variance = _moments(x, channels)
    values = rows * (width // channels)
    unbiased = values / (values - 1)
    scale = np.empty(channels, np.float64)
    for channel in range(channels):
        means[channel] = mean[channel]
        inverses[channel] = 1 / np.sqrt(variance[channel] + epsilon)
        scale[channel] = weight[channel] * inverses[channel]
        running_mean[channel] += momentum * (mean[channel] - running_mean[channel])
        running_variance[channel] += momentum * (
            unbiased * variance[channel] - running_variance[channel]
        )
    centre, factor, offset = _spread(means, width), _spread(scale, width), _spread(bias, width)
    floor = np.float32(least)
    if adds:
        for row in range(rows):
            for column in range(width):
                value = (x[row, column] - centre[column]) * factor[column] + offset[column]
                value += shortcut[row, column]
                y[row, column] = floor if value < floor else value
    else:
        for row in range(rows):
            for column in range(width):
                value = (x[row, column] - centre[column]) * factor[column] + offset[column]
                y[row, column] = floor if value < floor else value


@nb.cfunc(
    types.void(
        *(_MAP, _MAP, _MAP, _MAP, _WHOLE, _WHOLE, _WHOLE, _WHOLE),
        *(_MAP, _MAP, _MAP, _REAL, _MAP, _MAP, _MAP),
    ),
    cache=True,
    fastmath=_FAST,
)  # pragma: no cover
def _backward(  # type: ignore[no-untyped-def]
    gradient_at,
    y_at,
    x_at,
    of_shortcut_at,
    adds,
    rows,
    width,
    channels,
    weight_at,
    mean_at,
    inverse_at,
    least,
    of_x_at,
    of_weight_at,
    of_bias_at,
):
    gradient, y = nb.carray(gradient_at, (rows, width)), nb.carray(y_at, (rows, width))
    x, of_x = nb.carray(x_at, (rows, width)), nb.carray(of_x_at, (rows, width))
    of_shortcut = nb.carray(of_shortcut_at, (rows, width))
    weight, mean = nb.carray(weight_at, (channels,)), nb.carray(mean_at, (channels,))
    inverse = nb.carray(inverse_at, (channels,))
    of_weight, of_bias = nb.carray(of_weight_at, (channels,)), nb.carray(of_bias_at, (channels,))

    centre = _spread(mean, width)
    zero, floor = np.float32(0), np.float32(least)
    sums, products = np.zeros(width, np.float64), np.zeros(width, np.float64)
    some, some_products = np.empty(width, np.float32), np.empty(width, np.float32)
    for start in range(0, rows, _BLOCK):
        some[:] = 0
        some_products[:] = 0
        for row in range(start, min(rows, start + _BLOCK)):
            for column in range(width):
                value = zero if y[row, column] <= floor else gradient[row, column]
                some[column] += value
                some_products[column] += value * (x[row, column] - centre[column])
        for column in range(width):
            sums[column] += some[column]
            products[column] += some_products[column]
    total, product = _folded(sums, channels), _folded(products, channels)

    values = rows * (width // channels)
    factor, slope = np.empty(channels, np.float64), np.empty(channels, np.float64)
    offset = np.empty(channels, np.float64)
    for channel in range(channels):
        of_bias[channel] = total[channel]
        of_weight[channel] = product[channel] * inverse[channel]
        factor[channel] = weight[channel] * inverse[channel]
        slope[channel] = -factor[channel] * inverse[channel] ** 2 * product[channel] / values
        offset[channel] = -factor[channel] * total[channel] / values
    factors, slopes, offsets = (
        _spread(factor, width),
        _spread(slope, width),
        _spread(offset, width),
    )
    if adds:
        for row in range(rows):
            for column in range(width):
                value = zero if y[row, column] <= floor else gradient[row, column]
                of_shortcut[row, column] = value
                of_x[row, column] = (
                    factors[column] * value
                    + slopes[column] * (x[row, column] - centre[column])
                    + offsets[column]
                )
    else:
        for row in range(rows):
            for column in range(width):
                value = zero if y[row, column] <= floor else gradient[row, column]
                of_x[row, column] = (
                    factors[column] * value
                    + slopes[column] * (x[row, column] - centre[column])
                    + offsets[column]
                )


def _callable(compiled: Any) -> Callable[..., None]:
    """The C function of addresses (int), whole numbers and reals."""
    typed = compiled.ctypes
    plain = [
        ctypes.c_void_p if isinstance(kind, type(ctypes.POINTER(ctypes.c_float))) else kind
        for kind in typed.argtypes
    ]
    return ctypes.CFUNCTYPE(None, *plain)(compiled.address)


FORWARD = _callable(_forward)
"""(x, shortcut, adds, rows, width, channels, weight, bias, running mean, running variance,
momentum, epsilon, least; y, mean, inverse deviation).

Writes the last three and both running statistics; adds the shortcut if `adds`. What is below
`least` is raised to it: 0 for a ReLU, minus infinity for none.
"""
BACKWARD = _callable(_backward)
"""(gradient, y, x, of shortcut, adds, rows, width, channels, weight, mean, inverse deviation,
least; of x, of weight, of bias).

Writes the gradients, that of the shortcut if `adds`.
"""
