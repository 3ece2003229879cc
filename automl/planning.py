"""What a search is going to do, before it does anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from automl import registry
from automl.algorithms import Algorithm, build
from automl.errors import UserError, near_miss, one_line
from automl.folders import check_folders
from automl.formatting import counted
from automl.labels import check_views
from automl.settings import Settings
from automl.tracking.check import UnreachableError, check_uri
from automl.warm_start import warm_start
from searchspaces import Space, SpaceError, parse_space

# What is asked of the classes of a data set and of a trainable before either exists.
_OF_DATA = ("check", "selectable", "prepare", "open")
_OF_TRAINABLE = ("check", "train", "load", "resumable")


@dataclass(frozen=True)
class Checked:
    """A search whose parts exist and fit together."""

    settings: Settings
    space: Space
    dataset: Any
    trainable: Any
    # What the user should read although the search may go on.
    notes: tuple[str, ...] = ()
    # Configurations that take the place of the algorithm's first draws.
    initial: tuple[Mapping[str, Any], ...] = ()

    def algorithm(self) -> Algorithm:
        """Return the algorithm at its start.

        Raises:
            UserError: Its settings make no search.
        """
        options = {key: value for key, value in self.settings.algorithm.items() if key != "name"}
        name = str(self.settings.algorithm["name"])
        try:
            return build(name, self.space, self.settings.seed, initial=self.initial, **options)
        except ValueError as error:
            raise UserError(f"algorithm: {one_line(error)}") from error


def check(settings: Settings, *, name: str | None = None, taken_up: bool = False) -> Checked:
    """Find the parts of a search and let each check what it is given. Creates nothing.

    Args:
        settings: What to check.
        name: The search's name; None: it has not begun.
        taken_up: The search has begun before: then a tracking store that does not answer is no
            reason not to go on, as it would not have stopped the search either.

    Raises:
        UserError: One line: what is wrong, where, and what to do.
    """
    check_folders(settings, name or "")
    try:
        space = parse_space(settings.space, where="space")
    except SpaceError as error:
        raise UserError(one_line(error)) from error
    dataset = registry.find("datasets", settings.data.name)
    trainable = registry.find("trainables", settings.trainable.name)
    _check_members("data.name", dataset, settings.data.name, _OF_DATA)
    _check_members("trainable.name", trainable, settings.trainable.name, _OF_TRAINABLE)
    names = frozenset(parameter.name for parameter in space.parameters)
    size = settings.data.options.get("image_size")
    shape = (size, size) if isinstance(size, int) else None
    ask("data", dataset.check, settings.data.options)
    views = getattr(dataset, "views", None)
    # Where only the opened data have views, they are asked once they are.
    if settings.labels == "binary" and isinstance(views, Mapping):
        ask("labels", check_views, views)
    check_select(settings.select, ask("data", dataset.selectable, settings.data.options))
    ask("trainable", trainable.check, settings.trainable.options, names, shape)
    checked = Checked(settings, space, dataset, trainable, _check_tracking(settings, taken_up))
    draws = checked.algorithm().plan().configurations
    warm = warm_start(settings, space, draws, name or settings.name)
    return replace(checked, initial=warm.configurations, notes=checked.notes + warm.notes)


def selectable(domains: Iterable[Any]) -> tuple[str, ...]:
    """Return the names of those domains whose validation split a search can optimise for."""
    return tuple(domain.name for domain in domains if "validation" in domain.splits)


def check_select(select: str, known: Sequence[str]) -> None:
    """Refuse a selection domain that the data do not have.

    Raises:
        UserError: With the nearest that they have.
    """
    if select not in known:
        raise UserError(
            f"select: the data have no validation split of a domain '{select}'"
            f"{near_miss(select, known)}"
        )


def _check_members(key: str, found: Any, name: str, members: Sequence[str]) -> None:
    if missing := [member for member in members if not hasattr(found, member)]:
        raise UserError(
            f"{key}: '{name}' has no {', '.join(missing)}; docs/your_own.md lists what it needs"
        )


def _check_tracking(settings: Settings, taken_up: bool) -> tuple[str, ...]:
    if settings.tracking.uri is None:
        return ()
    try:
        check_uri(settings.tracking.uri)
    except UnreachableError as error:
        if taken_up:
            return (f"{one_line(error)}; the search goes on, MLflow gets what it lacks later",)
        raise UserError(one_line(error)) from error
    except (ValueError, OSError) as error:
        raise UserError(one_line(error)) from error
    return ()


def ask(where: str, function: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a plug-in; what it refuses becomes a refusal of the command's own.

    Raises:
        UserError: With the plug-in's line behind ``where``.
    """
    try:
        return function(*args, **kwargs)
    except (ValueError, OSError) as error:
        text = one_line(error)
        named = text.startswith((f"{where}:", f"{where}."))
        raise UserError(text if named else f"{where}: {text}") from error


def plan_summary(checked: Checked) -> dict[str, Any]:
    """Return brackets, trials and budgets of the search as plain containers."""
    plan = checked.algorithm().plan()
    confirmation = checked.settings.confirmation
    return {
        "brackets": [
            {"index": bracket.index, "rungs": [list(rung) for rung in bracket.rungs]}
            for bracket in plan.brackets
        ],
        "trials": plan.trials,
        "configurations": plan.configurations,
        "budget": plan.budget,
        "budget_continued": plan.budget_continued,
        "confirmation_trials": confirmation.configurations * confirmation.seeds,
    }


def preview(name: str, checked: Checked, *, probe: bool = False) -> str:
    """Return the plan as text; with a probe it takes some seconds and says how long a run takes."""
    # Here alone: a search needs neither.
    from automl import costs, sharing_plan, space_plan

    settings, plan = checked.settings, plan_summary(checked)
    unit = settings.trainable.budget.unit
    confirmation = settings.confirmation
    order = f"order={settings.order} lookahead={settings.lookahead:g}"
    workers = counted(settings.workers, "workers")
    lines = [
        f"{name}: {settings.search.description}",
        f"  algorithm {settings.algorithm['name']}, seed {settings.seed}, {workers}, {order}",
        *space_plan.lines(checked.space, settings.space),
        f"  selected on the validation split of {settings.select}",
    ]
    if settings.labels != "full":
        lines.append("  trained and evaluated in two classes (labels=binary)")
    if settings.objective.measures_latency:
        lines.append(f"  objective: {settings.objective.words}")
    for bracket in plan["brackets"]:
        rungs = " → ".join(f"{count} × {budget}" for count, budget in bracket["rungs"])
        lines.append(f"  bracket {bracket['index'] + 1:>2}: {rungs} {unit}")
    continued = f" ({plan['budget_continued']} with continuation)"
    lines.append(
        f"  search: {plan['configurations']} configurations, {plan['trials']} trials, "
        f"{plan['budget']} {unit}"
        + (continued if plan["budget_continued"] != plan["budget"] else "")
    )
    lines.append(
        f"  confirmation: {confirmation.configurations} configurations × {confirmation.seeds} "
        f"seeds × {confirmation.budget} {unit}"
    )
    learnt = costs.forecast(checked, name)
    # Where a probe measures, nothing need have been learnt, and it knows more of the whole.
    if learnt is not None or not probe:
        lines += costs.lines(learnt, unit, with_total=not probe)
    lines += sharing_plan.lines(checked)
    if probe:
        from automl.probing import lines as estimate

        lines += estimate.lines(checked)
    lines += [f"  {note}" for note in checked.notes]
    lines.append("Nothing was started; leave preview=true out to run it.")
    return "\n".join(lines)
