"""Costs learnt from finished trials: what is learnt from, how well, and what the preview says."""

from __future__ import annotations

import copy
import math
import os
from types import SimpleNamespace

import numpy as np
import pytest

from automl.compose import compose_plain
from automl.costs import forecast, lines
from automl.ledger import Ledger
from automl.planning import Checked, preview
from automl.settings import parse_settings
from searchspaces import configuration_id, parse_space, sample

SPACE = {
    "name": "made up",
    "source": "none",
    "parameters": {
        "kind": {"type": "categorical", "choices": ["glcm", "lbp"], "default": "lbp"},
        "distances": {
            "type": "subset",
            "of": [1, 2, 4, 8],
            "default": [1],
            "when": {"kind": "glcm"},
        },
        "trees": {"type": "ordinal", "choices": [10, 100, 1000], "default": 10},
        "depth": {"type": "integer", "lower": 1, "upper": 1000, "log": True, "default": 1},
        "rate": {"type": "float", "lower": 0.0, "upper": 2.0, "default": 1.0},
    },
}
UNKNOWN = ["  cost of a configuration: not known before 10 trials have finished"]


@pytest.fixture(scope="module")
def composed():
    config = compose_plain(["search=classical_random", "tracking=none", "workers=2"])
    return config | {"space": SPACE}


@pytest.fixture
def config(composed, tmp_path):
    """Ten trials of 3 epochs, then 2 of 4: 38 epochs, by 2 workers."""
    config = copy.deepcopy(composed)
    config["paths"]["runs"] = str(tmp_path)
    config["trainable"]["budget"] |= {"unit": "epochs", "max": 3}
    config["algorithm"] = {"name": "random", "trials": 10, "budget": 3}
    config["confirmation"] = {"configurations": 1, "seeds": 2, "budget": 4}
    config["failures"]["trial_seconds"] = None
    return config


def checked(config, resumable=True):
    space = parse_space(config["space"], where="space")
    trainable = SimpleNamespace(resumable=resumable)
    return Checked(parse_settings(config), space, None, trainable)


def predicted(config, resumable=True):
    return forecast(checked(config, resumable), "new")


def truth(configuration):
    """Seconds an epoch."""
    seconds = 0.2 * {10: 1.0, 100: 3.0, 1000: 20.0}[configuration["trees"]]
    if configuration["kind"] == "glcm":
        seconds *= 2.0 * len(configuration["distances"]) ** 0.8
    at = math.log(configuration["depth"]) / math.log(1000)
    return seconds * math.exp(1.5 * at - 0.8 * at**2 + 0.5 * configuration["rate"])


class Story:
    """A ledger, written as a driver would, with a clock of its own."""

    def __init__(self, config, name="old"):
        folder = parse_settings(config).runs / name
        folder.mkdir()
        self.path = folder / "ledger.jsonl"
        self._ledger = Ledger(folder)
        self.now, self.count = 1000.0, 0
        self.event("plan", name=name, config=config)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ledger.close()

    def event(self, event, **fields):
        self._ledger.append(event, time=self.now, **fields)

    def ask(self, configuration, budget):
        self.count += 1
        self.event(
            "asked",
            number=self.count,
            phase="search",
            configuration_id=configuration_id(configuration),
            configuration=configuration,
            budget=budget,
            previous_budget=None,
        )
        self.now += 50.0
        return self.count

    def start(self, number, attempt=1):
        self.event("started", number=number, attempt=attempt)

    def epochs(self, number, epochs, seconds, first=1):
        for epoch in range(first, first + epochs):
            self.now += seconds
            self.event("reported", number=number, epoch=epoch, metrics={})

    def finish(self, number, answered_by=None):
        self.event("finished", number=number, loss=0.5, metrics={}, answered_by=answered_by)

    def trial(self, configuration, seconds, budget=1):
        number = self.ask(configuration, budget)
        self.start(number)
        self.epochs(number, budget, seconds)
        self.finish(number)


def some(count, seed=1):
    rng, space = np.random.default_rng(seed), parse_space(SPACE, where="space")
    return [sample(space, rng) for _ in range(count)]


def tell(config, count=10, seconds=2.0, name="old"):
    """Write trials that all cost the same."""
    with Story(config, name) as story:
        for configuration in some(count):
            story.trial(configuration, seconds)
    return story.path


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


def test_trials_of_several_searches_are_taken_together(config):
    other = copy.deepcopy(config)
    other |= {"seed": 7, "workers": 5, "algorithm": {"name": "tpe", "trials": 3, "budget": 1}}
    tell(config, 6)
    tell(other, 6, name="other")
    tell(config, 0, name="begun")
    found = predicted(config)
    assert (found.trials, found.searches) == (12, 2)


@pytest.mark.parametrize(
    ("section", "value"),
    [
        (("data", "options", "image_size"), 97),
        (("data", "name"), "diffranet"),
        (("trainable", "name"), "deepfreak"),
        (("trainable", "options", "width"), 0.5),
        (("space", "parameters", "more"), {"type": "float", "lower": 0, "upper": 1}),
    ],
)
def test_a_search_of_another_kind_is_not_used(section, value, config):
    tell(config)
    other = copy.deepcopy(config)
    *path, key = section
    inner = other
    for step in path:
        inner = inner[step]
    inner[key] = value
    tell(other, 30, seconds=500.0, name="other")
    found = predicted(config)
    assert (found.trials, found.searches) == (10, 1)
    assert found.mean == pytest.approx(2.0)


