"""HpBandSter's model behind our wall: what it hides comes out, what it touches is put back."""

from __future__ import annotations

import logging
import math
import warnings
from typing import Any

import ConfigSpace.util
import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm

from automl.algorithms import AlgorithmError, build
from automl.algorithms.kde import KDESampler, KDESettings
from searchspaces import Space, from_configspace


def trained(space: Space, loss: Any, results: int = 30, **settings: Any) -> KDESampler:
    sampler = KDESampler(space, 1, KDESettings(num_samples=4, **settings))
    for _ in range(results):
        draw = sampler.draw(9)
        sampler.learn(draw, 9, loss(draw.configuration, 9))
    return sampler


def test_a_third_of_the_draws_ignores_the_model(flat: Space, flat_loss: Any):
    sampler = trained(flat, flat_loss)
    origins = [sampler.draw(9).origin for _ in range(200)]
    assert 0.56 < origins.count("model") / 200 < 0.77


@pytest.mark.parametrize(("fraction", "origin"), [(0, "model"), (1, "random")])
def test_the_random_fraction_is_a_setting(
    fraction: float, origin: str, flat: Space, flat_loss: Any
):
    sampler = trained(flat, flat_loss, random_fraction=fraction)
    assert {sampler.draw(9).origin for _ in range(10)} == {origin}


def test_draws_are_random_until_one_budget_has_enough_results(flat: Space, flat_loss: Any):
    """Four parameters: five good and five bad results make the first model."""
    sampler = KDESampler(flat, 1, KDESettings(num_samples=4, random_fraction=0))
    origins = []
    for i in range(22):
        draw = sampler.draw(1)
        origins.append(draw.origin)
        budget = (1, 3)[i % 2]
        sampler.learn(draw, budget, flat_loss(draw.configuration, budget))
    assert origins.index("model") == 19
    assert set(origins[19:]) == {"model"}


def test_the_model_is_of_the_largest_budget_that_has_one(flat: Space, flat_loss: Any):
    """At budget 9 the good side of the bowl is turned round; draws must follow it."""
    sampler = KDESampler(flat, 1, KDESettings(num_samples=16, random_fraction=0))
    low = [sampler.draw(1) for _ in range(60)]
    for draw in low:
        sampler.learn(draw, 1, draw.configuration["momentum"])
    small = [sampler.draw(1).configuration["momentum"] for _ in range(12)]
    for draw in low:
        sampler.learn(draw, 9, 1 - draw.configuration["momentum"])
    large = [sampler.draw(1).configuration["momentum"] for _ in range(12)]
    assert np.mean(small) < 0.7 < 0.8 < np.mean(large)


def test_failures_are_the_bad_results(flat: Space):
    sampler = KDESampler(flat, 1, KDESettings(num_samples=16, random_fraction=0))
    for draw in [sampler.draw(1) for _ in range(60)]:
        momentum = draw.configuration["momentum"]
        sampler.learn(draw, 1, None if momentum > 0.7 else 0.5)
    assert np.mean([sampler.draw(1).configuration["momentum"] > 0.7 for _ in range(20)]) < 0.4


def test_a_hidden_exception_comes_out(flat: Space, flat_loss: Any, monkeypatch: pytest.MonkeyPatch):
    sampler = trained(flat, flat_loss, random_fraction=0)

    def broken(*_: object) -> float:
        raise RuntimeError("singular bandwidth")

    monkeypatch.setattr(sm.nonparametric.KDEMultivariate, "pdf", broken)
    state = np.random.get_state()[1].tolist()  # type: ignore[call-overload] # noqa: NPY002
    with pytest.raises(AlgorithmError) as failure:
        sampler.draw(9)
    assert "BOHB's model failed" in str(failure.value)
    assert "RuntimeError: singular bandwidth" in str(failure.value)
    assert "\n" not in str(failure.value)
    assert np.random.get_state()[1].tolist() == state  # type: ignore[call-overload] # noqa: NPY002
    monkeypatch.undo()
    assert sampler.draw(9).origin == "model"


def test_a_candidate_that_cannot_be_drawn_comes_out(
    flat: Space, flat_loss: Any, monkeypatch: pytest.MonkeyPatch
):
    """The generator goes on with a vector that lacks an entry."""
    sampler = trained(flat, flat_loss, random_fraction=0)

    def broken(*_: object, **__: object) -> float:
        raise ValueError("scale is zero")

    monkeypatch.setattr(scipy.stats.truncnorm, "rvs", broken)
    with pytest.raises(AlgorithmError, match="Truncated Normal failed"):
        sampler.draw(9)


