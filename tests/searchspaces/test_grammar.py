from typing import Any

import pytest

from searchspaces import (
    Categorical,
    Condition,
    Float,
    Integer,
    Ordinal,
    SpaceError,
    Subset,
    parse_space,
)

FILE = "conf/space/mine.yaml"


def declare(**parameters: Any) -> dict[str, Any]:
    return {"name": "mine", "source": "nowhere", "parameters": parameters}


KIND = {"type": "categorical", "choices": ["a", "b"], "default": "a"}
RATE = {"type": "float", "lower": 0.1, "upper": 1, "default": 0.5}


def refusal(space: Any) -> str:
    with pytest.raises(SpaceError) as caught:
        parse_space(space, FILE)
    message = str(caught.value)
    assert message.startswith(FILE)
    assert "\n" not in message
    return message


def test_every_type_becomes_its_value() -> None:
    space = parse_space(
        declare(
            kind=KIND,
            depth={"type": "ordinal", "choices": [None, 2, 4], "default": None},
            angles={"type": "subset", "of": [0, 45], "default": [45], "when": {"kind": "b"}},
            rate={"type": "float", "lower": 0.001, "upper": 1, "log": True, "default": 1},
            count={"type": "integer", "lower": 1, "upper": 9, "default": 3.0},
        )
    )
    assert space.parameters == (
        Categorical("kind", "a", (), ("a", "b")),
        Ordinal("depth", None, (), (None, 2, 4)),
        Subset("angles", (45,), (Condition("kind", ("b",)),), (0, 45)),
        Float("rate", 1.0, (), 0.001, 1.0, True),
        Integer("count", 3, (), 1, 9, False),
    )
    assert (space.name, space.source) == ("mine", "nowhere")


def test_whole_numbers_are_ones_that_a_float_holds() -> None:
    count = {"type": "integer", "lower": 1, "upper": 2**53, "default": 3}
    parse_space(declare(count=count))
    with pytest.raises(SpaceError, match=r"count\.upper: \d+ is beyond \d+; use type: float"):
        parse_space(declare(count=count | {"upper": 2**53 + 1}))


def test_a_space_need_not_say_where_it_is_from() -> None:
    assert parse_space({"name": "mine", "parameters": {"kind": KIND}}).source == ""


def test_children_declared_first_come_after_their_parents() -> None:
    space = parse_space(
        declare(
            leaf=KIND | {"when": {"middle": "a"}},
            rate=RATE | {"when": {"kind": "b"}},
            free=RATE,
            kind=KIND,
            middle=KIND | {"when": {"kind": ["a", "b"]}},
        )
    )
    assert space.names == ("free", "kind", "rate", "middle", "leaf")


def test_a_list_in_when_is_a_list_of_alternatives() -> None:
    lists = {"type": "categorical", "choices": [[1], [1, 2], "a"], "default": "a"}
    space = parse_space(declare(weights=lists, rate=RATE | {"when": {"weights": [[1, 2], "a"]}}))
    assert space["rate"].conditions == (Condition("weights", ((1, 2), "a")),)


def test_a_subset_default_takes_the_order_of_its_items() -> None:
    space = parse_space(declare(d={"type": "subset", "of": [1, 2, 4], "default": [4, 1]}))
    assert space.default_configuration() == {"d": [1, 4]}


