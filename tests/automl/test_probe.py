"""A preview's estimate of time: the probe's processes, the simulated schedule, the lines."""

from __future__ import annotations

import copy
import itertools
import math

import probe_plugins as plugins
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.algorithms import Suggestion
from automl.compose import compose_plain
from automl.conductor import Conductor
from automl.planning import Checked, preview
from automl.probing import child
from automl.probing.data import foresee
from automl.probing.draws import priced
from automl.probing.estimate import START, UNSURE, WORKER, estimate
from automl.probing.lines import lines, of
from automl.probing.probe import Price, Probed, ProbeError, probe
from automl.probing.schedule import simulate
from automl.settings import parse_settings
from searchspaces import parse_space

SPACE = {
    "name": "stub",
    "source": "none",
    "parameters": {
        "x": {"type": "float", "lower": 0.0, "upper": 1.0, "default": 0.5},
        "kind": {"type": "categorical", "choices": ["a", "b"], "default": "a"},
    },
}
BRACKETS = {"min_budget": 1, "max_budget": 9, "eta": 3}
READY = {"ready": True, "seconds": 0.0, "serial_seconds": 0.0, "bytes": 0, "total": 9}


@pytest.fixture(scope="module")
def composed():
    config = compose_plain(["search=classical_random", "tracking=none", "workers=2"])
    config["failures"]["trial_seconds"] = None
    config["confirmation"] = {"configurations": 1, "seeds": 2, "budget": 4}
    config["algorithm"] = {"name": "random", "trials": 6, "budget": 3}
    config["trainable"] |= {"options": {}}
    return config | {"space": SPACE}


@pytest.fixture
def make(composed, tmp_path):
    """A checked search of stubs; keywords replace what the configuration has."""

    def made(trainable=plugins.Priced, data=plugins.ReadyData, **changes):
        config = copy.deepcopy(composed)
        config["paths"] |= {"runs": str(tmp_path / "runs"), "cache": str(tmp_path / "cache")}
        config["data"] |= {"name": f"probe_plugins:{data.__name__}", "options": {}}
        config["trainable"]["name"] = f"probe_plugins:{trainable.__name__}"
        config |= changes
        space = parse_space(config["space"], where="space")
        return Checked(parse_settings(config), space, data, trainable)

    return made


def probed(prices, **changes):
    fields = {
        "prices": tuple(prices),
        "basis": "nothing",
        "processes": 2,
        "seconds": 1.0,
        "setup": 3.0,
        "slowness": 1.0,
        "shared": 0.0,
        "shared_bytes": 0,
        "kept_bytes": 0,
        "memory": 10**9,
        "data": READY | {"evaluated": 20},
    }
    return Probed(**fields | changes)


def same(checked, price, **changes):
    configurations = priced(checked).configurations
    return probed([price] * len(configurations), **changes)


def run(checked, price_of, seed=0, setup=0.0, trial=0.0):
    return simulate(checked, price_of, seed, setup=setup, trial=trial)


def test_one_worker_takes_what_all_trials_cost(make):
    checked = make(workers=1)
    found = run(checked, lambda number: Price(1.0, 2.0 + number, 0.0), setup=7.0, trial=0.5)
    # Six trials of three epochs.
    assert found.search == pytest.approx(7.0 + sum(1.0 + 3 * (2.0 + n) + 0.5 for n in range(6)))


@pytest.mark.parametrize("is_resumable", [True, False])
def test_promotions_pay_for_what_is_new(make, is_resumable):
    algorithm = {"name": "hyperband", **BRACKETS, "iterations": 4}
    trainable = type("Trainable", (plugins.Priced,), {"resumable": is_resumable})
    checked = make(trainable, workers=1, algorithm=algorithm)
    plan = checked.algorithm().plan()
    found = run(checked, lambda _: Price(0.0, 2.0, 0.0))
    epochs = plan.budget_continued if is_resumable else plan.budget
    assert found.search == pytest.approx(2.0 * epochs)
    assert (found.kept > 2) == is_resumable


@settings(max_examples=25, deadline=None)
@given(
    costs=st.lists(st.floats(0.1, 50.0), min_size=1, max_size=40),
    workers=st.integers(1, 5),
    order=st.sampled_from(["asked", "planned", "arrival"]),
    brackets=st.booleans(),
)
def test_no_worker_works_in_two_places(composed, costs, workers, order, brackets):
    """A search lasts at least its work shared out evenly, at most one trial after the other."""
    config = copy.deepcopy(composed) | {"workers": workers, "order": order}
    if brackets:
        config["algorithm"] = {"name": "hyperband", **BRACKETS, "iterations": 3}
    checked = Checked(
        parse_settings(config), parse_space(SPACE, where="space"), None, plugins.Priced
    )
    given_out = itertools.cycle(costs)
    known: dict[int, float] = {}

    def price_of(number):
        if number not in known:
            known[number] = next(given_out)
        return Price(known[number], 0.0, 0.0)

    found = run(checked, price_of)
    plan = checked.algorithm().plan()
    # A fixed price for each trial; who is promoted pays again.
    least = sum(known.values()) / workers
    assert least - 1e-6 <= found.search <= plan.trials * max(costs) + 1e-6
    single = Checked(parse_settings(config | {"workers": 1}), checked.space, None, plugins.Priced)
    assert found.search <= run(single, lambda n: Price(known.get(n, 0.0), 0.0, 0.0)).search + 1e-6


