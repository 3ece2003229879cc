"""What differs between searches: said before anything of theirs is compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from automl.comparison.groups import Group, keyed
from automl.comparison.source import Source
from automl.settings import flatten, identity

Json = dict[str, Any]

_SHOWN = 12  # hex digits of a digest

LIMIT = "objective.latency_limit_ms"
"""The key of a search that says how many milliseconds an image may take."""

# Kinds of differences in the order in which they are shown, and what each is called.
KINDS = {
    "configuration": "configuration of the search",
    "select": "selection domain",
    "data": "images",
    "code": "code and packages",
    "hardware": "hardware",
    "place": "where and how it ran",
}


def images(groups: Sequence[Group]) -> Json:
    """Return whether all searches saw the same images, and the comparison's first line.

    Returns:
        ``same``, ``line``, and ``unrecorded``: keys of searches whose test splits have no digest
        of their own, so that only that of all images vouches for them.
    """
    searches = keyed(groups)
    unrecorded = [key for key, source in searches if _unrecorded(source)]
    reason = _not_the_same(searches)
    if reason:
        line = (
            f"not the same images: {reason}; "
            "test accuracies are shown and not tested against each other"
        )
    else:
        line = f"the same images: data digest {searches[0][1].data_digest[:_SHOWN]}"
        if unrecorded:
            line += f"; no digests of the test splits in {', '.join(unrecorded)}"
    return {"same": not reason, "line": line, "unrecorded": unrecorded}


def same_images(first: Source, second: Source, domain: str) -> bool:
    """Whether two searches were trained on the same data and tested on the same images."""
    if first.data_digest != second.data_digest:
        return False
    one, other = first.domains.get(domain), second.domains.get(domain)
    if one is None or other is None:
        return True
    if one["n"] != other["n"]:
        return False
    digests = {first.split_digest(domain), second.split_digest(domain)} - {None}
    if len(digests) > 1:
        return False
    if not same_classes(first, second, domain):
        # Two readings of one data set; the labels of one reading are not those of the other.
        return first.labels != second.labels
    labels = {source.state.evaluated[domain, "test"].get("labels") for source in (first, second)}
    return len(labels - {None}) < 2


def same_classes(first: Source, second: Source, domain: str) -> bool:
    """Whether two searches that were tested on a domain told the same classes apart there."""
    one, other = first.domains.get(domain), second.domains.get(domain)
    return one is None or other is None or one["classes"] == other["classes"]


def differences(groups: Sequence[Group]) -> list[Json]:
    """Return what differs, a row each: ``kind``, ``key`` and ``values`` by the search's key.

    The searches' names are left out, and so are the seeds where every group has the same ones.
    A search without such a key has no value.
    """
    searches = keyed(groups)
    seeds = {tuple(sorted(source.seed for source in group.sources)) for group in groups}
    rows: list[Json] = []
    for kind in KINDS:
        facts = {key: _facts(kind, source) for key, source in searches}
        names = dict.fromkeys(name for of_one in facts.values() for name in of_one)
        # What was chosen goes before the many keys that follow from it.
        for name in sorted(names, key=lambda name: (not name.endswith(".name"), name != LIMIT)):
            if name == "seed" and len(seeds) == 1:
                continue
            values = {key: of_one[name] for key, of_one in facts.items() if name in of_one}
            # A digest that was not recorded differs from none.
            absent = kind != "data" and len(values) < len(facts)
            if absent or len({repr(value) for value in values.values()}) > 1:
                rows.append({"kind": kind, "key": name, "values": values})
    return rows


def _facts(kind: str, source: Source) -> Mapping[str, Any]:
    plan = source.plan
    provenance = plan.get("provenance") or {}
    config = flatten(plan["config"])
    same = identity(plan["config"])
    match kind:
        case "configuration":
            return {key: value for key, value in same.items() if key != "select"}
        case "select":
            return {"select": plan["select"]}
        case "data":
            splits = {f"{domain}/test": source.split_digest(domain) for domain in source.domains}
            return {"digest": source.data_digest} | {
                name: digest for name, digest in splits.items() if digest is not None
            }
        case "code":
            versions = provenance.get("versions") or {}
            code = {"revision": provenance.get("git"), "Python": provenance.get("python")}
            return code | dict(versions)
        case "hardware":
            return flatten(provenance.get("hardware") or {})
        case _:
            left_out = {*same, "name", "search.description"}
            return {key: value for key, value in config.items() if key not in left_out}


def _not_the_same(searches: Sequence[tuple[str, Source]]) -> str:
    digests = _by_value((source.data_digest[:_SHOWN], key) for key, source in searches)
    if len(digests) > 1:
        shown = " against ".join(f"{digest} ({', '.join(k)})" for digest, k in digests.items())
        return f"data digest {shown}"
    for place, (key, source) in enumerate(searches):
        for other_key, other in searches[place + 1 :]:
            for domain in source.domains:
                if not same_images(source, other, domain):
                    return f"the {domain} test splits of {key} and {other_key} differ"
    return ""


def _by_value(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for value, key in pairs:
        found.setdefault(value, []).append(key)
    return found


def _unrecorded(source: Source) -> bool:
    return any(source.split_digest(domain) is None for domain in source.domains)
