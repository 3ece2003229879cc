"""Random small spaces: every compiler must agree with a brute-force reading of the grammar."""

import json
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import hyperopt
import numpy as np
from ConfigSpace import Configuration
from ConfigSpace.exceptions import (
    ActiveHyperparameterNotSetError,
    IllegalValueError,
    InactiveHyperparameterSetError,
)
from hyperopt.pyll import as_apply
from hyperopt.pyll.stochastic import sample as draw_point
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from searchspaces import (
    SpaceError,
    canonical_json,
    configuration_at,
    from_configspace,
    from_hyperopt,
    from_hyperopt_vals,
    number_of,
    parse_space,
    sample,
    to_configspace,
    to_hpbandster,
    to_hyperopt,
    to_hyperopt_vals,
    to_values,
)

SCALARS = st.sampled_from([None, True, False, 0, 1, 2.5, -3, 1e-7, "a", "b", "null", "1", "é\n"])
CHOICES = SCALARS | st.lists(SCALARS, max_size=2)
DRAWS = 2500


def values_of(declaration: dict[str, Any]) -> list[Any]:
    """Read a declaration the slow, obvious way."""
    kind = declaration["type"]
    if kind == "integer":
        return list(range(declaration["lower"], declaration["upper"] + 1))
    if kind == "subset":
        items = declaration["of"]
        return [list(c) for n in range(1, len(items) + 1) for c in combinations(items, n)]
    return list(declaration["choices"])


@st.composite
def finite_declarations(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["categorical", "ordinal", "subset", "integer"]))
    if kind == "integer":
        lower = draw(st.integers(1, 3))
        declaration = {"lower": lower, "upper": lower + draw(st.integers(1, 2))}
        declaration["log"] = draw(st.booleans())
    elif kind == "subset":
        of = draw(st.lists(SCALARS, min_size=1, max_size=3, unique_by=canonical_json))
        declaration = {"of": of}
    else:
        choices = draw(st.lists(CHOICES, min_size=1, max_size=4, unique_by=canonical_json))
        declaration = {"choices": choices}
    declaration["type"] = kind
    return declaration | {"default": draw(st.sampled_from(values_of(declaration)))}


