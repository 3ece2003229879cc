"""The reality gap: models selected on synthetic images against models selected on the tested ones.

The paper's section 5.4 and Table 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl import paper
from automl.comparison.accuracy import paired
from automl.comparison.groups import Group, partners
from automl.comparison.source import Source

Json = dict[str, Any]


def gap(groups: Sequence[Group]) -> Json | None:
    """Return the domain gap where searches differ so in their selection domain, else None.

    Returns:
        ``rows``: for each domain and each pair of searches of one trainable, ``base`` selected on
        the training domain and ``own`` selected on the tested one: their keys, accuracies and
        intervals and the paired comparison (own minus base). ``paper``: the paper's rows of the
        same domains and trainables. ``other_data``: whether these are of other images.
    """
    if len({_select(group.sources[0]) for group in groups}) < 2:
        return None
    rows = [
        row
        for base in groups
        for own in groups
        if _select(own.sources[0]) != _training(own.sources[0])
        and _select(base.sources[0]) == _training(base.sources[0])
        and _trainable(base.sources[0]) == _trainable(own.sources[0])
        for row in _rows(base, own)
    ]
    if not rows:
        return None
    published = dict.fromkeys((row["domain"], row["trainable"], row["base_select"]) for row in rows)
    sources = [source for group in groups for source in group.sources]
    return {
        "rows": rows,
        "paper": [line for wanted in published for line in _published(*wanted)],
        "other_data": any(not paper.may_be_the_papers(s.plan["data"]) for s in sources),
    }


def _rows(base: Group, own: Group) -> list[Json]:
    domain = _select(own.sources[0])
    return [
        {
            "domain": domain,
            "trainable": _trainable(second),
            "base": base.key_of(first),
            "own": own.key_of(second),
            "base_select": _select(first),
            "base_accuracy": first.domains[domain]["accuracy"],
            "base_interval": first.domains[domain]["interval"],
            "own_accuracy": second.domains[domain]["accuracy"],
            "own_interval": second.domains[domain]["interval"],
            "n": second.domains[domain]["n"],
            **_paired(first, second, domain),
        }
        for first, second in partners(base, own)
        if domain in first.domains and domain in second.domains
    ]


def _paired(first: Source, second: Source, domain: str) -> Json:
    found = paired(first, second, domain)
    return {key: found.get(key) for key in ("reason", "difference", "interval", "p")}


def _published(domain: str, trainable: str, base: str) -> list[Json]:
    return [
        {
            "domain": domain,
            "method": row.method,
            "select": select,
            "accuracy": row.accuracy,
            "interval": None if row.interval is None else list(row.interval),
            "n": row.n,
            "source": row.source,
            "note": row.note,
        }
        for select in (base, domain)
        for row in paper.accuracies(domain, select)
        if row.trainable == trainable
    ]


def _select(source: Source) -> str:
    return str(source.plan["select"])


def _training(source: Source) -> str:
    """The domain that models are trained on: the first of the data."""
    return str(next(iter(source.plan["data"]["counts"])))


def _trainable(source: Source) -> str:
    return str(source.results["trainable"])