def test_a_trial_costs_no_more_than_its_limit(make, composed):
    failures = composed["failures"] | {"trial_seconds": 5.0}
    found = run(make(workers=1, failures=failures), lambda _: Price(0.0, 100.0, 0.0))
    assert found.search == pytest.approx(6 * 5.0)
    assert found.confirmation == pytest.approx(2 * 5.0)


def test_confirmation_is_shared_out(make):
    assert run(make(), lambda _: Price(1.0, 2.0, 0.0)).confirmation == pytest.approx(1.0 + 4 * 2.0)
    last = {"configurations": 1, "seeds": 3, "budget": 4}
    found = run(make(confirmation=last), lambda _: Price(1.0, 2.0, 0.0))
    assert found.confirmation == pytest.approx(2 * 9.0)


@pytest.mark.parametrize(
    "algorithm",
    [
        {"name": "random", "trials": 9, "budget": 1},
        {"name": "tpe", "trials": 9, "budget": 1, "n_startup_jobs": 9},
        {"name": "bohb", **BRACKETS, "iterations": 1},
        {"name": "grid", "trials": None, "budget": 1},
    ],
    ids=lambda algorithm: algorithm["name"],
)
def test_what_begins_the_search_is_priced_first(make, algorithm):
    """Of the search itself: what is told makes no difference at the beginning."""
    space = SPACE
    if algorithm["name"] == "grid":
        space = {**SPACE, "parameters": {"kind": SPACE["parameters"]["kind"]}}
    checked = make(algorithm=algorithm, space=space, seed=5)
    configurations, first, _ = priced(checked)
    conductor = Conductor(checked.algorithm(), 2, "asked")
    drawn, waiting = [], []
    while len(drawn) < min(first, 9):
        answer = conductor.next()
        if isinstance(answer, Suggestion):
            if answer.origin == "model":
                break
            waiting.append(answer.number)
            if answer.previous_budget is None:
                drawn.append(answer.configuration)
        else:
            conductor.result(waiting.pop(0), 0.1 * len(drawn))
    assert configurations[: len(drawn)] == drawn
    assert len(drawn) > 1
    assert 0 < first < len(configurations)


def test_known_prices_leave_no_doubt_but_the_measurement(make):
    """Every configuration of the search is known: what others would cost does not matter."""
    checked = make(workers=1)
    configurations, first, _ = priced(checked)
    assert first == 6
    prices = [Price(0.0, 1.0, 0.25)] * first + [Price(0.0, 1e6, 9.0)] * (len(configurations) - 6)
    found = estimate(checked, "cpu", probed(prices))
    assert found.parts["search"] == pytest.approx(WORKER + 3.0 + 6 * 3.0, rel=0.01)
    assert found.parts["start"] == START
    assert found.total == pytest.approx(sum(found.parts.values()))
    assert found.low == pytest.approx(found.total / UNSURE)
    assert found.high == pytest.approx(found.total * UNSURE)


def test_unknown_prices_are_drawn_and_spread_the_range(make):
    checked = make(workers=1)
    configurations, first, _ = priced(checked)
    others = [Price(0.0, float(1 + n % 30), 0.0) for n in range(len(configurations) - first)]
    found = estimate(checked, "cpu", probed([None] * first + others))
    again = estimate(checked, "cpu", probed([None] * first + others))
    assert found == again
    assert found.low * UNSURE < found.total < found.high / UNSURE
    mean = sum(price.unit for price in others) / len(others)
    assert found.parts["search"] == pytest.approx(18 * mean, rel=0.5)


def test_a_model_chooses_among_what_the_probe_saw_do_well(make):
    """Prices of those that judged badly do not come up once the model knows enough."""
    algorithm = {"name": "tpe", "trials": 24, "budget": 1, "n_startup_jobs": 4}
    checked = make(workers=1, algorithm=algorithm)
    configurations, first, share = priced(checked)
    # With one worker the fifth ask sees four results.
    assert (first, share) == (4, 1.0)
    good, bad = Price(0.0, 1.0, 0.5, 0.05), Price(0.0, 50.0, 9.0, 0.7)
    pool = [good if n % 3 == 0 else bad for n in range(len(configurations) - first)]
    found = estimate(checked, "cpu", probed([good] * first + pool))
    assert found.parts["search"] < WORKER + 3.0 + 4 * 1.0 + 20 * 3.0
    assert found.parts["confirmation"] == pytest.approx(2 * 4 * 1.0, rel=0.1)
    drawn = estimate(
        make(workers=1, algorithm=algorithm | {"n_startup_jobs": 24}),
        "cpu",
        probed([good] * 24 + pool),
    )
    assert drawn.parts["search"] == pytest.approx(WORKER + 3.0 + 24 * 1.0, rel=0.05)


