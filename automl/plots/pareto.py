"""Validation accuracy against the latency of one image, with the Pareto front."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from automl.plots.style import FAILED, INK, SERIES, accuracy_axis, figure, legend

DETECTOR_HZ = 130
"""Images/s of the detector of the paper's ICLR version."""


def pareto_front(
    points: Sequence[Mapping[str, Any]],
    front: Sequence[Mapping[str, Any]],
    limit_ms: float | None = None,
) -> Figure:
    """Every configuration as a point, the front as a stair: what the best of a latency reaches.

    Args:
        points: ``points`` of the results' section ``objective``: ``validation_accuracy``,
            ``latency_ms`` and ``within``.
        front: ``front`` of it, the fastest first.
        limit_ms: drawn as a line.
    """
    made, (axes,) = figure(height=3.3)
    for within, colour, label in ((True, SERIES[0], "within"), (False, FAILED, "beyond the limit")):
        here = [point for point in points if bool(point.get("within")) is within]
        if here:
            axes.plot(
                [point["latency_ms"] for point in here],
                [point["validation_accuracy"] for point in here],
                "o",
                color=colour,
                markersize=4.5,
                label=label if limit_ms is not None else "configuration",
            )
    if front:
        latencies = [float(point["latency_ms"]) for point in front]
        accuracies = [float(point["validation_accuracy"]) for point in front]
        end = max(*(float(point["latency_ms"]) for point in points), *latencies)
        axes.step(
            [*latencies, end],
            [*accuracies, accuracies[-1]],
            where="post",
            color=SERIES[1],
            linewidth=1.4,
            label="front",
        )
        axes.plot(latencies, accuracies, "o", color=SERIES[1], markersize=5.5)
    if limit_ms is not None:
        label = f"limit: {limit_ms:g} ms, {1e3 / limit_ms:,.0f} images/s"
        axes.axvline(limit_ms, color=INK, linewidth=1.0, linestyle="--", label=label)
    if limit_ms is None or abs(limit_ms * DETECTOR_HZ / 1e3 - 1) > 0.01:
        label = f"{DETECTOR_HZ} images/s of one core"
        axes.axvline(1e3 / DETECTOR_HZ, color=INK, linewidth=0.8, linestyle=":", label=label)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda ms, _: f"{ms:,g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("latency of one image, ms")
    axes.set_ylabel("validation accuracy")
    accuracy_axis(axes.yaxis)
    legend(axes, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return made
