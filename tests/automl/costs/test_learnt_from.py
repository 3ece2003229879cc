"""Which searches and trials costs are learnt from, and what each of them counts as."""

from __future__ import annotations

import copy
import os

import pytest
from costs_ledgers import Story, predicted, some, tell


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
