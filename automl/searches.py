"""The searches that lie in a folder of runs, and those of them that a command names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from automl.errors import UserError, near_miss


def known_searches(runs: Path) -> list[str]:
    """Return the names of all searches in a folder, in alphabetical order."""
    return sorted(path.parent.name for path in runs.glob("*/ledger.jsonl"))


def where_known(runs: Path) -> str:
    """Say which searches there are, for a command that was given none."""
    known = known_searches(runs)
    if known:
        return f"known in {runs}: {', '.join(known)}"
    return f"there are none in {runs}" + ("" if runs.is_dir() else ", which does not exist")


def require_searches(names: Sequence[str], runs: Path) -> None:
    """Refuse names under which no search lies.

    Raises:
        UserError: With the nearest name that there is.
    """
    known = known_searches(runs)
    for name in names:
        if name not in known:
            # Who gives the folder's path means its name.
            hint = near_miss(Path(name).name, known) or f"; {where_known(runs)}"
            raise UserError(f"{name or repr(name)}: no search of that name in {runs}{hint}")


def asked_searches(
    arguments: Sequence[str], keys: Sequence[str]
) -> tuple[tuple[str, ...], Path, Mapping[str, str]]:
    """Read a command line of names and ``key=value`` options.

    Args:
        arguments: Names of searches, or ``all``, and options.
        keys: Of the options; ``runs`` is the folder of the searches.

    Returns:
        The names, each once, the folder, and the options that were given.

    Raises:
        UserError: An option is unknown or empty, no search is named, or one does not exist.
    """
    values: dict[str, str] = {}
    names: list[str] = []
    for argument in arguments:
        key, equals, value = argument.partition("=")
        # A default name has no '=' in it, but a user's may.
        if not equals or key not in keys:
            names.append(argument)
        elif not value.strip():
            raise UserError(f"{key}: has no value; write {key}=… or leave it out")
        else:
            values[key] = value
    runs = Path(values.get("runs", "runs")).expanduser().absolute()
    known = known_searches(runs)
    if names == ["all"]:
        names = known
    for name in names:
        key, equals, _ = name.partition("=")
        if equals and name not in known:
            raise UserError(f"{key}: no such option{near_miss(key, keys)} (as key=value)")
    if not names:
        raise UserError(f"no search is named; {where_known(runs)}")
    require_searches(names, runs)
    return tuple(dict.fromkeys(names)), runs, values
