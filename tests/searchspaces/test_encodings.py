"""What each library makes of a space: priors, seeds, models, and codes that are none."""

import logging
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from ConfigSpace import (
    CategoricalHyperparameter,
    OrdinalHyperparameter,
    UniformIntegerHyperparameter,
)
from hpbandster.optimizers.config_generators.bohb import BOHB
from hyperopt import Trials, tpe
from hyperopt.base import JOB_STATE_DONE, STATUS_OK, Domain
from hyperopt.pyll import as_apply
from hyperopt.pyll.stochastic import sample as draw_point
from scipy.stats import chisquare, kstest

from searchspaces import (
    Space,
    SpaceError,
    from_configspace,
    from_hyperopt,
    from_hyperopt_vals,
    parse_space,
    sample,
    to_configspace,
    to_hpbandster,
    to_hyperopt,
    to_hyperopt_vals,
    to_values,
)

PRIORS = {
    "letter": {"type": "categorical", "choices": ["a", None, [1, 2]], "default": None},
    "level": {"type": "ordinal", "choices": [1, 10, 100, 1000], "default": 10},
    "items": {"type": "subset", "of": [1, 2], "default": [1]},
    "count": {"type": "integer", "lower": 1, "upper": 4, "default": 2},
    "size": {"type": "integer", "lower": 1, "upper": 4, "log": True, "default": 2},
    "share": {"type": "float", "lower": 0.5, "upper": 1, "default": 0.9},
    "rate": {"type": "float", "lower": 1e-4, "upper": 10, "log": True, "default": 0.1},
}
TREE = {
    "model": {"type": "categorical", "choices": ["rf", "svm"], "default": "rf"},
    "depth": {"type": "ordinal", "choices": [None, 2, 4, 8], "default": None},
    "trees": {"type": "integer", "lower": 1, "upper": 9, "default": 3, "when": {"model": "rf"}},
    "gamma": {
        "type": "float",
        "lower": 1e-3,
        "upper": 10,
        "log": True,
        "default": 1,
        "when": {"model": "svm", "depth": [2, 8]},
    },
    "angles": {"type": "subset", "of": [0, 45], "default": [0], "when": {"depth": [None, 8]}},
}


def space_of(parameters: dict[str, Any]) -> Space:
    return parse_space({"name": "tree", "source": "a test", "parameters": parameters})


def draws(library: str, space: Space, number: int, seed: int) -> Iterator[dict[str, Any]]:
    if library == "own":
        rng = np.random.default_rng(seed)
        yield from (sample(space, rng) for _ in range(number))
    elif library == "hyperopt":
        rng, expression = np.random.default_rng(seed), as_apply(to_hyperopt(space))
        yield from (from_hyperopt(space, draw_point(expression, rng)) for _ in range(number))
    else:
        compile_ = {"configspace": to_configspace, "hpbandster": to_hpbandster}[library]
        for one in compile_(space, seed).sample_configuration(number):
            yield from_configspace(space, one)


