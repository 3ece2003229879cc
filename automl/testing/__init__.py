"""Contract tests for data sets and trainables of your own.

A rule is a plain function that raises :class:`ContractError` with one line where the contract of
``automl.plugins`` is broken. With pytest::

    CASE = TrainableCase(MyTrainable, data=my_data, configuration={"alpha": 0.1}, budget=3)

    @pytest.mark.parametrize("rule", trainable_rules(CASE), ids=rule_name)
    def test_contract(rule, tmp_path):
        rule(CASE, tmp_path)

and the same with :class:`DataCase` and :func:`data_rules`.
"""

from automl.testing.contract import ContractError, rule_name
from automl.testing.data_case import DataCase
from automl.testing.generated import generated_data
from automl.testing.rules import data_rules, trainable_rules
from automl.testing.trainable_case import TrainableCase

__all__ = [
    "ContractError",
    "DataCase",
    "TrainableCase",
    "data_rules",
    "generated_data",
    "rule_name",
    "trainable_rules",
]
