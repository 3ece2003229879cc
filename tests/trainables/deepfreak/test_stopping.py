import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables.deepfreak.stopping import HopelessError, check_progress


def history(accuracies: list[float]) -> list[dict[str, float]]:
    return [{"train_accuracy": accuracy} for accuracy in accuracies]


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.1, 0.25, 0.26, 0.9]), max_size=12), st.integers(1, 5))
def test_given_up_exactly_where_none_of_the_last_epochs_was_better(
    accuracies: list[float], epochs: int
) -> None:
    last = accuracies[-epochs:]
    if len(last) == epochs and all(accuracy <= 0.25 for accuracy in last):
        with pytest.raises(HopelessError, match=f"in the last {epochs} of {len(accuracies)}"):
            check_progress(history(accuracies), 0.25, epochs)
    else:
        check_progress(history(accuracies), 0.25, epochs)


def test_off_and_figures() -> None:
    check_progress(history([0.1] * 50), 0.25, None)
    with pytest.raises(HopelessError, match=r"at most 0\.2000 .* largest class has 0\.2500 of"):
        check_progress(history([0.9, 0.1, 0.2]), 0.25, 2)
