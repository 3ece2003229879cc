"""What is minimised, when latency counts: losses, latencies, fronts, and who is best."""

from __future__ import annotations

import itertools
import math
from statistics import median

import numpy as np
import pytest
from bench import Killed, drive
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.errors import AllFailedError, UserError
from automl.ledger import read_events
from automl.objective import Objective, check_objective, excess
from automl.objective.front import front, trade
from automl.objective.latency import IMAGES, LEAST, latency_ms
from automl.selection import candidates, choose
from automl.state import CONFIRMATION, SEARCH, SearchState, Trial, best_first

LIMIT = {"name": "accuracy_latency", "latency_limit_ms": 5.0}
SHARES = st.floats(0.0, 1.0)
TIMES = st.floats(0.001, 1e6)


@settings(deadline=None)
@given(accuracy=SHARES, latency=TIMES)
def test_without_a_limit_the_loss_is_the_error(accuracy, latency):
    assert Objective().loss(accuracy) == 1.0 - accuracy
    assert Objective("accuracy_latency").loss(accuracy, latency) == 1.0 - accuracy
    assert excess(1.0 - accuracy) == 0.0


@settings(deadline=None)
@given(one=st.tuples(SHARES, TIMES), other=st.tuples(SHARES, TIMES))
def test_what_keeps_the_limit_is_better_and_the_rest_is_ordered_by_latency(one, other):
    objective = Objective(**LIMIT)
    losses = [objective.loss(*each) for each in (one, other)]
    kept = [latency <= 5.0 for _, latency in (one, other)]
    if all(kept):
        assert losses == [1.0 - accuracy for accuracy, _ in (one, other)]
    elif not any(kept):
        assert (losses[0] < losses[1]) <= (one[1] < other[1])
    else:
        assert losses[kept.index(True)] <= 1.0 <= losses[kept.index(False)]
    assert all(math.isfinite(loss) for loss in losses)


@pytest.mark.parametrize(
    ("objective", "said"),
    [
        (Objective("accuracy", 5.0), "measures no latency"),
        (Objective("accuracy_latency", 0.0), "above 0"),
        (Objective("accuracy_latency", math.inf), "above 0"),
        (Objective("accuracy_latency", math.nan), "above 0"),
    ],
)
def test_objectives_that_mean_nothing(objective, said):
    with pytest.raises(UserError, match=said):
        check_objective(objective)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 6)), max_size=25))
def test_the_front_is_what_nothing_dominates(points):
    def dominates(a, b):
        return a[0] >= b[0] and a[1] <= b[1] and a != b

    kept = front(points)
    free = {p for p in points if not any(dominates(other, p) for other in points)}
    assert {points[place] for place in kept} == free
    assert len(kept) == len(free), "of equal points one"
    assert kept == [min(p for p in range(len(points)) if points[p] == points[k]) for k in kept]
    for before, after in itertools.pairwise(points[place] for place in kept):
        assert before[1] < after[1]
        assert before[0] < after[0]


class Slow:
    """A model that takes as long as its clock says."""

    classes, native, flavor = ("a", "b"), None, "none"

    def __init__(self, seconds):
        self.seconds, self.now, self.seen = iter(seconds), 0.0, []

    def clock(self):
        return self.now

    def predict_proba(self, images):
        self.seen.append(images[:, 0, 0].tolist())
        self.now += next(self.seconds)
        return np.ones((len(images), 2)) / 2


def test_latency_is_the_median_of_single_images_of_the_whole_split():
    images = np.repeat(np.arange(100, dtype=np.uint8), 4).reshape(100, 2, 2)
    times = [9.0, *np.linspace(0.001, 0.015, IMAGES)]
    model = Slow(times)
    assert latency_ms(model, images, model.clock) == pytest.approx(1e3 * median(times[1:]))
    assert all(len(seen) == 1 for seen in model.seen)
    assert model.seen[1] == [0]
    assert model.seen[-1] == [99]
    assert len(model.seen) == 1 + IMAGES


def test_a_slow_model_is_timed_less_often_and_a_small_split_once_over():
    model = Slow(itertools.repeat(2.0))
    assert latency_ms(model, np.zeros((50, 2, 2), np.uint8), model.clock) == 2000
    assert len(model.seen) == 1 + LEAST
    model = Slow(itertools.repeat(0.001))
    latency_ms(model, np.zeros((2, 2, 2), np.uint8), model.clock)
    assert len(model.seen) == 1 + 2


def trial(number, accuracy, loss, *, phase=SEARCH, name=None, budget=1):
    return Trial(
        number, phase, name or f"c{number}", {}, budget, None, None, None, "random", 0,
        0 if phase == CONFIRMATION else None, status="finished", loss=loss,
        metrics={"validation_accuracy": accuracy},
    )  # fmt: skip