def test_a_model_without_a_candidate_is_told_from_a_random_pick(
    flat: Space, flat_loss: Any, monkeypatch: pytest.MonkeyPatch
):
    """No exception: at no candidate does the density have a value."""
    sampler = trained(flat, flat_loss, random_fraction=0)
    with monkeypatch.context() as patch:
        patch.setattr(sm.nonparametric.KDEMultivariate, "pdf", lambda *_: math.nan)
        draw = sampler.draw(9)
    assert draw.origin == "fallback"
    flat.validate(draw.configuration)
    sampler.learn(draw, 9, 0.5)
    assert sampler.draw(9).origin == "model"


def test_a_failure_beside_a_missing_candidate_still_comes_out(
    flat: Space, flat_loss: Any, monkeypatch: pytest.MonkeyPatch
):
    sampler = trained(flat, flat_loss, random_fraction=0)

    def broken(*_: object, **__: object) -> float:
        raise ValueError("scale is zero")

    monkeypatch.setattr(sm.nonparametric.KDEMultivariate, "pdf", lambda *_: math.nan)
    monkeypatch.setattr(scipy.stats.truncnorm, "rvs", broken)
    with pytest.raises(AlgorithmError):
        sampler.draw(9)


def test_every_result_on_the_modelled_budget_refits_the_model(flat: Space, flat_loss: Any):
    """No result is dropped and no fit is skipped once there are enough of them."""
    sampler = KDESampler(flat, 1, KDESettings(num_samples=4))
    models = []
    for count in range(1, 41):
        draw = sampler.draw(9)
        # Failures and equal losses are results like any other.
        loss = None if count % 5 == 0 else round(flat_loss(draw.configuration, 9), 1)
        sampler.learn(draw, 9, loss)
        model = sampler._generator.kde_models.get(9)
        if model is None:
            assert count < 10
        else:
            assert model not in models
            models.append(model)
            # Both shares of HpBandSter's round down: now and then the worst result is left out.
            assert 0 <= count - len(model["good"].data) - len(model["bad"].data) <= 1
            assert np.isfinite(model["good"].bw).all()
            assert np.isfinite(model["bad"].bw).all()
    assert len(models) == 31


def test_what_was_given_is_learnt_as_it_is(conditional: Space):
    configuration = conditional.default_configuration()
    sampler = KDESampler(conditional, 1, KDESettings())
    draw = sampler.given(configuration)
    assert (draw.configuration, draw.origin) == (configuration, "warm_start")
    assert from_configspace(conditional, draw.encoded) == configuration
    sampler.learn(draw, 1, 0.5)
    (vector,) = sampler._generator.configs[1]
    active = [name for name, x in zip(sampler._space.names, vector, strict=True) if x == x]
    assert len(active) == len(configuration)


def test_an_interrupt_stays_an_interrupt(
    flat: Space, flat_loss: Any, monkeypatch: pytest.MonkeyPatch
):
    sampler = trained(flat, flat_loss, random_fraction=0)

    def interrupted(*_: object) -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr(sm.nonparametric.KDEMultivariate, "pdf", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sampler.draw(9)


def test_a_draw_that_cannot_be_converted_comes_out(flat: Space, monkeypatch: pytest.MonkeyPatch):
    sampler = KDESampler(flat, 1, KDESettings())

    def broken(**_: object) -> object:
        raise ValueError("illegal value")

    monkeypatch.setattr(ConfigSpace.util, "deactivate_inactive_hyperparameters", broken)
    with pytest.raises(AlgorithmError, match="illegal value"):
        sampler.draw(1)


def test_an_error_while_learning_puts_the_global_generator_back(
    flat: Space, monkeypatch: pytest.MonkeyPatch
):
    sampler = KDESampler(flat, 1, KDESettings())
    draw = sampler.draw(1)

    def broken(*_: object, **__: object) -> object:
        np.random.random()  # noqa: NPY002
        raise ValueError("illegal value")

    np.random.seed(3)  # noqa: NPY002
    monkeypatch.setattr(ConfigSpace, "Configuration", broken)
    with pytest.raises(ValueError, match="illegal value"):
        sampler.learn(draw, 1, 0.5)
    assert np.random.random() == np.random.RandomState(3).random()  # noqa: NPY002


def test_it_is_silent(flat: Space, flat_loss: Any, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings():
        warnings.simplefilter("error")
        sampler = trained(flat, flat_loss, results=40)
        sampler.draw(9)
    assert caplog.records == []


def test_results_below_the_modelled_budget_are_dropped(flat: Space, flat_loss: Any):
    sampler, twin = (trained(flat, flat_loss) for _ in range(2))
    sampler.learn(sampler.draw(1), 1, 0.0)
    twin.draw(1)
    assert sampler.draw(1) == twin.draw(1)


def test_default_settings_are_hpbandsters(flat: Space):
    explicit = build(
        "bohb", flat, 5, min_budget=1, max_budget=3, eta=3, iterations=1, **vars(KDESettings())
    )
    assert explicit.ask() == build("bohb", flat, 5, min_budget=1, max_budget=3, iterations=1).ask()
