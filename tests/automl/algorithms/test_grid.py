from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from automl.algorithms import Algorithm, Suggestion, build
from searchspaces import Space, configuration_at, parse_space


@pytest.fixture(scope="module")
def small() -> Space:
    return parse_space(
        {
            "name": "small",
            "source": "test",
            "parameters": {
                "model": {"type": "categorical", "choices": ["rf", "svm"], "default": "rf"},
                "trees": {
                    "type": "integer",
                    "lower": 1,
                    "upper": 3,
                    "default": 1,
                    "when": {"model": "rf"},
                },
                "angles": {"type": "subset", "of": [0, 45], "default": [0]},
            },
        }
    )


def asked(algorithm: Algorithm) -> list[Suggestion]:
    answers = [algorithm.ask() for _ in range(algorithm.plan().trials)]
    return [answer for answer in answers if isinstance(answer, Suggestion)]


def everything(space: Space) -> list[dict[str, Any]]:
    return [configuration_at(space, number) for number in range(space.cardinality or 0)]


@pytest.mark.parametrize("trials", [None, 12, 1000])
def test_the_whole_grid_is_walked_in_the_order_of_the_declaration(trials: int | None, small: Space):
    algorithm = build("grid", small, 1, trials=trials, budget=3)
    suggestions = asked(algorithm)
    assert [s.configuration for s in suggestions] == everything(small)
    assert {s.origin for s in suggestions} == {"grid"}
    assert [bracket.rungs for bracket in algorithm.plan().brackets] == [((12, 3),)]


def test_fewer_trials_are_distinct_and_in_random_order(small: Space):
    suggestions = asked(build("grid", small, 1, trials=11))
    drawn = [s.configuration for s in suggestions]
    whole = everything(small)
    assert len({s.configuration_id for s in suggestions}) == 11
    assert all(configuration in whole for configuration in drawn)
    assert drawn != [configuration for configuration in whole if configuration in drawn]
    assert {s.origin for s in suggestions} == {"random"}


def test_more_trials_continue_the_sample_of_fewer(small: Space):
    fewer, more = (asked(build("grid", small, 1, trials=trials)) for trials in (4, 9))
    assert more[:4] == fewer


def test_every_part_of_the_grid_is_equally_likely(small: Space):
    pairs = Counter(
        tuple(s.configuration_id for s in asked(build("grid", small, seed, trials=2)))
        for seed in range(13200)
    )
    # 132 ordered pairs, 100 expected of each; the sum of squares has 131 degrees of freedom.
    assert len(pairs) == 132
    assert sum((count - 100) ** 2 / 100 for count in pairs.values()) < 190


@pytest.mark.parametrize("trials", [None, 10, 3])
def test_what_is_given_is_not_repeated(trials: int | None, small: Space):
    whole = everything(small)
    given = [whole[7], {**whole[2], "angles": [45, 0]}, whole[0]]
    suggestions = asked(build("grid", small, 1, trials=trials, initial=given))
    assert [s.configuration for s in suggestions[:3]] == [whole[7], whole[2], whole[0]]
    assert [s.origin for s in suggestions[:3]] == ["warm_start"] * 3
    assert len({s.configuration_id for s in suggestions}) == len(suggestions) == (trials or 12)
    if trials is None:
        rest = [configuration for n, configuration in enumerate(whole) if n not in (0, 2, 7)]
        assert [s.configuration for s in suggestions[3:]] == rest


@pytest.mark.parametrize("trials", [None, 5])
def test_a_grid_beyond_any_list_begins_at_once(trials: int | None):
    link = {"type": "ordinal", "choices": list(range(100)), "default": 0}
    space = parse_space(
        {"name": "huge", "source": "test", "parameters": {f"p{i}": link for i in range(30)}}
    )
    algorithm = build("grid", space, 0, trials=trials)
    assert algorithm.plan().trials == (trials or 100**30)
    drawn = [algorithm.ask() for _ in range(5)]
    assert len({s.configuration_id for s in drawn if isinstance(s, Suggestion)}) == 5


def test_a_continuum_is_refused_by_name(flat: Space):
    with pytest.raises(ValueError) as refusal:
        build("grid", flat, 0)
    assert str(refusal.value) == (
        "algorithm grid: space flat: a grid cannot list the continuum of learning_rate, momentum: "
        "declare an ordinal with the choices to try, or take algorithm=random"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trials": 0}, "algorithm grid: trials=0: must be a whole number of at least 1"),
        ({"trials": 2.5}, "trials=2.5: must be a whole number"),
        ({"budget": 0}, "budget=0: must be greater than 0"),
        ({"eta": 3}, "no setting 'eta': choose from trials, budget"),
    ],
)
def test_refusals_are_one_clear_line(settings: dict[str, Any], message: str, small: Space):
    with pytest.raises(ValueError) as refusal:
        build("grid", small, 0, **settings)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)