LIBRARIES = ["own", "hyperopt", "configspace", "hpbandster"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_priors_are_uniform_to_the_ends(library: str) -> None:
    space = space_of(PRIORS)
    drawn = list(draws(library, space, 1500, seed=1))
    for name, values in [
        ("letter", ["a", None, [1, 2]]),
        ("level", [1, 10, 100, 1000]),
        ("items", [[1], [2], [1, 2]]),
        ("count", [1, 2, 3, 4]),
    ]:
        seen = Counter(repr(one[name]) for one in drawn)
        assert chisquare([seen[repr(value)] for value in values]).pvalue > 1e-3, (name, seen)
        assert len(seen) == len(values)
    assert kstest([one["share"] for one in drawn], "uniform", (0.5, 0.5)).pvalue > 1e-3
    exponents = [math.log10(one["rate"]) for one in drawn]
    assert kstest(exponents, "uniform", (-4, 5)).pvalue > 1e-3
    if library in ("own", "hyperopt"):  # ConfigSpace has a law of its own for this one
        odds = np.diff(np.log([0.5, 1.5, 2.5, 3.5, 4.5])) / math.log(9)
        seen = Counter(one["size"] for one in drawn)
        assert chisquare([seen[k] for k in (1, 2, 3, 4)], 1500 * odds).pvalue > 1e-3


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_seed_is_a_sequence_and_leaves_global_generators_alone(library: str) -> None:
    space = space_of(TREE)
    np.random.seed(5)  # noqa: NPY002
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    first = list(draws(library, space, 20, seed=3))
    assert first == list(draws(library, space, 20, seed=3))
    assert first != list(draws(library, space, 20, seed=4))
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_types_and_defaults_inside_configspace() -> None:
    space = space_of(TREE)
    ordinary, model = to_configspace(space), to_hpbandster(space)
    assert isinstance(ordinary["depth"], OrdinalHyperparameter)
    assert list(ordinary["depth"].sequence) == ["null", "2", "4", "8"]
    assert isinstance(model["depth"], UniformIntegerHyperparameter)
    assert (model["depth"].lower, model["depth"].upper, model["depth"].default_value) == (0, 3, 0)
    assert isinstance(model["angles"], CategoricalHyperparameter)
    assert list(model["angles"].choices) == ["[0]", "[45]", "[0,45]"]


def test_float_bounds_with_many_decimals_stay_values() -> None:
    bounds = {"lower": 2.0**-45 * 1e6, "upper": 1 / 3}
    space = space_of({"x": {"type": "float", "default": bounds["upper"], "log": True} | bounds})
    compiled = to_configspace(space, 0)
    for value in bounds.values():
        assert from_configspace(space, to_values(space, {"x": value})) == {"x": value}
        assert compiled["x"].legal_value(value)
    for one in compiled.sample_configuration(200):
        space.validate(from_configspace(space, one))


def test_a_lone_ordinal_value_can_be_searched_everywhere() -> None:
    space = space_of({"only": {"type": "ordinal", "choices": [7], "default": 7}})
    for library in LIBRARIES:
        assert list(draws(library, space, 3, seed=0)) == [{"only": 7}] * 3


def fill(domain: Domain, trials: Trials, space: Space, rounds: int, *, decode: bool) -> list[Any]:
    """Run TPE on its own; `decode`: hand each suggestion back through our encoding."""
    seen = []
    for number in range(rounds):
        (document,) = tpe.suggest([number], domain, trials, seed=number, n_startup_jobs=8)
        configuration = from_hyperopt_vals(space, document["misc"]["vals"])
        seen.append(configuration)
        if decode:
            vals = to_hyperopt_vals(space, configuration)
            document["misc"]["vals"] = vals
            document["misc"]["idxs"] = {n: [number] if v else [] for n, v in vals.items()}
        loss = 1 / len(configuration) + (configuration["depth"] or 0) / 10
        document |= {"state": JOB_STATE_DONE, "result": {"loss": loss, "status": STATUS_OK}}
        trials.insert_trial_docs([document])
        trials.refresh()
    return seen


def test_tpe_cannot_tell_our_encoding_of_its_suggestions_from_its_own() -> None:
    space = space_of(TREE)
    domain = Domain(lambda _: 0, to_hyperopt(space))
    own = fill(domain, Trials(), space, 30, decode=False)
    told = fill(domain, Trials(), space, 30, decode=True)
    assert own == told
    for configuration in own:
        space.validate(configuration)
    assert len({repr(one) for one in own}) > 10


def test_hpbandsters_model_is_fitted_and_suggests_points_of_the_space() -> None:
    space = space_of(TREE)
    warnings: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: warnings.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.Logger("model")
    logger.addHandler(handler)
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    try:
        model = BOHB(to_hpbandster(space, 0), random_fraction=0, num_samples=8, logger=logger)
        rng = np.random.default_rng(0)
        for _ in range(40):
            configuration = sample(space, rng)
            codes = to_values(space, configuration, "hpbandster")
            model.new_result(Job(codes, 1.0, {"loss": 1 / len(codes)}))
        suggested = [model.get_config(1.0) for _ in range(10)]
    finally:
        np.random.set_state(state)  # noqa: NPY002
    assert all(info["model_based_pick"] for _, info in suggested)
    assert not [text for text in warnings if "failed" in text or "Error" in text]
    for codes, _ in suggested:
        space.validate(from_configspace(space, codes))


class Job:
    """What HpBandSter's generator reads of a finished job."""

    def __init__(self, config: dict[str, Any], budget: float, result: dict[str, float]) -> None:
        self.kwargs = {"config": config, "budget": budget}
        self.result = result
        self.exception = None


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ({}, "model: missing"),
        ({"model": "rf"}, "model: 'rf' names none of"),
        ({"model": '"rf"', "depth": 4, "trees": 3}, "depth: 4.0 is not the position"),
        ({"model": '"rf"', "depth": -1, "trees": 3}, "depth: -1.0 is not the position"),
        ({"model": '"rf"', "depth": 0.5, "trees": 3}, "depth: 0.5 is not the position"),
        ({"model": '"rf"', "depth": "2", "trees": 10}, "trees: 10.0 is outside"),
        ({"model": '"svm"', "depth": "2", "gamma": 11.0}, "gamma: 11.0 is outside"),
        ({"model": '"svm"', "depth": "2", "gamma": float("nan")}, "gamma: nan is outside"),
    ],
)
def test_codes_of_no_value_are_refused(codes: dict[str, Any], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        from_configspace(space_of(TREE), codes)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"model": None}, "model: missing"),
        ({"model": 2}, "model: 2.0 is not the position of one of 2 values"),
        ({"model": 0, "depth": 1.0, "trees": 12}, "trees: 12.0 is outside"),
    ],
)
def test_points_of_another_space_are_refused(point: dict[str, Any], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        from_hyperopt(space_of(TREE), point)


def test_codes_of_inactive_parameters_are_left_out() -> None:
    codes = {"model": '"rf"', "depth": 1, "trees": 3, "gamma": 1.0, "angles": "[0]"}
    decoded = from_configspace(space_of(TREE), codes)
    assert decoded == {"model": "rf", "depth": 2, "trees": 3}


def test_encoders_refuse_what_is_no_point_of_the_space() -> None:
    space = space_of(TREE)
    bad = {"model": "rf", "depth": 2, "trees": 3, "gamma": 1.0}
    for encode in (to_values, to_hyperopt_vals):
        with pytest.raises(SpaceError, match="gamma: given but inactive"):
            encode(space, bad)
