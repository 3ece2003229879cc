"""Seeds of one search belong together: searches whose configurations are equal but for the seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automl.comparison.source import Source
from automl.plots.curves import letter
from automl.settings import digest


@dataclass(frozen=True)
class Group:
    """One search over one or several seeds.

    Attributes:
        key: ``A``, ``B`` and so on, in the order in which the searches were named.
        sources: with different seeds.
    """

    key: str
    sources: tuple[Source, ...]

    @property
    def pooled(self) -> bool:
        """Whether there is more than one seed."""
        return len(self.sources) > 1

    @property
    def label(self) -> str:
        """What tables and figures call it."""
        first = self.sources[0]
        if not self.pooled:
            return f"{self.key}: {first.name}"
        return f"{self.key}: {first.results['search']}, {len(self.sources)} seeds"

    def key_of(self, source: Source) -> str:
        """What tables call one of its searches: ``A``, or ``A·3`` for seed 3 of several."""
        return f"{self.key}·{source.seed}" if self.pooled else self.key


def group(sources: Sequence[Source]) -> list[Group]:
    """Put seeds of one search together.

    Equal are the configuration without its seed and the images. A second search with the same
    seed is a repetition and no seed more: it stands in a group of its own.
    """
    found: dict[tuple[str, str, int], dict[int, Source]] = {}
    for source in sources:
        config = {**source.plan["config"], "seed": None}
        same = (digest(config), source.data_digest)
        turn = 0
        while source.seed in found.setdefault((*same, turn), {}):
            turn += 1
        found[*same, turn][source.seed] = source
    return [
        Group(letter(index), tuple(seeds.values())) for index, seeds in enumerate(found.values())
    ]


def keyed(groups: Sequence[Group]) -> list[tuple[str, Source]]:
    """Return every search with its key, group by group."""
    return [(group.key_of(source), source) for group in groups for source in group.sources]


def partners(one: Group, other: Group) -> list[tuple[Source, Source]]:
    """Return the searches of two groups that are compared model by model.

    Those of equal seeds; where there are none, the first of each.
    """
    seeds = {source.seed: source for source in one.sources}
    same = [(seeds[source.seed], source) for source in other.sources if source.seed in seeds]
    return same or [(one.sources[0], other.sources[0])]
