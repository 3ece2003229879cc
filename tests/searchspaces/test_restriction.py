from typing import Any

import pytest

from searchspaces import Categorical, Published, Space, SpaceError, fit, parse_space

FILE = "conf/space/mine.yaml"
PARAMETERS: dict[str, Any] = {
    "model": {"type": "categorical", "choices": ["rf", "svm", "knn"], "default": "svm"},
    "trees": {"type": "ordinal", "choices": [1, 2, 4], "default": 4, "when": {"model": "rf"}},
    "kernel": {
        "type": "categorical",
        "choices": ["rbf", "linear"],
        "default": "rbf",
        "when": {"model": ["svm", "knn"]},
    },
    "gamma": {"type": "float", "lower": 1, "upper": 2, "default": 1, "when": {"kernel": "rbf"}},
    "angles": {"type": "subset", "of": [0, 45], "default": [0, 45]},
    "depth": {"type": "integer", "lower": 1, "upper": 9, "default": 3},
    "shots": {"type": "ordinal", "choices": [1, 8], "default": 1, "when": {"angles": [[0], [45]]}},
    "size": {
        "type": "categorical",
        "choices": [4, 8, 16],
        "numeric": True,
        "default": 8,
    },
}


def declare(parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "mine", "source": "nowhere", "parameters": parameters, **more}


def restricted(**only: Any) -> Space:
    return parse_space(declare(PARAMETERS, only=only), FILE)


def by_hand(*left_out: str, **changed: dict[str, Any]) -> Space:
    return parse_space(
        declare(
            {
                name: declaration | changed.get(name, {})
                for name, declaration in PARAMETERS.items()
                if name not in left_out
            }
        )
    )


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ({}, by_hand()),
        ({"model": None, "depth": None}, by_hand()),
        ({"model": ["knn", "svm", "rf"], "angles": [[45], [0], [45, 0]]}, by_hand()),
        (
            {"model": "rf"},
            by_hand("kernel", "gamma", model={"choices": ["rf"], "default": "rf"}),
        ),
        (
            {"model": ["rf", "svm"]},
            by_hand(model={"choices": ["rf", "svm"]}, kernel={"when": {"model": "svm"}}),
        ),
        # In the declared order, whatever that of the list; the default is the first that is kept.
        (
            {"model": ["knn", "rf"]},
            by_hand(
                model={"choices": ["rf", "knn"], "default": "rf"}, kernel={"when": {"model": "knn"}}
            ),
        ),
        (
            {"model": "svm", "kernel": "linear", "trees": 2},
            by_hand(
                "trees",
                "gamma",
                model={"choices": ["svm"]},
                kernel={"choices": ["linear"], "default": "linear", "when": {"model": "svm"}},
            ),
        ),
        ({"trees": [2.0, 1]}, by_hand(trees={"choices": [1, 2], "default": 1})),
        ({"size": 16}, by_hand(size={"choices": [16], "default": 16})),
    ],
)
def test_the_restricted_space_is_the_one_written_by_hand(only: Any, expected: Space) -> None:
    assert restricted(**only) == expected


def test_of_a_subset_whole_combinations_are_kept() -> None:
    space = restricted(angles=[[45, 0], [45]])
    assert space["angles"] == Categorical("angles", (0, 45), (), ((45,), (0, 45)))
    assert space["shots"].conditions[0].values == ((45,),)
    assert restricted(angles=[[0, 45]]).names == tuple(n for n in PARAMETERS if n != "shots")


def test_conditions_that_now_exclude_each_other_take_their_parameter_away() -> None:
    kind = {"type": "categorical", "choices": ["a", "b", "c"], "default": "a"}
    parameters = {
        "top": kind,
        "middle": kind | {"when": {"top": ["a", "b"]}},
        "low": kind | {"when": {"middle": "a", "top": ["b", "c"]}},
        "lowest": kind | {"when": {"low": "a"}},
    }
    space = parse_space(declare(parameters, only={"top": ["a", "c"]}))
    assert space.names == ("top", "middle")
    assert parse_space(declare(parameters, only={"top": ["b"]})).names == tuple(parameters)


def test_true_is_not_one() -> None:
    kind = {"type": "categorical", "choices": [1, True, "1"], "default": 1}
    child = kind | {"when": {"kind": [1, True]}}
    space = parse_space(declare({"kind": kind, "child": child}, only={"kind": [True]}))
    assert space.parent("kind").labels == ("true",)
    assert [value is True for value in space["child"].conditions[0].values] == [True]


def test_no_section_is_no_restriction() -> None:
    assert parse_space(declare(PARAMETERS, only=None)) == parse_space(declare(PARAMETERS))


def test_what_was_published_stays_as_printed() -> None:
    published = {"Table 1": {"model": "rf", "trees": 4}, "Table 2": {"size": 4}}
    space = parse_space(declare(PARAMETERS, only={"model": "svm"}, published=published))
    assert space.published == (
        Published("Table 1", (("model", "rf"), ("trees", 4))),
        Published("Table 2", (("size", 4),)),
    )
    with pytest.raises(SpaceError, match='space mine: model: "rf" is not one of "svm"'):
        fit(space, published["Table 1"])


@pytest.mark.parametrize(
    ("only", "key", "complaint"),
    [
        (["model"], "only:", "not a mapping"),
        ("rf", "only:", "not a mapping"),
        ({"modle": "rf"}, "only.modle:", "did you mean 'model'?"),
        ({"modle": None}, "only.modle:", "did you mean 'model'?"),
        ({7: 1}, "only.7:", "known are: model"),
        ({"model": "rff"}, "only.model:", '"rff" is not one of "rf", "svm", "knn"'),
        ({"model": []}, "only.model:", "is empty; give the value or values to keep, or null"),
        ({"model": [["rf"]]}, "only.model:", '["rf"] is not one of'),
        ({"model": [None]}, "only.model:", "null is not one of"),
        ({"model": {"a": 1}}, "only.model:", "is not one of"),
        ({"trees": True}, "only.trees:", "true is not one of 1, 2, 4"),
        ({"trees": float("nan")}, "only.trees:", "not finite"),
        ({"angles": [0]}, "only.angles:", "0 is not a list of one or more of 0, 45"),
        ({"angles": [[90]]}, "only.angles:", "[90] is not a combination of 0, 45"),
        ({"angles": [[{}]]}, "only.angles:", "dict is not"),
        ({"gamma": 1e9}, "only.gamma:", "1000000000 is outside"),
        ({"gamma": "small"}, "only.gamma:", '"small"'),
        ({"depth": [1, 2.5]}, "only.depth:", "2.5"),
    ],
)
def test_refusals_name_file_key_and_remedy(only: Any, key: str, complaint: str) -> None:
    with pytest.raises(SpaceError) as caught:
        parse_space(declare(PARAMETERS, only=only), FILE)
    message = str(caught.value)
    assert message.startswith(f"{FILE}: {key}")
    assert complaint in message
    assert "\n" not in message


def test_a_range_is_restricted_to_numbers() -> None:
    only = {"gamma": [2, 1.5], "depth": 3}
    space = parse_space(declare(PARAMETERS, only=only), FILE)
    by_name = {parameter.name: parameter for parameter in space.parameters}
    assert by_name["gamma"].choices == (2.0, 1.5)
    assert by_name["gamma"].default == 2.0
    assert by_name["gamma"].numeric
    assert by_name["gamma"].conditions
    assert (by_name["depth"].choices, by_name["depth"].default) == ((3,), 3)