def test_values_that_the_space_lacks_are_left_out(config):
    with Story(config) as story:
        for configuration in some(40):
            story.trial(configuration, 2.0 if configuration["kind"] == "lbp" else 500.0)
    config["space"]["only"] = {"kind": "lbp"}
    found = predicted(config)
    assert found.trials == sum(configuration["kind"] == "lbp" for configuration in some(40)) > 10
    assert found.mean == pytest.approx(2.0)


def test_what_was_continued_is_not_counted_again(config):
    with Story(config) as story:
        for configuration in some(10):
            story.trial(configuration, 2.0)
            number = story.ask(configuration, 9)
            story.start(number)
            story.epochs(number, 8, 2.0, first=2)
            story.finish(number)
    assert predicted(config).mean == pytest.approx(2.0)
    # Had all nine epochs been run, each would have taken 16 / 9 seconds.
    fresh = predicted(config, resumable=False)
    assert fresh.dearest_seconds < 2.0
    assert fresh.trials == 20


def interrupt_driver(story, number):
    story.now += 3600.0
    story.event("resumed")


def lose_worker(story, number):
    story.event("lost", number=number, reason="its node is gone")


@pytest.mark.parametrize("interrupt", [interrupt_driver, lose_worker])
@pytest.mark.parametrize(("resumable", "again"), [(True, 2), (False, 4)])
def test_an_interrupted_trial_counts_once_by_its_last_attempt(interrupt, resumable, again, config):
    """Two of four epochs were reported; the second attempt continues, or begins anew in silence."""
    with Story(config) as story:
        for configuration in some(10):
            number = story.ask(configuration, 4)
            story.start(number)
            story.epochs(number, 2, 100.0)
            interrupt(story, number)
            story.now += 100.0
            story.start(number, attempt=2)
            story.now += 2.0 * (again - 2)
            story.epochs(number, 2, 2.0, first=3)
            story.finish(number)
    found = predicted(config, resumable)
    assert found.trials == 10
    assert found.mean == pytest.approx(2.0)


def test_what_has_no_cost_of_its_own_is_left_out(config):
    first, second, third, *rest = some(13)
    with Story(config) as story:
        for configuration in rest:
            story.trial(configuration, 2.0)
        failed = story.ask(first, 1)
        story.start(failed)
        story.epochs(failed, 1, 500.0)
        story.event("failed", number=failed, status="crashed", reason="a bug")
        story.finish(story.ask(rest[0], 1), answered_by=1)
        # Its checkpoint was lost: of five epochs run again only the last is new.
        anew = story.ask(second, 5)
        story.start(anew)
        story.event("noted", number=anew, text="damaged; training starts anew")
        story.epochs(anew, 1, 500.0, first=5)
        story.finish(anew)
        running = story.ask(third, 1)
        story.start(running)
        story.epochs(running, 1, 500.0)
    found = predicted(config)
    assert found.trials == 10
    assert found.mean == pytest.approx(2.0)


@pytest.mark.parametrize("resumable", [True, False])
def test_a_trial_that_took_too_long_counts_with_what_it_took(config, resumable):
    slow, *rest = some(10)
    with Story(config) as story:
        for configuration in rest:
            story.trial(configuration, 2.0)
        number = story.ask(slow, 1)
        story.start(number)
        story.epochs(number, 1, 500.0)
        story.event("failed", number=number, status="timed_out", reason="too long")
    found = predicted(config, resumable)
    assert found.trials == 10
    assert found.mean > 2.5


@pytest.mark.parametrize("resumable", [True, False])
def test_a_note_on_a_trial_that_ran_all_of_its_epochs_does_no_harm(resumable, config):
    with Story(config) as story:
        for configuration in some(10):
            number = story.ask(configuration, 2)
            story.start(number)
            story.event("noted", number=number, text="has something to say")
            story.epochs(number, 2, 2.0)
            story.finish(number)
    assert predicted(config, resumable).mean == pytest.approx(2.0)


@pytest.mark.parametrize(
    "text",
    [
        b'{"event":"plan"\n{"event":"closed"}\n',
        b"[1]\n[2]\n",
        b"\xff\xfe\n\xff\n",
        b"",
        b'{"event":"closed"}\n',
        b'{"event":"plan"}\n',
        b'{"event":"plan","config":3}\n',
        b'{"event":"plan","config":{"trainable":{},"data":[]}}\n',
    ],
)
def test_a_ledger_that_cannot_be_read_is_skipped(text, config, tmp_path):
    tell(config)
    for name in ("before", "zzz"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ledger.jsonl").write_bytes(text)
    (tmp_path / "folder/ledger.jsonl").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    assert predicted(config).trials == 10


def test_a_damaged_ledger_of_the_same_kind_is_skipped_whole(config):
    tell(config)
    damaged = tell(config, 30, 500.0, name="damaged")
    content = damaged.read_bytes().splitlines(keepends=True)
    damaged.write_bytes(b"".join([*content[:-8], b"{damaged\n", *content[-8:]]))
    odd = tell(config, 30, 500.0, name="odd")
    odd.write_bytes(odd.read_bytes() + b'{"event":"finished","number":99,"answered_by":null}\n')
    found = predicted(config)
    assert (found.trials, found.searches) == (10, 1)


def test_the_newest_twenty_ledgers_are_read_and_the_search_s_own(config):
    for index in range(30):
        path = tell(config, 1, 2.0 if index >= 11 else 500.0, name=f"s{index:02}")
        os.utime(path, (10_000 + index, 10_000 + index))
    os.utime(tell(config, 1, name="new"), (1, 1))
    found = predicted(config)
    assert found.searches == 20
    assert found.mean == pytest.approx(2.0)


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
