"""One look for all figures, and the two ways out: PNG for tracking, inline SVG for the report.

Colours are Okabe and Ito's, which people with any common colour blindness tell apart and which
stand on white as on near-black. Text, axes and grid are drawn in ``INK``; the SVG replaces it by
``currentColor`` and ``PAPER`` by ``--page``, so that a figure follows the page into its dark theme.
"""

import io
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

INK = "#1f2329"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
STROKES = ("-", "--", "-.", ":")
"""Of lines that stand for different things: without colour they are told apart by these."""
FAILED = "#8c8c8c"
PAPER = "#fefefe"
"""The page's own colour, behind text that lines would strike through."""
_ORDERED = ("#e69f00", "#d55e00", "#cc79a7", "#0072b2")
WIDTH = 7.2
"""Inches: the width of the report's text column."""

_DPI = 150
_SVG = {"svg.fonttype": "none", "svg.image_inline": True}
# Verdana has DejaVu Sans's widths, so text laid out with the one fits when set in the other.
_FONTS = "DejaVu Sans, Verdana, sans-serif"


def figure(height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, list[Any]]:
    """A figure of the report's width with its axes styled, row by row.

    Args:
        height: inches.
        rows: of axes.
        columns: of axes.
    """
    made = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(made)
    axes = made.subplots(rows, columns, squeeze=False).ravel().tolist()
    for one in axes:
        style(one)
    return made, axes


def style(axes: Any) -> None:
    """Give axes the house's look: two spines, a faint grid, small ink-coloured text."""
    axes.set_facecolor("none")
    axes.spines[["top", "right"]].set_visible(False)
    for spine in axes.spines.values():
        spine.set_edgecolor(INK)
        spine.set_linewidth(0.8)
    axes.tick_params(colors=INK, labelsize=8)
    axes.grid(color=INK, alpha=0.14, linewidth=0.6)
    axes.set_axisbelow(True)
    for label in (axes.xaxis.label, axes.yaxis.label, axes.title):
        label.set_color(INK)
        label.set_fontsize(9)


def accuracy_axis(axis: Any) -> None:
    """Write fractions as percentages along an axis."""
    axis.set_major_formatter(PercentFormatter(xmax=1.0, decimals=None, symbol=" %"))


def legend(axes: Any, handles: Sequence[Any] | None = None, **options: Any) -> None:
    """A frameless legend in ink."""
    chosen: dict[str, Any] = {"frameon": False, "fontsize": 8, "labelcolor": INK, **options}
    if handles is not None:
        chosen["handles"] = handles
    axes.legend(**chosen)


def stroke(place: int) -> dict[str, str]:
    """Colour and dashes of the line at a place among several."""
    return {"color": SERIES[place % len(SERIES)], "linestyle": STROKES[place % len(STROKES)]}


def shades(values: Iterable[float]) -> dict[float, str]:
    """One colour for each of a few ordered values (budgets), from warm (small) to blue (large)."""
    ordered = sorted(set(values))
    last = max(len(ordered) - 1, 1)
    if len(ordered) <= len(_ORDERED):
        # The largest is always the last, a single value included.
        steps = [round(i * (len(_ORDERED) - 1) / last) for i in range(len(ordered))]
        colours = [_ORDERED[step] for step in steps] if len(ordered) > 1 else [_ORDERED[-1]]
    else:
        palette = mpl.colormaps["plasma_r"]
        colours = [mpl.colors.to_hex(palette(0.15 + 0.7 * i / last)) for i in range(len(ordered))]
    return dict(zip(ordered, colours, strict=True))


def gradient() -> Any:
    """Colours from warm (0) to blue (1) that stand on white as on near-black."""
    return mpl.colors.LinearSegmentedColormap.from_list("warm to blue", _ORDERED)


def foot(accuracies: Iterable[float]) -> float:
    """A height below all accuracies, at which failed trials are marked."""
    known = list(accuracies)
    if not known:
        return 0.0
    return min(known) - max(0.08 * (max(known) - min(known)), 0.01)


def save(fig: Figure, path: Path) -> Path:
    """Write a figure as PNG on white, complete or not at all; parents are made."""
    _settle(fig)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        # No software line: equal figures are equal files.
        fig.savefig(partial, format="png", dpi=_DPI, facecolor="white", metadata={"Software": None})
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def to_svg(fig: Figure, name: str, alt: str) -> str:
    """A figure as an ``<svg>`` element to stand inside an HTML page.

    Args:
        fig: the figure.
        name: prefix of every id within, so that two figures of a page never share one.
        alt: what a person who cannot see it should be told.

    Returns:
        Markup without prolog, metadata, namespaces or any address; equal for equal figures.
    """
    _settle(fig)
    buffer = io.StringIO()
    with mpl.rc_context({**_SVG, "svg.hashsalt": name}):
        fig.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    # A style element would reach beyond its figure; the page's own sheet says the same.
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", text)
    text = text.replace("xlink:href", "href")
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = text.replace('href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
    text = re.sub(INK, "currentColor", text, flags=re.IGNORECASE)
    text = re.sub(PAPER, "var(--page)", text, flags=re.IGNORECASE)
    text = re.sub(r"(?:'DejaVu Sans'|DejaVu Sans)[^;\"]*", _FONTS, text)
    width, height = (round(72 * side) for side in fig.get_size_inches())
    head = (
        f'<svg class="figure" role="img" aria-label="{_attribute(alt)}" '
        f'viewBox="0 0 {width} {height}" style="max-width:{width * 4 // 3}px">'
    )
    return re.sub(r"<svg[^>]*>", lambda _: head, text, count=1).strip()


def _settle(fig: Figure) -> None:
    """Lay the figure out once and keep that: each drawing would do it anew, at twice the cost."""
    if fig.get_layout_engine() is not None:
        fig.draw_without_rendering()
        fig.set_layout_engine("none")


def _attribute(text: str) -> str:
    for plain, escaped in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(plain, escaped)
    return text
