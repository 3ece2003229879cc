"""Which pixel pairs are counted together: a few points whose steps are the wanted offsets.

Every pass over an image counts, at each position, the grey levels at several points at once. The
joint counts of any two of the points follow, so a pass serves every offset that is a step between
two of its points: three points up to three offsets, six points up to fifteen.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Step = tuple[int, int]
"""Rows down (never negative) and columns to the right."""

MOST_POINTS = 6
_TRIES = 4


class Cover(NamedTuple):
    """Groups of points that together serve every step."""

    points: NDArray[np.int64]
    """(groups, points, 2), rows and columns; those past a group's size repeat its first."""
    sizes: NDArray[np.int64]
    """(groups,)"""
    serves: NDArray[np.int64]
    """(groups, points, points): index of the step from one point to a later one, or -1."""


@lru_cache(maxsize=1024)
def step_of(distance: int, angle: int) -> Step:
    """The step as scikit-image rounds it; of the two opposite ones that which leads down.

    The matrix is symmetric: it holds both.
    """
    radians = math.radians(angle)
    rows = _rounded(math.sin(radians) * distance)
    columns = _rounded(math.cos(radians) * distance)
    return (rows, columns) if (rows, columns) > (0, 0) else (-rows, -columns)


def _rounded(value: float) -> int:
    # Halves away from zero, and with them sin 30 degrees, which is the number below a half.
    return int(value + math.copysign(0.5, value))


class Layout(NamedTuple):
    """A cover's points as positions in the rows of an image, laid one behind the other."""

    stride: int
    """From a row to the next: room for steps beyond an end, which is another row's other end."""
    margin: int
    """Positions before the first row and behind the last."""
    shifts: NDArray[np.int64]
    """(groups, points), the least of a group 0."""
    sizes: NDArray[np.int64]
    serves: NDArray[np.int64]


@lru_cache(maxsize=64)
def covers(steps: tuple[Step, ...]) -> tuple[Cover, ...]:
    """Covers by groups of at most 2, 3, ... `MOST_POINTS` points.

    Args:
        steps: Distinct.
    """
    found = []
    for most in range(2, MOST_POINTS + 1):
        tries = [_groups(steps, most, Random(seed)) for seed in range(_TRIES)]
        found.append(_packed(min(tries, key=len), steps, most))
    return tuple(found)


def _groups(steps: Sequence[Step], most: int, random: Random) -> list[list[Step]]:
    groups = []
    left = set(steps)
    while left:
        grown = [_grow(step, left, most, random) for step in sorted(left)]
        served = max(len(met) for _, met in grown)
        points, met = random.choice([group for group in grown if len(group[1]) == served])
        groups.append(points)
        left -= met
    return groups


def _grow(first: Step, left: set[Step], most: int, random: Random) -> tuple[list[Step], set[Step]]:
    """Points that start with `first`, each chosen to serve as many more steps as any would."""
    points, served = [(0, 0), first], {first}
    while len(points) < most:
        gains: dict[Step, set[Step]] = {}
        for row, column in points:
            for step in left - served:
                down, right = step
                gains.setdefault((row + down, column + right), set()).add(step)
                gains.setdefault((row - down, column - right), set()).add(step)
        if not gains:
            break
        best = max(map(len, gains.values()))
        chosen = random.choice(sorted(point for point, gain in gains.items() if len(gain) == best))
        points.append(chosen)
        served |= gains[chosen]
    return points, served


def _packed(groups: list[list[Step]], steps: Sequence[Step], most: int) -> Cover:
    points = np.array([group + group[:1] * (most - len(group)) for group in groups], np.int64)
    serves = np.full((len(groups), most, most), -1, np.int64)
    index = {step: number for number, step in enumerate(steps)}
    for rows, group in zip(serves, groups, strict=True):
        for later, (row, column) in enumerate(group):
            for earlier, (first_row, first_column) in enumerate(group[:later]):
                step = (row - first_row, column - first_column)
                step = step if step > (0, 0) else (-step[0], -step[1])
                # A step that several pairs make is counted once.
                rows[earlier, later] = index.pop(step, -1)
    return Cover(points, np.array([len(group) for group in groups], np.int64), serves)


@lru_cache(maxsize=64)
def layout(steps: tuple[Step, ...], points: int, width: int) -> Layout:
    """Lay out the cover by groups of at most `points` points for images of this width."""
    cover = covers(steps)[points - 2]
    stride = width + max(abs(columns) for _, columns in steps)
    shifts = cover.points @ np.array([stride, 1])
    shifts -= shifts.min(axis=1, keepdims=True)
    furthest = max(rows for rows, _ in steps)
    margin = max(int(shifts.max()), stride * (furthest + 1))
    return Layout(stride, margin, shifts, cover.sizes, cover.serves)


@lru_cache(maxsize=64)
def passes(steps: tuple[Step, ...]) -> NDArray[np.int64]:
    """Groups of each of the covers."""
    return np.array([len(cover.sizes) for cover in covers(steps)], np.int64)
