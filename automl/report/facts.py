"""Under the answer: on what data, at what cost, how fast; and whether it was more than a test."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from automl.formatting import MISSING, counted, duration, quantity
from automl.report.access import budget_unit, mapping, real, text, whole
from automl.report.pareto import chosen_latency
from automl.report.uses import Use

_ENOUGH = 100
"""Images from which a rate is told: fewer take milliseconds, the first of them most."""


def facts(results: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(label, value) pairs: the images, what the search cost, speed and latency of its model."""
    return (*_images(results), *_cost(results), *_speed(results), *_latency(results))


def smoke_test(results: Mapping[str, Any]) -> Use | None:
    """What a search at the smallest scale must say before anything else; ``None`` at any other."""
    if text(results, "scale") != "smoke":
        return None
    trained = _images_of(results, "train")
    on = f", after training on {quantity(trained)} images" if trained else ""
    search = shlex.quote(text(results, "search", "NAME"))
    return Use(
        "A smoke test",
        f"python -m automl.run search={search} scale=demo",
        f"It shows that everything runs{on}; no number on this page means anything. "
        "For a first result:",
    )


def _cost(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    trials, times = mapping(results, "trials"), mapping(results, "times")
    unit = budget_unit(results)
    cost = []
    finished = whole(trials, "finished")
    if finished is not None:
        failed = sum(
            whole(mapping(trials, "failed"), key) or 0 for key in mapping(trials, "failed")
        )
        cost.append(("trials", f"{quantity(finished)} finished, {quantity(failed)} failed"))
    spent, planned = real(trials, "budget_spent"), real(trials, "budget_planned")
    if spent is not None:
        of = f" of {quantity(planned)} planned" if planned is not None else ""
        cost.append((f"{unit} spent", quantity(spent) + of))
    total = real(times, "total_seconds")
    if total is not None:
        parts = [
            f"{name} {duration(seconds)}"
            for name in ("search", "confirmation", "evaluation")
            if (seconds := real(times, f"{name}_seconds")) is not None
        ]
        cost.append(
            ("time", f"{duration(total)} ({', '.join(parts)})" if parts else duration(total))
        )
    return cost or [("cost", MISSING)]


def _speed(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """One rate with its conditions; nothing where too few images were classified to tell one."""
    classified = mapping(mapping(results, "times"), "classified")
    images, seconds = whole(classified, "images"), real(classified, "seconds")
    if images is None or images < _ENOUGH or not seconds or seconds < 0:
        return []
    trial = mapping(mapping(mapping(results, "config"), "cluster"), "trial")
    where = "on a GPU" if real(trial, "gpus") else "on the CPU"
    rate = float(f"{images / seconds:.2g}")
    conditions = f"{counted(images, 'images')}{_of_size(results)} in memory, many at once"
    return [
        (
            "speed of the model",
            f"about {rate:,.0f} images/s ({conditions}, one process {where}, features included)",
        )
    ]


def _latency(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the search measured, not what the final evaluation did: one image at a time."""
    latency = chosen_latency(results)
    if not latency:
        return []
    image = f"one image{_of_size(results)} in memory"
    return [("latency", f"{latency} (median, {image}, one thread, while the search ran)")]


def _images(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    data, select = mapping(results, "data"), text(results, "select")
    trained = _images_of(results, "train")
    if not trained:
        return []
    kind = "simulated " if data.get("surrogate") else ""
    name = text(data, "name", "unnamed")
    selected = _images_of(results, "validation", select)
    words = f"{kind}{name} images{_of_size(results)}: {quantity(trained)} to train"
    if selected:
        words += f", {quantity(selected)} ({select.replace('_', ' ')}) to select by"
    return [("images", f"{words}, {quantity(_images_of(results, 'test'))} to test")]


def _images_of(results: Mapping[str, Any], split: str, domain: str | None = None) -> int:
    """How many images a split has, in one domain or in all of them."""
    counts = mapping(mapping(results, "data"), "counts")
    classes = [mapping(mapping(counts, one), split) for one in counts if domain in (None, one)]
    return sum(whole(one, name) or 0 for one in classes for name in one)


def _of_size(results: Mapping[str, Any]) -> str:
    size = mapping(results, "data").get("image_shape")
    if not isinstance(size, list | tuple) or len(size) != 2:
        return ""
    return f" of {size[0]} × {size[1]}"
