"""BOHB (Falkner et al. 2018): Hyperband's brackets with configurations from a model.

The paper searches DeepFreak's space with it (sections 4.3 and 5.2): budgets up to 50 epochs,
eta 3, 16 iterations, which is 184 configurations in 260 evaluations and 2,836 epochs.
"""

from __future__ import annotations

from automl.algorithms.base import Budget
from automl.algorithms.brackets import plan_brackets
from automl.algorithms.hyperband import BracketSearch
from automl.algorithms.initial import Initial
from automl.algorithms.kde import KDESampler, KDESettings
from searchspaces import Space


class BOHB(BracketSearch):
    """Hyperband whose draws come from HpBandSter's kernel density estimators."""

    def __init__(
        self,
        space: Space,
        seed: int,
        *,
        min_budget: Budget,
        max_budget: Budget,
        iterations: int,
        eta: float = 3,
        integer_budgets: bool = True,
        min_points_in_model: int | None = None,
        top_n_percent: int = 15,
        num_samples: int = 64,
        random_fraction: float = 1 / 3,
        bandwidth_factor: float = 3.0,
        min_bandwidth: float = 1e-3,
        initial: Initial = (),
    ) -> None:
        """Set up the search: settings of `plan_brackets`, then those of `KDESettings`.

        Raises:
            ValueError: If a setting is out of range, or as `checked_initial` does.
        """
        plan = plan_brackets(
            min_budget, max_budget, eta, iterations, integer_budgets=integer_budgets
        )
        settings = KDESettings(
            min_points_in_model=min_points_in_model,
            top_n_percent=top_n_percent,
            num_samples=num_samples,
            random_fraction=random_fraction,
            bandwidth_factor=bandwidth_factor,
            min_bandwidth=min_bandwidth,
        )
        super().__init__("bohb", plan, space, KDESampler(space, seed, settings), initial)
