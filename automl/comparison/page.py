"""A comparison as one self-contained HTML page and its pictures."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from automl.comparison import figures, gap_tables, latency_words, parameters, tables, words
from automl.disclosure import public
from automl.plots import save, to_svg
from automl.report.evaluation import DomainTable, evaluation

Json = Mapping[str, Any]

_TEMPLATES = Path(__file__).parent.parent / "templates"


def write_page(found: Json, out: Path, figures_dir: Path) -> dict[str, Path]:
    """Write the page of a comparison and its figures.

    The page stands alone: styles and figures are inside it, nothing is fetched. It appears under
    its name complete or not at all.

    Args:
        found: compare.json.
        out: the page to write; its folder is made.
        figures_dir: where the figures go as PNG.

    Returns:
        The figures written, by name.
    """
    drawn = _draw(found)
    inline = {
        name: Markup(to_svg(figure, name, alt))  # Both escape what they are given.
        for name, (figure, alt) in drawn.items()
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.write_text(public(render(found, inline)), encoding="utf-8")
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return {name: save(figure, figures_dir / f"{name}.png") for name, (figure, _) in drawn.items()}


def render(found: Json, drawings: Mapping[str, Markup]) -> str:
    """The page as HTML, with figures given as markup by name; absent ones are left out."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    groups = found["groups"]
    page = SimpleNamespace(
        title=" and ".join(group["label"].partition(": ")[2] for group in groups[:2])
        + (f" and {len(groups) - 2} more" if len(groups) > 2 else ""),
        names=" · ".join(group["label"] for group in groups),
        same=found["images"]["same"],
        smoke=words.smoke(found),
        verdicts=[line[:1].upper() + line[1:] for line in words.verdicts(found)],
        images=_sentence(found["images"]["line"]),
        searches=tables.searches(found),
        differences=tables.differences(found),
        best=tables.best(found),
        validation=words.validation(found),
        latencies=[f"{line}." for line in latency_words.lines(found)],
        curves=_caption(found),
        accuracies=tables.accuracies(found),
        errors=tables.errors(found),
        pairs=tables.pairs(found),
        untested=tables.untested(found),
        over_seeds=words.over_seeds(found),
        ranks=tables.ranks(found),
        gap=gap_tables.ours(found),
        paper=gap_tables.published(found),
        moved=parameters.moved(found),
        trust=parameters.trust(found),
        importance=parameters.importance(found),
        cost=tables.cost(found),
        confusions=_confusions(found),
    )
    return environment.get_template("compare.html.j2").render(page=page, figures=drawings)


def _draw(found: Json) -> dict[str, tuple[Figure, str]]:
    drawn = {
        "curves": (
            figures.incumbents(found["groups"]),
            "incumbent's validation accuracy of each search over trials, budget and wall time",
        ),
        "accuracies": (
            figures.accuracies(found),
            "test accuracy of each search with its interval, by domain",
        ),
    }
    return {name: (figure, alt) for name, (figure, alt) in drawn.items() if figure is not None}


def _caption(found: Json) -> str:
    text = (
        "The incumbent's validation accuracy over what was spent, at the end of each trial. A step "
        "down is a change to a larger budget. Wall time counts from the plan, without the time "
        "between a kill and its resumption."
    )
    if latency_words.limited(found):
        text += (
            " With a limit of latency, what is too slow ranks behind what keeps it, so that a step "
            "down may also be a change to a faster configuration."
        )
    if any(len(group["seeds"]) > 1 for group in found["groups"]):
        text += " Several seeds: the median, and a band from the lowest to the highest."
    return text


def _confusions(found: Json) -> list[tuple[str, list[tuple[str, DomainTable]]]]:
    parts = []
    for domain in found["domains"]:
        entries = [
            (search, entry)
            for search in found["searches"]
            if (entry := words.entry_of(search, domain)) is not None
        ]
        shown = evaluation({"evaluation": {"domains": [entry for _, entry in entries]}}).domains
        named = [
            (f"{search['key']}: {search['name']}", table)
            for (search, _), table in zip(entries, shown, strict=True)
            if table.confusion
        ]
        parts.append((domain.replace("_", " "), named))
    return parts


def _sentence(line: str) -> str:
    return f"{line[:1].upper()}{line[1:]}."
