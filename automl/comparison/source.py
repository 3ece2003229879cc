"""One search of a comparison, read from its ledger and from nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.errors import SearchError, UserError, one_line
from automl.ledger import Event, read_events
from automl.predictions import from_digits
from automl.results import results
from automl.searches import require_searches, where_known
from automl.state import SearchState, replayed

LEDGER = "ledger.jsonl"


@dataclass(frozen=True)
class Source:
    """One search.

    Attributes:
        name: of the search.
        events: of its ledger.
        state: the events, folded.
        results: what ``results.json`` has, also of a search that is not over.
    """

    name: str
    events: Sequence[Event]
    state: SearchState
    results: Mapping[str, Any]

    @property
    def plan(self) -> Mapping[str, Any]:
        """The event that opened the search."""
        assert self.state.plan is not None
        return self.state.plan

    @property
    def seed(self) -> int:
        """The seed of the search."""
        return int(self.plan["seed"])

    @property
    def labels(self) -> str:
        """Whether its classes are the data's own, ``full``, or two, ``binary``."""
        return str(self.plan.get("labels", "full"))

    @property
    def data_digest(self) -> str:
        """Digest of all its images."""
        return str(self.plan["data"]["digest"])

    @property
    def domains(self) -> dict[str, Mapping[str, Any]]:
        """The evaluated test splits by domain, as ``results.json`` has them."""
        evaluation = self.results["evaluation"] or {"domains": ()}
        return {
            str(entry["domain"]): entry
            for entry in evaluation["domains"]
            if entry["split"] == "test"
        }

    def split_digest(self, domain: str) -> str | None:
        """Digest of a domain's test split; None where it was not evaluated or not recorded."""
        digest = self.state.evaluated.get((domain, "test"), {}).get("digest")
        return None if digest is None else str(digest)

    def right(self, domain: str) -> NDArray[np.bool_] | None:
        """Whether each test image was classified rightly, (n,); None where it is not recorded."""
        event = self.state.evaluated.get((domain, "test"), {})
        predicted, labels = event.get("predicted"), event.get("labels")
        if not predicted or not labels or len(predicted) != len(labels):
            return None
        verdict: NDArray[np.bool_] = from_digits(predicted) == from_digits(labels)
        return verdict


def load(folder: Path) -> Source:
    """Read a search.

    Raises:
        UserError: It never began, or its ledger is of another version.
    """
    path = folder / LEDGER
    events, _ = read_events(path)
    state = replayed(events, path)
    plan = state.plan
    if plan is None:
        raise UserError(f"{folder.name}: its ledger has no plan; the search never began")
    try:
        view = plan.get("views", {}).get("diffraction")
        binary = None if view is None else (view["classes"], view["projection"])
        found = results(state, events, binary)
    except (SearchError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read by this version ({one_line(error)})") from error
    return Source(folder.name, events, state, found)


def load_all(names: Sequence[str], runs: Path) -> list[Source]:
    """Read searches by their names, each once.

    Raises:
        UserError: One does not exist or cannot be read, or there are fewer than two.
    """
    names = list(dict.fromkeys(names))
    require_searches(names, runs)
    if len(names) < 2:
        raise UserError(
            f"a comparison needs two searches or more, not {len(names)}; {where_known(runs)}"
        )
    return [load(runs / name) for name in names]


def plans(runs: Path) -> dict[str, Mapping[str, Any]]:
    """Return the plan of every search that began under ``runs``, by its name; damaged ones not."""
    found: dict[str, Mapping[str, Any]] = {}
    for path in sorted(runs.glob(f"*/{LEDGER}")):
        try:
            with path.open(encoding="utf-8") as lines:
                first = json.loads(next(lines, ""))
        except ValueError:
            continue
        if isinstance(first, dict) and first.get("event") == "plan":
            found[path.parent.name] = first
    return found
