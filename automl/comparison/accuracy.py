"""Test accuracies side by side, and whether they differ by more than chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from statistics import median
from typing import Any

from automl.comparison.differences import same_classes, same_images
from automl.comparison.groups import Group, keyed, partners
from automl.comparison.source import Source
from automl.paired import difference_interval, discordance, holm, mcnemar, rank_test

Json = dict[str, Any]

LEAST_SEEDS = 5
"""Seeds of each of two searches from which their test accuracies are ranked."""
NOT_RECORDED = "not recorded"
NOT_THE_SAME = "not the same images"
OTHER_CLASSES = "not the same classes"
_SEED = 0
"""Of the bootstrap: an interval describes the data and must not move between two readings."""


def domains_of(groups: Sequence[Group]) -> list[str]:
    """Return every domain that some search was tested on, in order."""
    return list(dict.fromkeys(name for _, source in keyed(groups) for name in source.domains))


def paired(first: Source, second: Source, domain: str) -> Json:
    """Compare two searches' models on the test images of a domain, which both were tested on.

    Returns:
        ``n``, ``only_b`` and ``only_a`` (images that the second, or the first, alone classifies
        rightly), ``difference`` (second minus first: ``only_b`` minus ``only_a``, over ``n``),
        ``interval`` (95 %, None where no image tells the two apart) and ``p`` (exact McNemar); or
        ``reason`` why they cannot be compared.
    """
    if not same_images(first, second, domain):
        return {"reason": NOT_THE_SAME}
    if not same_classes(first, second, domain):
        return {"reason": OTHER_CLASSES}
    one, other = first.right(domain), second.right(domain)
    if one is None or other is None:
        return {"reason": NOT_RECORDED}
    pair = discordance(one, other)
    interval = difference_interval(pair, seed=_SEED)
    return {
        "reason": None,
        "n": pair.n,
        "only_b": pair.only_second,
        "only_a": pair.only_first,
        "difference": pair.difference,
        "interval": None if interval is None else list(interval),
        "p": mcnemar(pair),
    }


def pairs(groups: Sequence[Group]) -> list[Json]:
    """Compare the searches in pairs on each domain, with Holm's correction over its pairs.

    Pairs are taken across groups, of equal seeds; within the group where there is only one.
    """
    rows: list[Json] = []
    for domain in domains_of(groups):
        here = [
            {
                "domain": domain,
                "pair": f"{b} − {a}",
                "b": b,
                "a": a,
                **paired(first, second, domain),
            }
            for (a, first), (b, second) in _pairs(groups)
            if domain in first.domains and domain in second.domains
        ]
        tested = [row for row in here if row["reason"] is None]
        for row, p in zip(tested, holm([row["p"] for row in tested]), strict=True):
            row["p_holm"] = p
        rows += here
    return rows


def ranks(groups: Sequence[Group]) -> list[Json]:
    """Rank the test accuracies of groups of five seeds or more against each other, in pairs.

    Returns:
        A row for each domain and pair, ``b`` over ``a`` as in :func:`pairs`: ``seeds``, ``median``
        and ``mean_rank`` by the group's key (rank 1 is the lowest accuracy of the two together),
        ``u``, ``superiority`` (chance that a seed of b exceeds one of a), ``p`` (Mann-Whitney) and
        ``p_holm``.
    """
    rows: list[Json] = []
    for domain in domains_of(groups):
        here = []
        for one, other in combinations(groups, 2):
            first, second = _tested(one, domain), _tested(other, domain)
            if min(len(first), len(second)) < LEAST_SEEDS:
                continue
            if not _comparable(first[0], second[0], domain):
                continue
            found = _rank((other.key, second), (one.key, first), domain)
            here.append({"domain": domain, "b": other.key, "a": one.key, **found})
        for row, p in zip(here, holm([row["p"] for row in here]), strict=True):
            row["p_holm"] = p
        rows += here
    return rows


def _pairs(groups: Sequence[Group]) -> Iterator[tuple[tuple[str, Source], tuple[str, Source]]]:
    if len(groups) == 1:
        yield from combinations(keyed(groups), 2)
        return
    for one, other in combinations(groups, 2):
        for first, second in partners(one, other):
            yield (one.key_of(first), first), (other.key_of(second), second)


def _tested(group: Group, domain: str) -> list[Source]:
    return [source for source in group.sources if domain in source.domains]


def _rank(
    upper: tuple[str, Sequence[Source]], lower: tuple[str, Sequence[Source]], domain: str
) -> Json:
    """The test of the second search of a pair (``upper``) over its first."""
    (key_b, of_b), (key_a, of_a) = upper, lower
    a, b = ([source.domains[domain]["accuracy"] for source in of_one] for of_one in (of_a, of_b))
    found = rank_test(a, b)
    # U counts pairs; the ranks of a sample sum to U and what they would at the least.
    u_a = len(a) * len(b) - found.u
    return {
        "seeds": {key_b: len(b), key_a: len(a)},
        "median": {key_b: median(b), key_a: median(a)},
        "mean_rank": {
            key_b: found.u / len(b) + (len(b) + 1) / 2,
            key_a: u_a / len(a) + (len(a) + 1) / 2,
        },
        "u": found.u,
        "superiority": found.superiority,
        "p": found.p,
    }


def _comparable(first: Source, second: Source, domain: str) -> bool:
    return same_images(first, second, domain) and same_classes(first, second, domain)
