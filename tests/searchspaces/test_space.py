import pickle
from typing import Any

import numpy as np
import pytest

from searchspaces import Space, SpaceError, configuration_id, parse_space, sample

FLAT = {"type": "ordinal", "choices": [1, 2, 4], "default": 2}


@pytest.fixture(scope="module")
def space() -> Space:
    return parse_space(
        {
            "name": "tree",
            "source": "none",
            "parameters": {
                "model": {"type": "categorical", "choices": ["rf", "svm", "knn"], "default": "svm"},
                "scale": {"type": "categorical", "choices": [True, False], "default": True},
                "trees": FLAT | {"when": {"model": "rf"}},
                "kernel": {
                    "type": "categorical",
                    "choices": ["rbf", "linear"],
                    "default": "rbf",
                    "when": {"model": "svm"},
                },
                "gamma": FLAT | {"when": {"kernel": "rbf", "scale": True}},
                "weights": {
                    "type": "subset",
                    "of": [3, 1],
                    "default": [3, 1],
                    "when": {"model": ["rf", "knn"]},
                },
            },
        }
    )


SVM = {"model": "svm", "scale": True, "kernel": "rbf", "gamma": 2}


def test_defaults_are_those_of_active_parameters(space: Space) -> None:
    assert space.default_configuration() == SVM


@pytest.mark.parametrize(
    ("configuration", "active"),
    [
        ({"model": "rf", "scale": True}, {"model", "scale", "trees", "weights"}),
        ({"model": "knn", "scale": True}, {"model", "scale", "weights"}),
        ({"model": "svm", "scale": True, "kernel": "linear"}, {"model", "scale", "kernel"}),
        (SVM | {"scale": False}, {"model", "scale", "kernel"}),
        (SVM, {"model", "scale", "kernel", "gamma"}),
        # A value left over from an inactive parent activates nothing.
        ({"model": "knn", "scale": True, "kernel": "rbf"}, {"model", "scale", "weights"}),
        ({}, {"model", "scale"}),
    ],
)
def test_active_follows_the_conditions(space: Space, configuration: dict, active: set) -> None:
    assert space.active(configuration) == active


def test_a_parent_value_out_of_its_domain_is_refused(space: Space) -> None:
    with pytest.raises(SpaceError, match='space tree: model: "tree" is not one of "rf"'):
        space.active({"model": "tree"})


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        (SVM | {"gama": 1}, "gama: no such parameter; did you mean 'gamma'?"),
        (SVM | {"": 1}, "space tree: : no such parameter"),
        (SVM | {"gamma": 3}, "gamma: 3 is not one of 1, 2, 4"),
        (SVM | {"gamma": True}, "gamma: true is not one of"),
        (SVM | {"gamma": np.int64(2)}, "gamma: value .*int64 is not plain data"),
        (SVM | {"gamma": float("nan")}, "gamma: .*not finite"),
        (SVM | {"scale": False}, "gamma: given but inactive, it needs kernel = .* and scale = tru"),
        (SVM | {"trees": 1}, 'trees: given but inactive, it needs model = "rf"'),
        ({"model": "svm", "scale": True, "kernel": "rbf"}, "gamma: missing"),
        ({"model": "knn", "scale": True, "weights": []}, "weights: .*not a list"),
        ({"model": "knn", "scale": True, "weights": [2]}, "weights: .*not a combination"),
        ({}, "model: missing"),
    ],
)
def test_validate_names_the_parameter(space: Space, configuration: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message) as caught:
        space.validate(configuration)
    assert str(caught.value).startswith("space tree: ")


def test_a_hand_written_spelling_has_the_identity_of_the_sampled_one(space: Space) -> None:
    by_hand = {"weights": (1, 3), "trees": 4.0, "scale": False, "model": "rf"}
    spelled = space.canonical(by_hand)
    assert list(spelled.items()) == [
        ("model", "rf"),
        ("scale", False),
        ("trees", 4),
        ("weights", [3, 1]),
    ]
    assert isinstance(spelled["trees"], int)
    rng = np.random.default_rng(0)
    drawn = [sample(space, rng) for _ in range(500)]
    assert configuration_id(spelled) in {configuration_id(one) for one in drawn}


def test_float_bounds_are_included_and_integers_may_be_written_as_floats() -> None:
    numbers = parse_space(
        {
            "name": "numbers",
            "source": "none",
            "parameters": {
                "momentum": {"type": "float", "lower": 0.5, "upper": 1, "default": 0.9},
                "epochs": {"type": "integer", "lower": 1, "upper": 9, "default": 3},
            },
        }
    )
    assert numbers.canonical({"momentum": 1, "epochs": 9.0}) == {"momentum": 1.0, "epochs": 9}
    for bad, message in [
        ({"momentum": 1.0001, "epochs": 1}, "momentum: 1.0001 is outside"),
        ({"momentum": float("nan"), "epochs": 1}, "momentum: nan is outside"),
        ({"momentum": 0.5, "epochs": 1.5}, "epochs: 1.5 is not a whole number"),
        ({"momentum": "0.5", "epochs": 1}, "momentum: .* is not a number"),
        ({"momentum": 0.5, "epochs": True}, "epochs: true is not a number"),
    ]:
        with pytest.raises(SpaceError, match=message):
            numbers.validate(bad)
    assert numbers.cardinality is None


def test_cardinality_counts_each_active_combination_once(space: Space) -> None:
    # rf: 2 scales * 3 trees * 3 subsets; svm: scale (rbf 3 + linear 1), no scale 2; knn: 2 * 3.
    assert space.cardinality == 18 + 6 + 6


def test_cardinality_of_a_long_chain_of_parents_does_not_explode() -> None:
    link = {"type": "categorical", "choices": [0, 1, 2], "default": 0}
    chain = {"p0": link} | {f"p{i}": link | {"when": {f"p{i - 1}": 0}} for i in range(1, 60)}
    space = parse_space({"name": "chain", "source": "none", "parameters": chain})
    assert space.cardinality == 2 * 60 + 1


def test_a_ladder_of_shared_ancestors_does_not_explode() -> None:
    step = {"type": "categorical", "choices": [0, 1], "default": 0}
    ladder: dict[str, Any] = {"p0": step, "p1": step | {"when": {"p0": 0}}}
    for i in range(2, 60):
        ladder[f"p{i}"] = step | {"when": {f"p{i - 1}": 0, f"p{i - 2}": [0, 1]}}
    space = parse_space({"name": "ladder", "source": "none", "parameters": ladder})
    assert space.requirements("p59") == {f"p{i}": frozenset({0}) for i in range(59)}


def test_a_space_survives_pickling_and_compares_by_value(space: Space) -> None:
    assert space.cardinality is not None  # fill the caches first
    copy = pickle.loads(pickle.dumps(space))
    assert copy == space
    assert copy.default_configuration() == SVM


def test_defaults_do_not_alias_the_space() -> None:
    declared = {"d": {"type": "subset", "of": [1, 2], "default": [1]}}
    space = parse_space({"name": "x", "source": "none", "parameters": declared})
    space.default_configuration()["d"].append(2)
    declared["d"]["default"].append(2)
    assert space.default_configuration() == {"d": [1]}
