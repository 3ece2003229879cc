"""What a preview says of a space, and of what was made of it."""

import pytest

from automl.compose import compose_plain
from automl.space_plan import lines
from searchspaces import parse_space


def said(*words):
    given = compose_plain(words)["space"]
    return lines(parse_space(given), given)


NARROWED = (
    "    changed from 528,120 configurations of 14 parameters: extractor=lbp alone; "
    "lbp_radius=[1,2] alone"
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["search=classical_tpe"], ["  space classical: 528,120 configurations of 14 parameters"]),
        (["search=deepfreak_bohb"], ["  space deepfreak: 5 parameters, 3 of them continuous"]),
        (
            ["search=classical_tpe", "++space.only.lbp_radius=[1,2]", "space.only.extractor=lbp"],
            [
                "  space classical: 8,640 configurations of 11 parameters",
                NARROWED,
            ],
        ),
        (
            ["search=deepfreak_bohb", "space.parameters.learning_rate.upper=1"],
            [
                "  space deepfreak: 5 parameters, 3 of them continuous",
                "    changed: learning_rate.upper=1 (was 10)",
            ],
        ),
    ],
)
def test_size_and_changes(words, expected):
    assert said(*words) == expected


def test_parameters_that_came_or_went():
    given = compose_plain(["search=deepfreak_bohb"])["space"]
    parameters = dict(given["parameters"])
    del parameters["momentum"]
    parameters["mine"] = {"type": "integer", "lower": 1, "upper": 3, "default": 1}
    changed = {**given, "parameters": parameters, "published": {}}
    assert lines(parse_space(changed), changed)[1].endswith("mine is new; momentum is left out")


def test_a_space_of_one_s_own_has_nothing_to_differ_from():
    given = {
        "name": "mine",
        "source": "me",
        "parameters": {"kind": {"type": "categorical", "choices": ["a", "b"], "default": "a"}},
        "only": {"kind": "a"},
    }
    assert lines(parse_space(given), given) == [
        "  space mine: 1 configuration of 1 parameter",
        "    changed: kind=a alone",
    ]
