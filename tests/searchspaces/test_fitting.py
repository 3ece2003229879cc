"""Configurations from elsewhere: what is brought into a space, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from searchspaces import Published, SpaceError, fit, parse_space, plain

SPACE = {
    "name": "target",
    "source": "test",
    "parameters": {
        "kind": {"type": "categorical", "choices": [1, 2, 3], "default": 1},
        "batch": {"type": "categorical", "choices": [4, 8, 16], "default": 8, "numeric": True},
        "depth": {"type": "ordinal", "choices": [None, 2, 4], "default": None},
        "rate": {"type": "float", "lower": 0.001, "upper": 1, "default": 0.1, "log": True},
        "layers": {"type": "integer", "lower": 2, "upper": 9, "default": 3},
        "angles": {"type": "subset", "of": [0, 45, 90], "default": [0]},
        "weight": {"type": "float", "lower": 0, "upper": 1, "default": 0, "when": {"kind": 2}},
    },
}
POINT = {"kind": 1, "batch": 8, "depth": 2, "rate": 0.5, "layers": 3, "angles": [0, 90]}


@pytest.mark.parametrize(
    ("given", "taken", "change"),
    [
        ({"batch": 1}, 4, "batch 1 is not in the space: 4"),
        ({"batch": 11}, 8, "batch 11 is not in the space: 8"),
        ({"batch": 12}, 8, "batch 12 is not in the space: 8"),
        ({"batch": 64}, 16, "batch 64 is not in the space: 16"),
        ({"depth": 20}, 4, "depth 20 is not in the space: 4"),
        ({"rate": 3}, 1.0, "rate 3 is not in the space: 1"),
        ({"rate": 0}, 0.001, "rate 0 is not in the space: 0.001"),
        ({"layers": 1}, 2, "layers 1 is not in the space: 2"),
        ({"layers": 4.4}, 4, "layers 4.4 is not in the space: 4"),
        ({"layers": 99.5}, 9, "layers 99.5 is not in the space: 9"),
    ],
)
def test_a_quantity_outside_takes_its_nearest_value(
    given: dict[str, Any], taken: object, change: str
):
    fitted = fit(parse_space(SPACE), {**POINT, **given})
    ((name, _),) = given.items()
    assert fitted.configuration == {**POINT, name: taken}
    assert type(fitted.configuration[name]) is type(taken)
    assert fitted.changes == (change,)


@pytest.mark.parametrize(
    "spelling",
    [{}, {"angles": [90, 0]}, {"rate": 1}, {"layers": 3.0}, {"depth": None}, {"kind": 3}],
)
def test_a_point_of_the_space_is_only_spelled_as_the_space_does(spelling: dict[str, Any]):
    space = parse_space(SPACE)
    fitted = fit(space, {**POINT, **spelling})
    assert fitted.configuration == space.canonical({**POINT, **spelling})
    assert fitted.changes == ()


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({**POINT, "kind": 4}, "kind: 4 is not one of 1, 2, 3"),
        ({**POINT, "batch": "8"}, 'batch: "8" is not one of'),
        ({**POINT, "batch": True}, "batch: true is not one of"),
        ({**POINT, "batch": None}, "batch: null is not one of"),
        ({**POINT, "rate": "high"}, 'rate: "high" is not a number'),
        ({**POINT, "rate": float("nan")}, "rate: nan is outside"),
        ({**POINT, "rate": float("inf")}, "rate: inf is outside"),
        ({**POINT, "angles": [0, 30]}, "angles: [0,30] is not a combination of"),
        ({**POINT, "colour": 1}, "colour: no such parameter"),
        ({k: v for k, v in POINT.items() if k != "rate"}, "rate: missing; give it a value"),
        ({**POINT, "weight": 0.5}, "weight: given but inactive"),
        ({**POINT, "kind": 2}, "weight: missing"),
    ],
)
def test_nothing_else_is_guessed(configuration: dict[str, Any], message: str):
    with pytest.raises(SpaceError) as refusal:
        fit(parse_space(SPACE), configuration)
    assert f"space target: {message}" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_published_configurations_come_with_the_space_as_they_are_printed():
    space = parse_space({**SPACE, "published": {"Table 1": {"batch": 1, "angles": [0, 90]}}})
    assert space.published == (Published("Table 1", (("batch", 1), ("angles", (0, 90)))),)
    assert parse_space(SPACE).published == ()
    assert parse_space({**SPACE, "published": None}).published == ()
    hash(space)


@pytest.mark.parametrize(
    ("published", "message"),
    [
        ([{"batch": 1}], "space: published: is [{'batch': 1}], not a mapping; give sources"),
        ({"Table 1": [1]}, "space: published.Table 1: is [1]; give parameters and their values"),
        ({"Table 1": {}}, "space: published.Table 1: is {}; give parameters"),
        ({3: {"batch": 1}}, "space: published: 3 is no source; name the table"),
        ({"Table 1": {"batch": {}}}, "space: published.Table 1: dict is not null, a boolean"),
    ],
)
def test_refuses_published_configurations_of_another_shape(published: object, message: str):
    with pytest.raises(SpaceError) as refusal:
        parse_space({**SPACE, "published": published})
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("numeric", "choices", "message"),
    [
        ("yes", [1, 2], "space: parameters.x.numeric: is 'yes'; give true or false"),
        (True, [1, "a"], 'space: parameters.x.numeric: "a" is not a number; leave'),
        (True, [1, True], "space: parameters.x.numeric: true is not a number"),
    ],
)
def test_only_numbers_are_numeric(numeric: object, choices: list[Any], message: str):
    declared = {"type": "categorical", "choices": choices, "default": 1, "numeric": numeric}
    with pytest.raises(SpaceError) as refusal:
        parse_space({"name": "x", "source": "test", "parameters": {"x": declared}})
    assert message in str(refusal.value)


CONF = Path(__file__).parents[2] / "conf" / "space"
SHIPPED = [path.stem for path in sorted(CONF.glob("*.yaml"))]
BATCHES = {
    "Table 11 A": "batch_size 1 is not in the space: 4",
    "Table 11 B": "batch_size 1 is not in the space: 4",
    "Table 11 C": "batch_size 2 is not in the space: 4",
    "Table 15": "batch_size 1 is not in the space: 4",
}


@pytest.mark.parametrize("name", SHIPPED)
def test_what_the_paper_published_fits_every_shipped_space(name: str):
    """Only Table 10 lacks batch sizes that Tables 11 and 15 have."""
    space = parse_space(yaml.safe_load((CONF / f"{name}.yaml").read_text()), name)
    fitted = {
        published.source: fit(space, {key: plain(value) for key, value in published.values})
        for published in space.published
    }
    changes = {source: f.changes[0] for source, f in fitted.items() if f.changes}
    assert changes == (BATCHES if name == "deepfreak" else {})
    assert len(fitted) == (5 if name.startswith("deepfreak") else 6)
    twin = name.removesuffix("_released")
    other = parse_space(yaml.safe_load((CONF / f"{twin}.yaml").read_text()), twin)
    assert other.published == space.published