@st.composite
def finite_spaces(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a finite space's mapping; children may be declared before their parents."""
    parameters: dict[str, dict[str, Any]] = {}
    for number in range(draw(st.integers(1, 5))):
        declaration = draw(finite_declarations())
        able = [n for n, p in parameters.items() if p["type"] != "integer"]
        for parent in (
            draw(st.lists(st.sampled_from(able), max_size=2, unique=True)) if able else ()
        ):
            values = values_of(parameters[parent])
            some = st.lists(
                st.sampled_from(values), min_size=1, max_size=3, unique_by=canonical_json
            )
            declaration.setdefault("when", {})[parent] = draw(some)
        parameters[f"p{number}"] = declaration
    order = draw(st.permutations(list(parameters)))
    return {"name": "random", "source": "a test", "parameters": {n: parameters[n] for n in order}}


def brute_force(parameters: dict[str, dict[str, Any]]) -> dict[str, tuple[dict[str, Any], float]]:
    """List every configuration, by canonical JSON, with a lower bound of its probability."""
    found: dict[str, tuple[dict[str, Any], float]] = {}
    for combination in product(*(values_of(p) for p in parameters.values())):
        full = dict(zip(parameters, combination, strict=True))

        def active(name: str, full: dict[str, Any] = full) -> bool:
            when = parameters[name].get("when", {})
            return all(
                active(parent) and canonical_json(full[parent]) in map(canonical_json, values)
                for parent, values in when.items()
            )

        one = {name: value for name, value in full.items() if active(name)}
        # The rarest value of a logarithmic integer from 1-3 over three values has 0.17.
        chances = [
            0.17 if parameters[n]["type"] == "integer" else 1 / len(values_of(parameters[n]))
            for n in one
        ]
        found[canonical_json(one)] = (one, float(np.prod(chances)))
    return found


def parsed(mapping: dict[str, Any]) -> Any:
    try:
        return parse_space(mapping)
    except SpaceError as refused:
        assume("exclude each other" not in str(refused))
        raise


RELAXED = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@settings(RELAXED, max_examples=15)
@given(finite_spaces(), st.integers(0, 2**32 - 1))
def test_every_sampler_reaches_the_support_and_nothing_else(mapping: dict, seed: int) -> None:
    space = parsed(mapping)
    support = brute_force(mapping["parameters"])
    assert space.cardinality == len(support)
    assume(min(chance for _, chance in support.values()) > 1 / 120)  # missed in e^-20 of all runs

    rng = np.random.default_rng(seed)
    assert {canonical_json(sample(space, rng)) for _ in range(DRAWS)} == set(support)
    for compile_ in (to_configspace, to_hpbandster):
        drawn = {
            one.get_array().tobytes(): one
            for one in compile_(space, seed).sample_configuration(DRAWS)
        }
        decoded = {canonical_json(from_configspace(space, one)) for one in drawn.values()}
        assert decoded == set(support)


@RELAXED
@given(finite_spaces())
def test_numbers_count_the_support_once_and_in_order(mapping: dict) -> None:
    space = parsed(mapping)
    ordered = {name: mapping["parameters"][name] for name in space.names}
    numbered = [configuration_at(space, number) for number in range(space.cardinality)]
    assert list(map(canonical_json, numbered)) == list(brute_force(ordered))
    assert [number_of(space, one) for one in numbered] == list(range(space.cardinality))


@RELAXED
@given(finite_spaces(), st.data())
def test_only_leaves_what_a_filter_of_the_support_leaves(
    mapping: dict, data: st.DataObject
) -> None:
    parsed(mapping)
    able = [name for name, p in mapping["parameters"].items() if p["type"] != "integer"]
    only = {}
    for name in data.draw(st.lists(st.sampled_from(able), unique=True)) if able else ():
        values = st.sampled_from(values_of(mapping["parameters"][name]))
        only[name] = data.draw(st.lists(values, min_size=1, unique_by=canonical_json))
    space = parse_space(mapping | {"only": only})
    expected = {
        spelling
        for spelling, (one, _) in brute_force(mapping["parameters"]).items()
        if all(
            canonical_json(one[name]) in map(canonical_json, kept)
            for name, kept in only.items()
            if name in one
        )
    }
    size = space.cardinality
    assert size == len(expected)
    assert {canonical_json(configuration_at(space, n)) for n in range(size)} == expected
    assert {name for spelling in expected for name in json.loads(spelling)} == set(space.names)
    assert canonical_json(space.default_configuration()) in expected


@RELAXED
@given(finite_spaces())
def test_hyperopt_evaluates_exactly_the_support(mapping: dict) -> None:
    space = parsed(mapping)
    expression = to_hyperopt(space)
    for spelling, (configuration, _) in brute_force(mapping["parameters"]).items():
        vals = to_hyperopt_vals(space, configuration)
        assert {name for name, codes in vals.items() if codes} == set(configuration)
        # Only the active labels are given: an expression that needed another would fail here.
        point = hyperopt.space_eval(expression, {n: codes[0] for n, codes in vals.items() if codes})
        assert canonical_json(from_hyperopt(space, point)) == spelling
        assert {name for name, code in point.items() if code is None} == set(space.names) - set(
            configuration
        )
        assert canonical_json(from_hyperopt_vals(space, vals)) == spelling


@RELAXED
@given(finite_spaces(), st.integers(0, 2**32 - 1))
def test_hyperopt_draws_lie_in_the_support(mapping: dict, seed: int) -> None:
    space = parsed(mapping)
    expression, rng = as_apply(to_hyperopt(space)), np.random.default_rng(seed)
    support = brute_force(mapping["parameters"])
    for _ in range(10):
        assert canonical_json(from_hyperopt(space, draw_point(expression, rng))) in support


@RELAXED
@given(finite_spaces())
def test_configspace_accepts_exactly_the_support(mapping: dict) -> None:
    space = parsed(mapping)
    for encoding, compiled in (
        ("configspace", to_configspace(space, 0)),
        ("hpbandster", to_hpbandster(space, 0)),
    ):
        for configuration, _ in brute_force(mapping["parameters"]).values():
            codes = to_values(space, configuration, encoding)
            accepted = Configuration(compiled, values=codes)
            assert canonical_json(from_configspace(space, accepted)) == canonical_json(
                configuration
            )
            for spoiled in spoilings(space, compiled, codes):
                try:
                    Configuration(compiled, values=spoiled)
                except (
                    ActiveHyperparameterNotSetError,
                    InactiveHyperparameterSetError,
                    IllegalValueError,
                ):
                    continue
                raise AssertionError(f"accepted {spoiled}")


def spoilings(space: Any, compiled: Any, codes: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Leave out each active parameter, and add each inactive one."""
    for name in space.names:
        if name in codes:
            yield {other: code for other, code in codes.items() if other != name}
        else:
            yield codes | {name: compiled[name].default_value}


@st.composite
def mixed_spaces(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a finite space with a few floats added, conditional ones too."""
    mapping = draw(finite_spaces())
    parameters = mapping["parameters"]
    for number in range(draw(st.integers(1, 3))):
        log = draw(st.booleans())
        lower = draw(st.floats(1e-6, 1e3) if log else st.floats(-1e3, 1e3))
        upper = lower + draw(st.floats(1e-3, 1e4))
        default = draw(st.floats(lower, upper))
        parameters[f"f{number}"] = {
            "type": "float",
            "lower": lower,
            "upper": upper,
            "log": log,
            "default": default,
        }
        able = [n for n, p in parameters.items() if p["type"] not in ("integer", "float")]
        if able and draw(st.booleans()):
            parent = draw(st.sampled_from(able))
            value = draw(st.sampled_from(values_of(parameters[parent])))
            parameters[f"f{number}"]["when"] = {parent: [value]}
    return mapping


@RELAXED
@given(mixed_spaces(), st.integers(0, 2**32 - 1))
def test_configurations_are_plain_valid_and_survive_every_encoding(
    mapping: dict, seed: int
) -> None:
    space = parsed(mapping)
    compiled, model = to_configspace(space, seed), to_hpbandster(space, seed)
    rng = np.random.default_rng(seed)
    expression = as_apply(to_hyperopt(space))
    drawn = [space.default_configuration()]
    drawn += [sample(space, rng) for _ in range(5)]
    drawn += [from_configspace(space, one) for one in compiled.sample_configuration(5)]
    drawn += [from_configspace(space, one) for one in model.sample_configuration(5)]
    drawn += [from_hyperopt(space, draw_point(expression, rng)) for _ in range(5)]
    for configuration in drawn:
        space.validate(configuration)
        assert list(configuration) == [n for n in space.names if n in configuration]
        assert frozenset(configuration) == space.active(configuration)
        assert_plain(configuration)
        assert json.loads(json.dumps(configuration)) == configuration
        assert same(space.canonical(configuration), configuration)
        for encoding, target in (("configspace", compiled), ("hpbandster", model)):
            codes = to_values(space, configuration, encoding)
            assert same(from_configspace(space, codes), configuration)
            # ConfigSpace itself keeps 13 decimals of a float: once through it, no more is lost.
            once = from_configspace(space, Configuration(target, values=codes))
            assert close(once, configuration)
            codes = to_values(space, once, encoding)
            assert same(from_configspace(space, Configuration(target, values=codes)), once)
        vals = to_hyperopt_vals(space, configuration)
        assert same(from_hyperopt_vals(space, vals), configuration)
        assert vals.keys() == set(space.names)
    defaults = [from_configspace(space, c.get_default_configuration()) for c in (compiled, model)]
    assert all(close(default, space.default_configuration()) for default in defaults)


def assert_plain(value: Any) -> None:
    assert value is None or type(value) in (bool, int, float, str, list, dict), type(value)
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            assert_plain(item)


def same(one: Any, other: Any) -> bool:
    """Compare values, types and key order, which == does not."""
    return repr(one) == repr(other)


def close(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Compare as `same`, floats of the random ranges to 1e-12."""
    floats = {n: v for n, v in one.items() if n.startswith("f")}
    return same(
        [(n, None if n in floats else v) for n, v in one.items()],
        [(n, None if n in floats else v) for n, v in other.items()],
    ) and all(abs(v - other[n]) <= 1e-12 * max(1, abs(v)) for n, v in floats.items())
