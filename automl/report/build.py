"""From results.json to a page and its pictures."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from automl.disclosure import public
from automl.plots import save, to_svg
from automl.report.answer import answer
from automl.report.comparison import comparison
from automl.report.confirmation import confirmation
from automl.report.evaluation import evaluation
from automl.report.figures import Drawing, draw
from automl.report.importance import importances
from automl.report.kinds import kinds
from automl.report.notes import notes
from automl.report.pareto import pareto
from automl.report.pictures import Sheet, sheet
from automl.report.provenance import provenance
from automl.report.search import search

_TEMPLATES = Path(__file__).parent.parent / "templates"


def build_report(
    results: Mapping[str, Any], out: Path, figures_dir: Path, *, cache: Path | None = None
) -> dict[str, Path]:
    """Write the report of a search and its figures.

    The page stands alone: styles and figures are inside it, nothing is fetched. It appears under
    its name complete or not at all. Pieces absent from the results are named as absent.

    Args:
        results: results.json as a mapping, as a rule with what
            ``automl.report.details.detailed`` adds to it.
        out: the page to write, such as ``runs/<name>/report.html``; parents are made.
        figures_dir: where the figures go as PNG, one ``<figure>.png`` each; made if needed.
        cache: folder with the packed images, of which the page shows misclassified ones; ``None``
            for the one that the search was configured with.

    Returns:
        The figures written, by name.

    Raises:
        ValueError: the results are no mapping, or ``out`` is a folder.
    """
    if not isinstance(results, Mapping):
        raise ValueError(f"results must be a mapping, not {type(results).__name__}")
    if out.is_dir():
        raise ValueError(f"{out} is a folder; name the page to write, such as report.html in it")
    drawings = draw(results)
    inline = {n: _inline(n, one) for n, one in drawings.items() if one.inline}
    page = public(render(results, inline, sheet(results, cache)))
    _write(page, out)
    return {n: save(one.figure, figures_dir / f"{n}.png") for n, one in drawings.items()}


def render(
    results: Mapping[str, Any], figures: Mapping[str, Markup], wrong: Sheet | None = None
) -> str:
    """The page as HTML, with the figures given as markup by name; absent ones are left out."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        answer=answer(results),
        comparison=comparison(results),
        search=search(results),
        notes=notes(results),
        kinds=kinds(results),
        pareto=pareto(results),
        importances=importances(results),
        confirmation=confirmation(results),
        evaluation=evaluation(results),
        wrong=wrong or Sheet(),
        provenance=provenance(results),
        figures=figures,
    )


def _inline(name: str, one: Drawing) -> Markup:
    # matplotlib escapes the text it draws, and `to_svg` the description.
    svg = Markup(to_svg(one.figure, name, one.alt))
    return svg + Markup("<p>{}</p>").format(one.note) if one.note else svg


def _write(page: str, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.write_text(page, encoding="utf-8")
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
