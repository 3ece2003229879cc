"""Confusion matrices with counts, recall and precision, laid out as the paper's Table 6."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from automl.formatting import percent, quantity
from automl.plots.style import INK, figure
from automl.statistics import precision_recall


def confusion_matrix(
    classes: Sequence[str], confusion: Sequence[Sequence[int]], title: str = ""
) -> Figure:
    """Counts by true (row) and predicted (column) class; shade tells the share of the row.

    Args:
        classes: names, in the matrix's order.
        confusion: (k, k) counts.
        title: one line above.

    Raises:
        ValueError: the matrix is not square or has another size than the names.
    """
    figures = precision_recall(confusion)
    counts = np.asarray(confusion, dtype=np.int64)
    size = len(classes)
    if counts.shape != (size, size):
        raise ValueError(f"confusion_matrix: {size} names for a matrix of {len(counts)} rows")
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    made, (axes,) = figure(height=1.5 + 0.5 * size)
    axes.grid(visible=False)
    # Square root: the few errors beside thousands of hits are what one looks for.
    axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0.0, vmax=1.25, aspect="auto")
    palette = mpl.colormaps["Blues"]
    for row in range(size):
        for column in range(size):
            red, green, blue, _ = palette(float(np.sqrt(shares[row, column])) / 1.25)
            dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
            axes.text(
                column,
                row,
                quantity(int(counts[row, column])),
                ha="center",
                va="center",
                fontsize=9,
                color="#ffffff" if dark else "#101010",
            )
    axes.set_xticks(range(size), classes)
    axes.set_yticks(range(size), classes)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("predicted class", labelpad=7)
    axes.set_ylabel("true class")
    axes.tick_params(length=0, labelsize=8.5)
    axes.spines[:].set_visible(False)
    margin = {"fontsize": 8.5, "color": INK, "ha": "center", "va": "center"}
    axes.text(size - 0.05, -0.72, "recall", **margin)
    axes.text(-0.62, size - 0.2, "precision", **{**margin, "ha": "right"})
    for index in range(size):
        n_true, n_called = int(counts[index].sum()), int(counts[:, index].sum())
        axes.text(size - 0.05, index, percent(figures.recall[index], n_true), **margin)
        axes.text(index, size - 0.2, percent(figures.precision[index], n_called), **margin)
    axes.set_xlim(-0.5, size + 0.4)
    axes.set_ylim(size + 0.1, -0.5)
    if title:
        axes.set_title(title, fontsize=9.5, color=INK, loc="left", pad=22)
    return made
