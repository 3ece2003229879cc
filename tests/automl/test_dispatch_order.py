"""What Ray Tune is told of the order of trials and of the actors that it should keep."""

from __future__ import annotations

from types import SimpleNamespace

from ray.tune.execution.tune_controller import TuneController, _ObjectCache
from ray.tune.experiment import Trial

from automl.dispatch import _InOrder


def trial(status=Trial.PENDING):
    return SimpleNamespace(status=status, placement_group_factory="one CPU")


def test_each_waiting_trial_is_chosen_once_in_turn():
    scheduler, controller = _InOrder(2), SimpleNamespace()
    trials = [trial(), trial(Trial.TERMINATED), trial()]
    for one in trials:
        scheduler.on_trial_add(controller, one)
    assert scheduler.choose_trial_to_run(controller) is trials[0]
    # The first is still pending, while its actor starts; the next free actor is not for it.
    assert scheduler.choose_trial_to_run(controller) is trials[2]
    assert scheduler.choose_trial_to_run(controller) is None


def test_an_actor_is_kept_for_every_worker():
    cache = _ObjectCache(may_keep_one=True)
    scheduler, controller = _InOrder(3), SimpleNamespace(_actor_cache=cache)
    for _ in range(5):
        scheduler.on_trial_add(controller, trial())
    assert [cache.cache_object("one CPU", actor) for actor in range(4)] == [True] * 3 + [False]
    assert list(cache.flush_cached_objects()) == []


def test_ray_tune_still_has_the_cache_that_is_set():
    assert "_actor_cache" in TuneController.__init__.__code__.co_names
