"""Latencies of the searches that measured them, in the words of the terminal and of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.formatting import MISSING, counted, quantity

Json = Mapping[str, Any]

NOT_MEASURED = "not measured"


def measured(found: Json) -> bool:
    """Whether a search of the comparison measured latencies."""
    return any("latency" in search for search in found["searches"])


def limited(found: Json) -> bool:
    """Whether a search of the comparison has a limit of latency."""
    return any(search.get("latency", {}).get("limit_ms") for search in found["searches"])


def cell(search: Json, which: str) -> str:
    """Latency of a search's ``incumbent`` or ``confirmed``: ``6.20 ms, within 7.69 ms``.

    Of several seeds it is the median, with the lowest and the highest behind it.
    """
    if "latency" not in search:
        return NOT_MEASURED
    one, limit = search["latency"][which], search["latency"]["limit_ms"]
    if one is None:
        return MISSING
    text = f"{one['latency_ms']:,.2f} ms"
    seeds = one.get("seeds_ms", ())
    if len(seeds) > 1:
        text += f" ({min(seeds):,.2f}–{max(seeds):,.2f})"
    if limit is None:
        return text
    return f"{text}, {'within' if one['within'] else 'beyond'} {limit:g} ms"


def lines(found: Json) -> list[str]:
    """How many configurations of each search keep its limit, a line a search."""
    said = []
    for search in found["searches"]:
        if "latency" not in search:
            continue
        known, limit = search["latency"], search["latency"]["limit_ms"]
        all_of_them = counted(known["within"] + known["beyond"], "configurations")
        if limit is None:
            text = f"latency of {all_of_them}, without a limit"
        else:
            text = f"{quantity(known['within'])} of {all_of_them} within the limit of {limit:g} ms"
        said.append(f"{search['key']}: {text}")
    return said