@pytest.mark.parametrize("losses", [[0.5], [math.nan] * 156, ["much"] * 156])
def test_losses_that_are_no_numbers_are_refused(losses):
    prices = {"trials": [[0.0, 1.0, 1.0]] * 156, "losses": losses}
    with pytest.raises(ValueError, match=r"losses|could not convert"):
        child._checked(prices, 156)


def test_what_is_not_there_yet_is_added(make):
    data = READY | {"ready": False, "seconds": 60.0, "serial_seconds": 5.0, "evaluated": 100}
    checked = make()
    found = estimate(checked, "cpu", same(checked, Price(0.0, 1.0, 0.1), data=data, shared=8.0))
    assert found.parts["images"] == pytest.approx(35.0)
    assert found.parts["preparation"] == pytest.approx(4.0)
    assert found.parts["evaluation and report"] > 10.0


def test_a_probe_of_the_search_s_own_images(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    checked = make(workers=1)
    configurations = priced(checked).configurations
    found = probe(checked, configurations, "cpu")
    # Forty images each in training and validation.
    assert set(found.prices) == {Price(1.0, 2.8, 0.5)}
    assert found.basis == "40 images, cache"
    assert found.shared == 6.0
    assert found.data["ready"]
    assert found.data["evaluated"] == 3 * 40
    assert found.memory > 10**7
    assert found.setup > 0
    assert found.slowness > 0
    assert not list(tmp_path.iterdir())


def test_the_preview_says_what_a_search_takes_before_there_are_images(make, tmp_path):
    text = preview("new", make(data=plugins.AbsentData), probe=True).splitlines()
    place = next(i for i, line in enumerate(text) if "estimated on the CPU" in line)
    assert "images 20 s, preparation 3.0 s, search" in text[place + 1]
    assert "by 2 processes: 4 images, automl-probe-" in text[place + 2]
    assert "40 simulated searches with 2 workers" in text[place + 3]
    assert "a worker, measured" in text[place + 4]
    assert "432 images to be made (1.5 MB)" in text[place + 5]
    assert text[-1].startswith("Nothing was started")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("trainable", "reason"),
    [
        (plugins.Raises, "the probe failed: RuntimeError: no such kernel"),
        (plugins.Dies, "the probe's process was killed by signal 11"),
        (plugins.TooFew, "ValueError: probe gave 1 prices for 156 configurations"),
        (plugins.NotFinite, "probe gave the price [0.0, nan, 0.0]"),
        (plugins.NoTime, "the probe had no time for a single configuration"),
    ],
)
def test_a_probe_that_goes_wrong_is_one_line(make, trainable, reason):
    (line,) = lines(make(trainable, workers=1))
    assert line.startswith("  no estimate of time on the CPU: ")
    assert reason in line


def test_a_probe_that_hangs_is_ended(make):
    with pytest.raises(ProbeError, match=r"longer than 0\.8 s"):
        probe(make(plugins.Hangs), [{}], "cpu", patience=0.8)


def test_without_a_probe_there_is_no_estimate(make):
    (line,) = lines(make(trainable=plugins.StubTrainable))
    assert "trainable probe_plugins:StubTrainable has no probe" in line
    (line,) = lines(make(data=plugins.StubData))
    assert "data probe_plugins:StubData has no probe" in line


def test_the_preview_measures_only_when_told(make):
    assert "estimate" not in preview("new", make(plugins.Hangs))


def test_checkpoints_and_what_is_shared_take_room(make):
    checked = make(algorithm={"name": "hyperband", **BRACKETS, "iterations": 2})
    found = estimate(
        checked,
        "cpu",
        same(checked, Price(0.0, 1.0, 0.0), kept_bytes=2_000_000, shared_bytes=3_000_000),
    )
    disk = of(found, checked)[-1]
    assert "what trials share (3.0 MB)" in disk
    assert f"up to {found.checkpoints} checkpoints ({found.checkpoints * 2}.0 MB)" in disk
    assert found.checkpoints >= 3 + 2


def foreseen(tmp_path, select="synthetic", labels="full"):
    work = {
        "data": {"options": {}},
        "cache": str(tmp_path),
        "select": select,
        "labels": labels,
        "seconds": 1.0,
    }
    return foresee(plugins.AbsentData, work, tmp_path)


def test_a_few_images_stand_for_those_to_come(tmp_path):
    found = foreseen(tmp_path)
    assert found.images == (300, 50)
    assert len(found.data.train.images) == 4
    # The real validation images too: nothing was chosen by them.
    assert found.outlook["evaluated"] == 70 + 7 + 5
    other = foreseen(tmp_path, select="real", labels="binary")
    assert other.images == (300, 5)
    assert other.data.classes == ("no", "yes")
    assert other.outlook["evaluated"] == 70 + 7


def test_a_domain_that_cannot_be_selected_on_is_named(tmp_path):
    with pytest.raises(ValueError, match="no validation split of a domain 'elsewhere'"):
        foreseen(tmp_path, select="elsewhere")
