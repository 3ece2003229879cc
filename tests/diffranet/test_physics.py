"""Mosaic domains and orientations: against their statistics."""

import numpy as np
import pytest

from diffranet.simulator.crystal import Cell, random_quaternion, rotation_from_quaternion
from diffranet.simulator.mosaic import domain_rotations, largest_angle


def test_mosaic_domains_are_rotations_within_the_angle() -> None:
    rotations = domain_rotations(np.random.default_rng(3), 4000, 0.5)
    np.testing.assert_allclose(
        rotations @ rotations.transpose(0, 2, 1),
        np.broadcast_to(np.eye(3), (4000, 3, 3)),
        atol=1e-12,
    )
    assert np.array_equal(rotations[0], np.eye(3))
    assert 0.49 < np.degrees(largest_angle(rotations)) <= 0.5
    # The recipe's mean angle: the mean of (1 - r^2)^(1/3) over r in [0, 1] is 0.8413.
    angles = np.linalg.norm(rotations - np.eye(3), axis=(1, 2)) / np.sqrt(2)
    assert np.degrees(angles[1:].mean()) == pytest.approx(0.5 * 0.8413, rel=0.01)


def test_orientations_are_equally_likely_in_any_direction() -> None:
    rng = np.random.default_rng(5)
    axes = np.stack([rotation_from_quaternion(random_quaternion(rng))[:, 0] for _ in range(4000)])
    assert np.abs(axes.mean(0)).max() < 0.03
    np.testing.assert_allclose(axes.T @ axes / 4000, np.eye(3) / 3, atol=0.02)


def test_impossible_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="close no cell"):
        Cell(10, 10, 10, 30, 30, 90)
    with pytest.raises(ValueError, match="above zero"):
        Cell(10, 0, 10)
