"""When a trial is tried again, and when a search stops for failures."""

from __future__ import annotations

import pytest

from automl.errors import SearchError
from automl.failures import FailurePolicy
from automl.settings import FailureSettings
from automl.state import SEARCH, Trial


def policy(retries=1, in_a_row=3):
    return FailurePolicy(FailureSettings(retries, None, in_a_row))


def failed(status="crashed", reason="why", answered_by=None):
    return {"event": "failed", "status": status, "reason": reason, "answered_by": answered_by}


def trial(lost):
    return Trial(0, SEARCH, "a", {}, 1, None, None, None, "random", 0, None, lost=lost)


def test_as_many_new_attempts_as_retries():
    assert [policy(retries=2).try_again(trial(lost)) for lost in (1, 2, 3)] == [True, True, False]
    assert not policy(retries=0).try_again(trial(1))


def test_failures_in_a_row_stop_the_search_and_say_why():
    watched = policy()
    for event in (failed(reason="a"), failed("timed_out", "b"), failed(reason="a")):
        watched.check()
        watched.follow(event)
    with pytest.raises(SearchError, match=r"3 trials in a row .*2 × crashed: a; 1 × timed out: b"):
        watched.check()


@pytest.mark.parametrize("between", [{"event": "finished"}, {"event": "resumed"}])
def test_the_row_is_broken(between):
    watched = policy()
    for event in (failed(), failed(), between, failed(), failed()):
        watched.follow(event)
    watched.check()


def test_what_a_configuration_does_to_itself_does_not_count():
    watched = policy(in_a_row=1)
    watched.follow(failed("diverged"))
    watched.follow(failed("infeasible"))
    watched.follow(failed(answered_by=0))
    watched.check()


def test_no_limit():
    watched = policy(in_a_row=None)
    for _ in range(100):
        watched.follow(failed())
    watched.check()
