"""Epochs of the paper's BOHB schedule from scratch and with promotions continued.

python -m benchmarks.continuation
"""

from __future__ import annotations

import yaml

from automl.algorithms import build
from automl.compose import conf_dir
from searchspaces import parse_space


def main(short: bool = False) -> None:
    space = parse_space(yaml.safe_load((conf_dir() / "space/deepfreak.yaml").read_text()))
    plan = build("hyperband", space, 0, min_budget=1, max_budget=50, eta=3, iterations=16).plan()
    saved = 1 - plan.budget_continued / plan.budget
    print(
        f"{plan.configurations} configurations, {plan.trials} evaluations: {plan.budget:,.0f} "
        f"epochs from scratch, {plan.budget_continued:,.0f} continued ({saved:.1%} saved)"
    )


if __name__ == "__main__":
    main()
