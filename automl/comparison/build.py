"""``compare.json``: everything that a comparison says, in plain containers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from automl.comparison.accuracy import domains_of, pairs, ranks
from automl.comparison.configurations import confirmed, importances, moved
from automl.comparison.cost import cost
from automl.comparison.curves import pooled, steps
from automl.comparison.differences import differences, images
from automl.comparison.gap import gap
from automl.comparison.groups import Group, group, keyed
from automl.comparison.latency import latency
from automl.comparison.source import Source

Json = dict[str, Any]


def compare(sources: Sequence[Source]) -> Json:
    """Compare searches.

    Equal ledgers give an equal comparison. Searches are named by the keys of ``searches``.

    Args:
        sources: Two searches or more, in the order in which they are shown.
    """
    groups = group(sources)
    return {
        "id": comparison_id(sources),
        "images": images(groups),
        "differences": differences(groups),
        "groups": [_group(one) for one in groups],
        "searches": [_search(key, source) for key, source in keyed(groups)],
        "domains": domains_of(groups),
        "pairs": pairs(groups),
        "ranks": ranks(groups),
        "moved": moved(groups),
        "importance": importances(groups),
        "gap": gap(groups),
    }


def comparison_id(sources: Sequence[Source]) -> str:
    """Return what identifies a comparison: the searches in it, in whatever order."""
    text = "/".join(sorted(str(source.plan["search_id"]) for source in sources))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _group(one: Group) -> Json:
    first = one.sources[0]
    return {
        "key": one.key,
        "label": one.label,
        "searches": [one.key_of(source) for source in one.sources],
        "seeds": [source.seed for source in one.sources],
        "select": first.plan["select"],
        "budget_unit": first.results["budget_unit"],
        "curves": pooled(one),
    }


def _search(key: str, source: Source) -> Json:
    results, measured = source.results, latency(source)
    kept = ("search", "scale", "seed", "select", "labels", "trainable", "space", "algorithm")
    return {
        "key": key,
        "name": source.name,
        "search_id": source.plan["search_id"],
        **{name: results[name] for name in kept},
        "data_digest": source.data_digest,
        "revision": (source.plan.get("provenance") or {}).get("git"),
        "closed": source.state.closed,
        "incumbent": results["incumbent"],
        "confirmed": confirmed(source),
        "cost": cost(source),
        "curve": [list(step) for step in steps(source)],
        "evaluation": list(source.domains.values()),
        **({} if measured is None else {"latency": measured}),
    }
