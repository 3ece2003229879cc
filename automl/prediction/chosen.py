"""The chosen model of a finished search, loaded without the images that it learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from automl import registry
from automl.errors import UserError, one_line
from automl.ledger import read_events
from automl.plugins import FittedModel, FrameReader
from automl.searches import require_searches
from automl.state import replayed

VIEW = "diffraction"
"""Name of the two-class view that says whether an image is worth keeping."""


@dataclass(frozen=True)
class Search:
    """What a ledger says of a finished search.

    Attributes:
        checkpoint: Where its chosen model lies.
        plan: Its first event.
    """

    name: str
    checkpoint: Path
    plan: Mapping[str, Any]

    @property
    def classes(self) -> tuple[str, ...]:
        """The training classes, in their order."""
        training: Mapping[str, Any] = next(iter(self.plan["data"]["counts"].values()))
        return tuple(training["train"])

    @property
    def image_shape(self) -> tuple[int, int]:
        """(height, width) of the images that it learned from.

        Raises:
            UserError: Its data set does not say.
        """
        shape = self.plan["data"].get("image_shape")
        if shape is None:
            raise UserError(f"{self.name}: its data set's `describe` has no image_shape")
        height, width = shape
        return int(height), int(width)


@dataclass(frozen=True)
class Screen:
    """A model and what its answers mean.

    Attributes:
        identity: Search and model, for the record.
        classes: Names of the columns of its probabilities.
        view: For each class, whether it counts as diffraction; None where nothing says so.
        nominal: Whether only the order of its probabilities is meant.
        together: Whether an image's probabilities depend on the others of its batch.
    """

    identity: str
    model: FittedModel
    classes: tuple[str, ...]
    view: tuple[bool, ...] | None
    nominal: bool
    together: bool = False


def find_search(name: str, runs: Path) -> Search:
    """Return a finished search.

    Raises:
        UserError: There is none of that name, it cannot be read, or has not finished.
    """
    require_searches([name], runs)
    path = runs / name / "ledger.jsonl"
    state = replayed(read_events(path)[0], path)
    if state.plan is None or state.chosen is None or not state.closed:
        raise UserError(
            f"{name}: the search has not finished; run its command again, which goes on"
        )
    trial = state.trials[state.chosen["number"]]
    return Search(name, runs / name / "checkpoints" / trial.checkpoint_name, state.plan)


def load(search: Search, device: str, model: Path | None, trusted: bool) -> Screen:
    """Load a model of a search.

    Args:
        search: Whose.
        device: Where it is to run: ``cpu`` or ``cuda``.
        model: A file instead of the chosen model's.
        trusted: Whether code in the model's file may run.

    Raises:
        UserError: The model is gone or damaged, is not to be trusted, cannot be loaded so, or
            does not predict a blank image.
    """
    settings = search.plan["config"]["trainable"]
    trainable = registry.find("trainables", settings["name"])
    if not hasattr(trainable, "restore"):
        raise UserError(
            f"{search.name}: its trainable '{settings['name']}' has no `restore`, which loads a "
            "model without the search's images; docs/your_own.md shows one"
        )
    # What only a pickle can be; and pickles of earlier versions, which `restore` refuses.
    unpickles = bool(getattr(trainable, "unpickles", True))
    path = _file(search, model, trusted or not unpickles)
    restore = trainable.restore
    if trusted and not unpickles:
        restore = getattr(trainable, "restore_trusted", restore)
    try:
        loaded: FittedModel = restore(
            path, settings["options"], classes=search.classes, device=device
        )
    except Exception as error:
        # Whatever a trainable's reader makes of a damaged file.
        raise UserError(f"{search.name}: {one_line(error)}") from error
    together = bool(getattr(loaded, "together", False))
    try:
        # One that compares images with each other may be unable to judge a single one.
        if not together:
            loaded.predict_proba(np.zeros((1, *search.image_shape), np.uint8))
    except Exception as error:
        # Better now than once for each image.
        raise UserError(
            f"{search.name}: its model does not predict ({one_line(error)}); another version of "
            "this program or its packages may have made it: run the search again under another "
            "name="
        ) from error
    return Screen(
        identity=f"{search.name}/{path.stem}",
        model=loaded,
        classes=search.classes,
        view=_view(search),
        nominal=bool(getattr(loaded, "nominal", False)),
        together=together,
    )


def reader(search: Search, options: Mapping[str, Any]) -> FrameReader:
    """Return what brings images to the form of those that a search learned from.

    Raises:
        UserError: An option is bad, or its data set cannot read images from elsewhere.
    """
    name = search.plan["config"]["data"]["name"]
    dataset = registry.find("datasets", name)
    if not hasattr(dataset, "reader"):
        raise UserError(
            f"{search.name}: its data set '{name}' has no `reader`, which reads images from "
            "elsewhere; docs/your_own.md shows one"
        )
    try:
        found: FrameReader = dataset.reader(search.image_shape, options)
    except ValueError as error:
        raise UserError(f"--{one_line(error)}") from error
    return found


def _file(search: Search, model: Path | None, trusted: bool) -> Path:
    own = search.checkpoint.parent
    path = search.checkpoint if model is None else model
    if not path.is_file():
        raise UserError(
            f"{search.name}: its model {path} is gone; put it back, or run the search under "
            "another name="
            if model is None
            else f"--model: there is no file {path}"
        )
    if not trusted and not path.resolve().is_relative_to(own.resolve()):
        raise UserError(
            f"--model: {path} is a pickle from outside of {own}, and loading it runs any code "
            "that lies in it; add --trust-pickle if you made it yourself"
        )
    return path


def _view(search: Search) -> tuple[bool, ...] | None:
    projection: Sequence[int] | None = None
    views = search.plan.get("views")
    if views is not None:
        projection = views.get(VIEW, {}).get("projection")
    else:
        # Ledgers from before views were in them: the data set may know.
        dataset = registry.find("datasets", search.plan["config"]["data"]["name"])
        known = getattr(dataset, "views", None)
        if isinstance(known, Mapping) and VIEW in known:
            projection = known[VIEW][1]
    if projection is None:
        return None
    return tuple(label == 1 for label in projection)
