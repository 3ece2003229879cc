"""What a search begins with: the paper's winners, or the best configurations of another search.

They are looked up once. The plan event freezes them, so that a search that is taken up again
does not depend on what has become of the other one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.errors import UserError, near_miss, one_line
from automl.formatting import counted
from automl.ledger import plan_event, read_events
from automl.settings import PAPER, Settings
from automl.state import SEARCH, best_first, replayed
from searchspaces import Space, SpaceError, configuration_id, fit, plain

_NAMED = 4

# A configuration and what notes call it: its table, or the beginning of its id.
Candidate = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class WarmStart:
    """Distinct points of the space, and in a line each what the user should know of them."""

    configurations: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()


def warm_start(settings: Settings, space: Space, draws: int, name: str | None) -> WarmStart:
    """Find the configurations that `settings.warm_start` asks for.

    Args:
        settings: Of the search.
        space: Its space; values outside of it are brought in as `searchspaces.fit` does.
        draws: How many configurations its plan draws; more are not taken.
        name: Name of the search; if it has begun, its plan says what it began with.

    Raises:
        UserError: There is no such search, or none of its configurations can be used.
    """
    source = settings.warm_start
    if source is None:
        return WarmStart()
    if source == name:
        raise UserError(
            f"warm_start: '{source}' is this search itself; give it another name=, "
            "or leave warm_start out"
        )
    begun = plan_event(read_events(settings.runs / name / "ledger.jsonl")[0]) if name else None
    if begun is not None:
        return WarmStart(tuple(begun.get("initial", ())))
    if source == PAPER:
        return _choose(_published(space), space, draws, draws, "the paper")
    wanted = settings.warm_start_configurations
    return _choose(_best_of(settings, source), space, wanted, draws, source)


def _published(space: Space) -> list[Candidate]:
    if not space.published:
        raise UserError(
            f"warm_start: the space {space.name} has nothing published; name an earlier search, "
            "or leave warm_start out"
        )
    return [
        (published.source, {key: plain(value) for key, value in published.values})
        for published in space.published
    ]


def _best_of(settings: Settings, source: str) -> list[Candidate]:
    """Return every finished configuration of a search, the best first."""
    path = settings.runs / source / "ledger.jsonl"
    if not path.exists():
        names = [PAPER, *(ledger.parent.name for ledger in settings.runs.glob("*/ledger.jsonl"))]
        raise UserError(
            f"warm_start: {settings.runs} has no search '{source}'{near_miss(source, names)}"
        )
    try:
        state = replayed(read_events(path)[0], path)
    except UserError as error:
        raise UserError(f"warm_start: {error}") from error
    best = best_first(state.phase(SEARCH))
    if not best:
        raise UserError(
            f"warm_start: the search '{source}' has no finished trial yet; wait for one, "
            "or leave warm_start out"
        )
    return [(trial.configuration_id[:8], trial.configuration) for trial in best]


def _choose(
    candidates: Sequence[Candidate], space: Space, wanted: int, draws: int, source: str
) -> WarmStart:
    """Take the first `wanted` that fit and differ, and no more than are drawn."""
    chosen: dict[str, Mapping[str, Any]] = {}
    changed: dict[str, list[str]] = {}
    unfit: dict[str, list[str]] = {}
    for label, configuration in candidates:
        if len(chosen) == min(wanted, draws):
            break
        try:
            fitted = fit(space, configuration)
        except SpaceError as error:
            unfit.setdefault(one_line(error), []).append(label)
            continue
        for change in fitted.changes:
            changed.setdefault(change, []).append(label)
        chosen.setdefault(configuration_id(fitted.configuration), fitted.configuration)
    if not chosen:
        reason, labels = next(iter(unfit.items()))
        raise UserError(
            f"warm_start: no configuration of {source} fits the space {space.name}; "
            f"{_list(labels)}: {reason}"
        )
    notes = [f"Warm start: {counted(len(chosen), 'configurations')} of {source} first"]
    if draws < min(wanted, len(candidates)):
        notes[0] += f"; the plan draws no more than {draws}"
    notes += [f"Warm start: {change} ({_list(labels)})" for change, labels in changed.items()]
    notes += [f"Warm start: {_list(labels)} left out: {why}" for why, labels in unfit.items()]
    return WarmStart(tuple(chosen.values()), tuple(notes))


def _list(labels: Iterable[str]) -> str:
    named = list(labels)
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more