def test_the_incumbent_keeps_the_limit_if_anything_does():
    state = SearchState()
    found = [trial(0, 0.9, 1.4), trial(1, 0.6, 0.4), trial(2, 0.7, 0.3), trial(3, 0.99, 1.1)]
    state.trials = {one.number: one for one in found}
    assert [one.number for one in best_first(found)] == [2, 1, 3, 0]
    chosen = candidates(state, 0, configurations=2, seeds=1)
    assert [candidate.trial.number for candidate in chosen] == [2, 1]
    larger = trial(4, 0.5, 2.0, budget=3)
    assert best_first([*found, larger])[0] is larger, "first of all counts the budget"


def test_the_chosen_model_keeps_the_limit_by_its_median_seed():
    state = SearchState()
    seeds = {"fast": [(0.7, 0.3), (0.8, 1.2), (0.75, 0.25)], "slow": [(0.9, 1.5)] * 3}
    for name, runs in seeds.items():
        for accuracy, loss in runs:
            number = len(state.trials)
            state.trials[number] = trial(number, accuracy, loss, phase=CONFIRMATION, name=name)
    chosen = choose(state)
    assert (chosen.configuration_id, chosen.accuracy) == ("fast", 0.75)


@pytest.fixture
def timed(monkeypatch):
    """Latencies by a formula: a model takes 10 ms times its share of right answers."""
    monkeypatch.setattr(
        "automl.session.latency_ms", lambda model, images: round(10 * model._right, 4)
    )


def test_a_search_with_a_limit_finds_the_best_that_keeps_it(tmp_path, timed):
    limit = {**LIMIT, "latency_limit_ms": 7.5}
    found = drive(tmp_path / "limited", "tpe", objective=limit)
    section = found["objective"]
    assert section["latency_limit_ms"] == 7.5
    assert section["within"] + section["beyond"] == len(section["points"])
    assert section["within"] > 0, "the premise"
    assert section["beyond"] > 0, "the premise"
    kept = [one for one in section["points"] if one["within"]]
    best = max(kept, key=lambda one: one["validation_accuracy"])
    assert found["incumbent"]["configuration_id"] == best["configuration_id"]
    assert all(one["latency_ms"] <= 7.5 for one in kept)
    front_of = [(one["validation_accuracy"], one["latency_ms"]) for one in section["front"]]
    assert front_of == sorted(front_of, key=lambda point: point[1])
    assert {one["configuration_id"] for one in section["front"]} <= {
        one["configuration_id"] for one in section["points"]
    }
    (chosen,) = [one for one in section["confirmed"] if one["chosen"]]
    assert chosen["latency_ms"] > 0
    told = {e["number"]: e for e in read_events(tmp_path / "limited/ledger.jsonl")[0]
            if e["event"] == "finished"}  # fmt: skip
    for event in told.values():
        metrics = event["metrics"]
        expected = Objective(**limit).loss(metrics["validation_accuracy"], metrics["latency_ms"])
        assert event["loss"] == expected


def test_a_resumed_search_replays_the_latencies_of_its_ledger(tmp_path, monkeypatch):
    spent = itertools.count(1)

    def measured(model, images):
        return float(next(spent) % 9 + 1)  # never the same for the same model

    monkeypatch.setattr("automl.session.latency_ms", measured)
    folder = tmp_path / "run"
    for kill_after in (20, 25):
        with pytest.raises(Killed):
            drive(folder, "tpe", objective=LIMIT, kill_after=kill_after)
    before = read_events(folder / "ledger.jsonl")[0]
    found = drive(folder, "tpe", objective=LIMIT)
    after = read_events(folder / "ledger.jsonl")[0]
    assert after[: len(before)] == before
    ended = [event["number"] for event in after if event["event"] == "finished"]
    assert len(ended) == len(set(ended))
    assert found["objective"]["points"]


def test_latency_that_is_only_recorded_changes_no_suggestion(tmp_path, timed):
    def asked(folder):
        events = read_events(folder / "ledger.jsonl")[0]
        return [(e["number"], e["configuration_id"], e["budget"]) for e in events
                if e["event"] == "asked"]  # fmt: skip

    plain = drive(tmp_path / "plain", "bohb")
    recorded = drive(tmp_path / "recorded", "bohb", objective={"name": "accuracy_latency"})
    assert asked(tmp_path / "plain") == asked(tmp_path / "recorded")
    assert plain["incumbent"] == recorded["incumbent"]
    assert "objective" not in plain
    assert all(one["within"] for one in recorded["objective"]["points"])


def test_a_model_that_needs_others_beside_it_has_no_latency(tmp_path, timed, monkeypatch):
    monkeypatch.setattr("stub_plugins.StubModel.together", True, raising=False)
    with pytest.raises(AllFailedError, match=r"no trial finished.*one image alone has no latency"):
        drive(tmp_path / "run", "random", objective=LIMIT)


def test_ledgers_from_before_have_no_trade():
    state = SearchState()
    state.plan = {"config": {}}
    assert trade(state) is None
