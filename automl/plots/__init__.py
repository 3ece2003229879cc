"""Figures of a search, one function a figure, each returning a matplotlib ``Figure``.

Nothing touches pyplot: a figure is made, saved and dropped without global state, so that it can
be drawn in the driver while something else draws.
"""

from automl.plots.confusion import confusion_matrix
from automl.plots.curves import confirmed_curves, model_curves
from automl.plots.parallel import parallel_coordinates
from automl.plots.parameters import parameter_scatter
from automl.plots.pareto import pareto_front
from automl.plots.search import configurations_scatter, incumbent_curve
from automl.plots.style import save, to_svg

__all__ = [
    "configurations_scatter",
    "confirmed_curves",
    "confusion_matrix",
    "incumbent_curve",
    "model_curves",
    "parallel_coordinates",
    "parameter_scatter",
    "pareto_front",
    "save",
    "to_svg",
]
