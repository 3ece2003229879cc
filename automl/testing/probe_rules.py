"""Rules on what a trainable says of its costs before a search begins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from automl.testing.contract import call, require
from automl.testing.trainable_case import TrainableCase
from automl.testing.watched import watched

_SECONDS = 0.05


def probe_prices_configurations(case: TrainableCase, folder: Path) -> None:
    """``probe`` prices the case's configuration, keeps nothing, and asks for no test data.

    So it does with fewer images than it is told that there will be.
    """
    cache, asked = folder / "cache", list[str]()
    cache.mkdir()
    data = watched(case.data(cache), asked)
    before = _files(folder)
    found = call(
        "probe",
        case.trainable.probe,
        data,
        dict(case.options),
        case.device,
        [dict(case.configuration)] * 2,
        images=(len(data.train.labels) + 3, len(data.validation.labels) + 1),
        seconds=_SECONDS,
    )
    prices = found.get("trials") if hasattr(found, "get") else None
    require(
        isinstance(prices, Sequence) and len(prices) == 2,
        f"probe gave {prices!r} for two configurations; give 'trials', one price for each",
    )
    assert prices is not None
    for price in prices:
        require(_is_price(price), f"probe gave the price {price!r}; give three numbers of seconds")
    added = _files(folder) - before
    require(not added, f"probe left {', '.join(sorted(added))}; it must write nothing that stays")
    names = ", ".join(f"data.{name}" for name in asked)
    require(not asked, f"test data were asked for: {names}")


def _is_price(price: Any) -> bool:
    if not isinstance(price, Sequence) or len(price) != 3:
        return False
    return all(isinstance(p, int | float) and math.isfinite(p) and p >= 0 for p in price)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}
