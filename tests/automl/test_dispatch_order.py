"""What Ray Tune is told of the order of trials and of the actors that it should keep."""

from __future__ import annotations

from types import SimpleNamespace

from ray.air.execution._internal import RayActorManager
from ray.tune.execution.tune_controller import TuneController, _ObjectCache
from ray.tune.experiment import Trial

from automl import ray_order
from automl.ray_order import InOrder


class Waiting(SimpleNamespace):
    __hash__ = object.__hash__


def trial(status=Trial.PENDING):
    return Waiting(status=status, placement_group_factory="one CPU")


def test_each_waiting_trial_is_chosen_once_in_turn():
    scheduler, controller = InOrder(2), SimpleNamespace()
    trials = [trial(), trial(Trial.TERMINATED), trial()]
    for one in trials:
        scheduler.on_trial_add(controller, one)
    assert scheduler.choose_trial_to_run(controller) is trials[0]
    # The first is still pending, while its actor starts; the next free actor is not for it.
    assert scheduler.choose_trial_to_run(controller) is trials[2]
    assert scheduler.choose_trial_to_run(controller) is None


def test_an_actor_is_kept_for_every_worker():
    cache = _ObjectCache(may_keep_one=True)
    scheduler, controller = InOrder(3), SimpleNamespace(_actor_cache=cache)
    for _ in range(5):
        scheduler.on_trial_add(controller, trial())
    assert [cache.cache_object("one CPU", actor) for actor in range(4)] == [True] * 3 + [False]
    assert list(cache.flush_cached_objects()) == []


def test_a_free_actor_is_not_for_a_trial_whose_own_is_starting(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(ray_order.time, "monotonic", lambda: now[0])
    starting = {"first's": False}
    first, second = trial(), trial()
    controller = SimpleNamespace(
        _resources_to_pending_trials={"one CPU": {first, second}},
        _trial_to_actor={first: "first's"},
        _actor_manager=SimpleNamespace(is_actor_started=starting.get),
    )
    wanting = controller._resources_to_pending_trials["one CPU"]
    scheduler = InOrder(2)
    scheduler.on_trial_add(controller, first)
    assert scheduler.choose_trial_to_run(controller) is first
    # Ray looks for room for the actor; then there is none, and any free actor will do.
    assert scheduler.choose_trial_to_run(controller) is None
    assert wanting == {second}
    now[0] = 10.0
    scheduler.choose_trial_to_run(controller)
    assert wanting == {first, second}
    # There is room: the actor is starting, however long that takes.
    starting["first's"] = True
    now[0] = 1000.0
    scheduler.choose_trial_to_run(controller)
    assert wanting == {second}
    first.status = Trial.RUNNING
    scheduler.choose_trial_to_run(controller)
    assert wanting == {second}


def test_ray_tune_still_has_what_is_reached_for():
    names = TuneController.__init__.__code__.co_names
    reached = {"_actor_cache", "_resources_to_pending_trials", "_trial_to_actor", "_actor_manager"}
    assert reached <= set(names)
    assert callable(RayActorManager.is_actor_started)
