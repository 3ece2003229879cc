"""Rules on what a trainable refuses before a search begins."""

from __future__ import annotations

from pathlib import Path

from automl.testing.contract import UNKNOWN, call, require, require_refusal
from automl.testing.trainable_case import TrainableCase


def members_are_there(case: TrainableCase, folder: Path) -> None:
    """``resumable`` is True or False; ``check``, ``train`` and ``load`` can be called."""
    del folder
    resumable = getattr(case.trainable, "resumable", None)
    require(isinstance(resumable, bool), f"resumable is {resumable!r}; say True or False")
    for name in ("check", "train", "load"):
        require(callable(getattr(case.trainable, name, None)), f"there is no method '{name}'")


def check_accepts_what_trains(case: TrainableCase, folder: Path) -> None:
    """``check`` takes the case, also while the size of the images is not known."""
    shape = case.data(folder).image_shape
    for known in (shape, None):
        call("check", case.trainable.check, dict(case.options), case.names, known)


def check_refuses_unknown_parameters(case: TrainableCase, folder: Path) -> None:
    """A space with a parameter that the trainable has not is refused, by name."""
    del folder
    names = case.names | {UNKNOWN}
    what = f"check of a space with the parameter '{UNKNOWN}'"
    refused = (ValueError,)
    require_refusal(
        what, refused, (UNKNOWN,), case.trainable.check, dict(case.options), names, None
    )


def check_refuses_unknown_options(case: TrainableCase, folder: Path) -> None:
    """An option that the trainable has not is refused, by name."""
    del folder
    options = {**case.options, UNKNOWN: 1}
    what = f"check of the option '{UNKNOWN}'"
    require_refusal(
        what, (ValueError,), (UNKNOWN,), case.trainable.check, options, case.names, None
    )
