from typing import Any

import pytest

from searchspaces import Space, SpaceError, configuration_at, number_of, parse_space


def space_of(**parameters: Any) -> Space:
    return parse_space({"name": "tree", "source": "none", "parameters": parameters})


@pytest.fixture(scope="module")
def space() -> Space:
    return space_of(
        model={"type": "categorical", "choices": ["rf", "svm"], "default": "svm"},
        trees={"type": "integer", "lower": 9, "upper": 10, "default": 9, "when": {"model": "rf"}},
        angles={"type": "subset", "of": [0, 45], "default": [0]},
        c={"type": "ordinal", "choices": [None, 2], "default": 2, "when": {"model": "svm"}},
    )


def test_the_last_parameter_is_the_fastest_and_inactive_ones_cost_nothing(space: Space) -> None:
    assert [configuration_at(space, number) for number in range(space.cardinality or 0)] == [
        {"model": "rf", "trees": 9, "angles": [0]},
        {"model": "rf", "trees": 9, "angles": [45]},
        {"model": "rf", "trees": 9, "angles": [0, 45]},
        {"model": "rf", "trees": 10, "angles": [0]},
        {"model": "rf", "trees": 10, "angles": [45]},
        {"model": "rf", "trees": 10, "angles": [0, 45]},
        {"model": "svm", "angles": [0], "c": None},
        {"model": "svm", "angles": [0], "c": 2},
        {"model": "svm", "angles": [45], "c": None},
        {"model": "svm", "angles": [45], "c": 2},
        {"model": "svm", "angles": [0, 45], "c": None},
        {"model": "svm", "angles": [0, 45], "c": 2},
    ]


def test_every_spelling_has_the_number_of_the_configuration(space: Space) -> None:
    assert number_of(space, {"angles": (45, 0), "trees": 10.0, "model": "rf"}) == 5


@pytest.mark.parametrize("number", [-1, 12])
def test_a_number_outside_is_refused(space: Space, number: int) -> None:
    with pytest.raises(SpaceError, match=f"space tree: no configuration {number}, it has 12"):
        configuration_at(space, number)


def test_what_is_no_point_has_no_number(space: Space) -> None:
    with pytest.raises(SpaceError, match="space tree: c: missing"):
        number_of(space, {"model": "svm", "angles": [0]})


def test_a_continuum_has_no_numbers() -> None:
    space = space_of(rate={"type": "float", "lower": 0, "upper": 1, "default": 0.5})
    for call, argument in ((configuration_at, 0), (number_of, {"rate": 0.5})):
        with pytest.raises(SpaceError, match="space tree: rate: a continuum"):
            call(space, argument)


def test_numbers_beyond_any_list() -> None:
    link = {"type": "ordinal", "choices": list(range(100)), "default": 0}
    space = space_of(**{f"p{i}": link for i in range(30)})
    number = 10**59 + 7
    configuration = configuration_at(space, number)
    assert (configuration["p0"], configuration["p29"]) == (10, 7)
    assert number_of(space, configuration) == number
