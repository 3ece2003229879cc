"""How well costs are predicted, and what the preview says of them."""

from __future__ import annotations

import numpy as np
import pytest
from costs_ledgers import Story, checked, predicted, some, tell, truth

from automl.costs import lines
from automl.planning import preview

UNKNOWN = ["  cost of a configuration: not known before 10 trials have finished"]


def test_costs_of_configurations_never_seen(config):
    """No trial is of the dearest kind with the most trees; the dearest drawn is."""
    with Story(config) as story:
        for index, configuration in enumerate(some(400)):
            if (configuration["kind"], configuration["trees"]) != ("glcm", 1000):
                story.trial(configuration, truth(configuration), budget=1 + index % 3)
    found = predicted(config)
    assert (found.dearest["kind"], found.dearest["trees"]) == ("glcm", 1000)
    assert found.dearest_seconds == pytest.approx(truth(found.dearest), rel=0.05)
    drawn = np.array([truth(configuration) for configuration in some(500, seed=config["seed"])])
    assert drawn.max() / drawn.min() > 100
    assert found.dearest_seconds == pytest.approx(drawn.max(), rel=0.05)
    assert found.mean == pytest.approx(drawn.mean(), rel=0.03)
    assert found.median == pytest.approx(np.median(drawn), rel=0.03)
    assert found.high == pytest.approx(np.quantile(drawn, 0.95), rel=0.05)
    assert 1.0 < found.factor < 1.03
    assert found.total_seconds == pytest.approx(found.mean * 38 / 2)


def test_the_error_is_that_of_each_trial_predicted_from_all_others(config):
    """Costs of pure chance: a fit follows them, a prediction cannot."""
    chance = np.random.default_rng(5).choice([-1.0, 1.0], size=30)
    with Story(config) as story:
        for configuration, sign in zip(some(30), chance, strict=True):
            story.trial(configuration, 4.0 ** float(sign))
    assert predicted(config).factor > 4.0


@pytest.mark.parametrize(("count", "is_known"), [(0, False), (9, False), (10, True)])
def test_nothing_is_predicted_below_ten_trials(count, is_known, config):
    tell(config, count)
    found = predicted(config)
    assert (found is not None) == is_known
    assert (lines(found, "epochs") == UNKNOWN) != is_known
    assert (UNKNOWN[0] in preview("new", checked(config))) != is_known


def test_the_preview_shows_it(config):
    tell(config, 12)
    text = preview("new", checked(config)).splitlines()
    place = next(i for i, line in enumerate(text) if "predicted" in line)
    assert text[place] == (
        "  predicted from 12 finished trials of 1 search (within a factor 1 for half of them): "
        "2.0 s for 1 epoch in the mean, 2.0 s or less for 95 %"
    )
    assert text[place + 1].startswith("  the dearest of 500 drawn: 2.0 s: kind=")
    assert text[place + 2] == "  in all about 38 s with 2 workers"
    assert "confirmation" in text[place - 1]
    assert text[place + 3].startswith("Nothing was started")


@pytest.mark.parametrize(("resumable", "epochs"), [(True, 9 + 3 * 2 + 6), (False, 9 + 3 * 3 + 9)])
def test_the_plan_s_wall_time_knows_what_is_continued(resumable, epochs, config):
    """One bracket: 9 of 1 epoch, 3 of them promoted to 3 and one to 9."""
    tell(config, 12)
    config["algorithm"] = {
        "name": "hyperband",
        "min_budget": 1,
        "max_budget": 9,
        "eta": 3,
        "iterations": 1,
    }
    found = predicted(config, resumable)
    assert found.budget == 9
    assert found.total_seconds == pytest.approx(found.mean * (epochs + 8) / 2)


@pytest.mark.parametrize("limit", [0.9, 3.0, 9.0, 1e9])
def test_the_preview_says_how_many_would_take_too_long(limit, config):
    """The limit holds for a whole trial, of three epochs here."""
    with Story(config) as story:
        for configuration in some(300):
            story.trial(configuration, truth(configuration))
    config["failures"]["trial_seconds"] = limit
    share = np.mean([3 * truth(c) > limit for c in some(500, seed=config["seed"])])
    found = predicted(config)
    assert found.over == pytest.approx(share, abs=0.02)
    words = f" % of configurations would take longer than failures.trial_seconds={limit:g} at 3 "
    assert words + "epochs" in preview("new", checked(config))


def test_a_budget_of_one_is_not_spelt_out(config):
    tell(config, 12)
    config["algorithm"]["budget"] = 1
    config["failures"]["trial_seconds"] = 60
    first, *_, last = lines(predicted(config), "evaluations")
    assert "2.0 s a configuration in the mean" in first
    assert last == ("  0.0 % of configurations would take longer than failures.trial_seconds=60")
