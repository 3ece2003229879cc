"""Search algorithms as pure ask/tell state machines: no Ray, no clock, no input or output."""

from automl.algorithms.base import (
    Algorithm,
    AlgorithmError,
    Budget,
    Plan,
    PlannedBracket,
    Signal,
    Suggestion,
)
from automl.algorithms.brackets import plan_brackets
from automl.algorithms.factory import ALGORITHMS, build

__all__ = [
    "ALGORITHMS",
    "Algorithm",
    "AlgorithmError",
    "Budget",
    "Plan",
    "PlannedBracket",
    "Signal",
    "Suggestion",
    "build",
    "plan_brackets",
]
