"""Configurations that a search is given instead of its first draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.algorithms.base import Plan
from searchspaces import Space, SpaceError, canonical_json

Initial = Sequence[Mapping[str, Any]]


def checked_initial(initial: Initial, space: Space, plan: Plan) -> tuple[dict[str, Any], ...]:
    """Return the configurations as the space spells them.

    Raises:
        ValueError: One is no point of the space, occurs twice, or the plan draws fewer; the
            message counts from 1.
    """
    if len(initial) > plan.configurations:
        raise ValueError(
            f"initial: {len(initial)} configurations, but the plan draws {plan.configurations}: "
            "give fewer"
        )
    known: dict[str, int] = {}
    points = []
    for number, configuration in enumerate(initial, start=1):
        try:
            point = space.canonical(configuration)
        except SpaceError as error:
            raise ValueError(f"initial configuration {number}: {error}") from error
        first = known.setdefault(canonical_json(point), number)
        if first != number:
            raise ValueError(
                f"initial configuration {number} is the same as number {first}: list it once"
            )
        points.append(point)
    return tuple(points)