@pytest.mark.parametrize(
    ("space", "key", "complaint"),
    [
        ("text", FILE, "not a mapping"),
        (None, FILE, "not a mapping"),
        ({"source": "x", "parameters": {"k": KIND}}, FILE, "'name' is missing"),
        ({"name": "x", "source": " ", "parameters": {"k": KIND}}, "source:", "give it a text"),
        ({"name": "x", "source": "y"}, FILE, "'parameters' is missing"),
        ({"name": 3, "source": "y", "parameters": {"k": KIND}}, "name:", "give it a text"),
        ({"name": "x", "source": "y", "params": {}}, FILE, "did you mean 'parameters'?"),
        (declare(), "parameters:", "is empty"),
        (declare() | {"parameters": [1]}, "parameters:", "not a mapping"),
        (declare(**{"a/b": KIND}), "parameters.a/b:", "not a usable name"),
        (declare() | {"parameters": {7: KIND}}, "parameters.7:", "not a usable name"),
        (declare(k=3), "parameters.k:", "not a mapping"),
        (declare(k={"choices": [1], "default": 1}), "parameters.k:", "'type' is missing"),
        (declare(k=KIND | {"type": "catgorical"}), "parameters.k.type:", "mean 'categorical'?"),
        (declare(k=KIND | {"type": "zebra"}), "parameters.k.type:", "known are: categorical"),
        (declare(k=KIND | {"type": ["float"]}), "parameters.k.type:", "is not a type"),
        (declare(k=KIND | {"choice": [1]}), "parameters.k:", "did you mean 'choices'?"),
        (declare(k=KIND | {"lower": 1}), "parameters.k:", "unknown key 'lower'"),
        (declare(k={"type": "ordinal", "default": 1}), "parameters.k:", "'choices' is missing"),
        (declare(k={"type": "ordinal", "choices": [1]}), "parameters.k:", "'default' is missing"),
        (declare(k={"type": "float", "lower": 1, "default": 2}), "k:", "'upper' is missing"),
        (declare(k=KIND | {"choices": []}), "parameters.k.choices:", "is empty"),
        (declare(k=KIND | {"choices": "ab"}), "parameters.k.choices:", "give a list"),
        (declare(k=KIND | {"choices": ["a", "b", "a"]}), "k.choices:", '"a" occurs more than'),
        (declare(k=KIND | {"choices": [1, 1.0], "default": 1}), "k.choices:", "more than once"),
        (declare(k=KIND | {"choices": [{"a": 1}]}), "k.choices:", "dict is not"),
        (declare(k=KIND | {"choices": ["a", float("nan")]}), "k.choices:", "not finite"),
        (declare(k=KIND | {"default": "c"}), "parameters.k.default:", '"c" is not one of "a", "b"'),
        (declare(k=KIND | {"default": {"a": 1}}), "parameters.k.default:", "is not one of"),
        (declare(k={"type": "subset", "of": [], "default": [1]}), "k.of:", "is empty"),
        (declare(k={"type": "subset", "of": [1, [2]], "default": [1]}), "k.of:", "[2] is a list"),
        (declare(k={"type": "subset", "of": [1, []], "default": [1]}), "k.of:", "[] is a list"),
        (declare(k={"type": "subset", "of": [1, 2], "default": 1}), "k.default:", "not a list of"),
        (declare(k={"type": "subset", "of": [1, 2], "default": []}), "k.default:", "not a list of"),
        (declare(k={"type": "subset", "of": [1, 2], "default": [3]}), "k.default:", "combination"),
        (declare(k={"type": "subset", "of": [1], "default": [1, 1]}), "k.default:", "combination"),
        (
            declare(k={"type": "subset", "of": list(range(11)), "default": [1]}),
            "k.of:",
            "11 items make 2047 combinations",
        ),
        (declare(k=RATE | {"lower": 1}), "parameters.k.lower:", "not below upper"),
        (declare(k=RATE | {"lower": 2}), "parameters.k.lower:", "not below upper"),
        (declare(k=RATE | {"lower": 0, "log": True}), "parameters.k.lower:", "no logarithm"),
        (declare(k=RATE | {"lower": 1e-10, "log": True}), "k.lower:", "another unit"),
        (declare(k=RATE | {"lower": 1 - 1e-10}), "k.lower:", "another unit"),
        (declare(k=RATE | {"lower": "1e-4"}), "parameters.k.lower:", "write it like 1.0e-4"),
        (declare(k=RATE | {"lower": True}), "parameters.k.lower:", "True is not a number"),
        (declare(k=RATE | {"upper": float("inf")}), "parameters.k.upper:", "finite"),
        (declare(k=RATE | {"log": "yes"}), "parameters.k.log:", "true or false"),
        (declare(k=RATE | {"default": 2}), "parameters.k.default:", "2 is outside [0.1, 1.0]"),
        (declare(k=RATE | {"default": "big"}), "parameters.k.default:", "'big' is not a number"),
        (
            declare(k={"type": "integer", "lower": 1, "upper": 2.5, "default": 1}),
            "k.upper:",
            "not a whole number",
        ),
        (
            declare(k={"type": "integer", "lower": 0, "upper": 9, "log": True, "default": 1}),
            "k.lower:",
            "no logarithm",
        ),
        (declare(kind=KIND, k=RATE | {"when": "kind"}), "parameters.k.when:", "not a mapping"),
        (declare(kind=KIND, k=RATE | {"when": {"kid": "a"}}), "k.when.kid:", "mean 'kind'?"),
        (declare(kind=KIND, k=RATE | {"when": {"kind": "c"}}), "k.when.kind:", "is not one of"),
        (declare(kind=KIND, k=RATE | {"when": {"kind": []}}), "k.when.kind:", "is empty"),
        (declare(kind=KIND, k=RATE | {"when": {"kind": ["a", "a"]}}), "k.when.kind:", "once"),
        (declare(rate=RATE, k=RATE | {"when": {"rate": 0.5}}), "when.rate:", "a float cannot"),
        (
            declare(
                n={"type": "integer", "lower": 1, "upper": 3, "default": 1},
                k=RATE | {"when": {"n": 1}},
            ),
            "when.n:",
            "an ordinal",
        ),
        (declare(k=KIND | {"when": {"k": "a"}}), "parameters:", "of k run in a circle"),
        (
            declare(
                free=RATE,
                j=KIND | {"when": {"l": "a"}},
                k=KIND | {"when": {"j": "a"}},
                l=KIND | {"when": {"k": "a"}},
            ),
            "parameters:",
            "j, l, k run in a circle",
        ),
        (
            declare(
                top=KIND,
                j=KIND | {"when": {"top": "a"}},
                k=KIND | {"when": {"j": "a", "top": "b"}},
            ),
            "parameters.k.when:",
            "exclude each other on 'top'",
        ),
    ],
)
def test_refusals_name_file_key_and_remedy(space: Any, key: str, complaint: str) -> None:
    message = refusal(space)
    assert key in message
    assert complaint in message
