"""Hydra's, OmegaConf's and YAML's complaints about a command line or its files, in one line."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from automl.errors import near_miss, nearest, one_line

Keys = Callable[[], Collection[str]]
Choices = Callable[[str], Collection[str]]


def explanation(error: BaseException, keys: Keys, choices: Choices) -> str:
    """Return what is wrong, where, and what to do.

    The libraries' classes are told by their attributes: only ``automl.compose`` imports them.

    Args:
        error: What composing raised.
        keys: Gives the dotted keys that there are; called for a key that there is not.
        choices: Gives the other choices of a key's group that have it, as ``group=choice``.
    """
    absent = getattr(error, "missing_cfg_file", None)
    if absent:
        return _no_choice(str(absent), getattr(error, "options", None) or ())
    override = getattr(error, "override", None)
    if isinstance(override, str):
        return _unreadable(override)
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return _bad_yaml(error, mark)
    text = one_line(error)
    place = getattr(error, "full_key", None)
    if found := re.search(r"Could not (?:override|delete from config\.?) '([^']+)'", text):
        key = re.sub(r"[@=].*", "", found.group(1))
        known = keys()
        if key in known:
            return f"{key}: cannot be overridden so; write {key}=…"
        return f"{key}: no such key{near_key(key, known, choices(key))}"
    if found := re.search(r"Missing mandatory value: (\S+)", text):
        key = found.group(1).rstrip(".")
        return f"{key}: missing; give {key}=… on the command line"
    if found := re.search(r"Ambiguous value for argument '(.+?)' 1\.", text):
        word = found.group(1)
        key, _, value = word.partition("=")
        return f"{word}: several values; add -m to run each, or write a list as {key}=[{value}]"
    if found := re.search(r"Interpolation key '([^']+)' not found", text):
        key = found.group(1)
        return f"configuration: ${{{key}}} refers to a key that is not there{near_key(key, keys())}"
    if found := re.search(r"Environment variable '([^']+)' not found", text):
        return f"configuration: the environment variable {found.group(1)} is not set; set it"
    if "Recursive interpolation" in text:
        where = f"{place}: the value" if place else "configuration: a value"
        return f"{where} refers to itself by ${{…}}; write it out"
    if isinstance(error, RecursionError) or "maximum recursion depth" in text:
        return "configuration: a value contains itself; write it out"
    if "Invalid defaults list" in text:
        return f"configuration: {text}; mend the file"
    if "Config group override must be" in text:
        return "command line: a group without a choice; write group=choice, not group=null"
    if place:
        return f"{place}: {' '.join(str(error).splitlines()[0].split())}; mend the value"
    if type(error) is ValueError:
        # Of flags that do not go together Hydra has no error of its own.
        return f"command line: {text}; --hydra-help lists the flags"
    return f"configuration: {text}"


def near_key(key: str, keys: Collection[str], choices: Collection[str] = ()) -> str:
    """Return a hint at the key that was meant, or what there is on the level where it goes wrong.

    Args:
        key: Dotted, as it was typed.
        keys: Every dotted key that there is.
        choices: Those with which there would be this very key: then no other one was meant.
    """
    known = set(keys)
    known |= {one.rsplit(".", depth)[0] for one in keys for depth in range(1, one.count(".") + 1)}
    parts = key.split(".")
    good = next(n for n in range(len(parts), -1, -1) if not n or ".".join(parts[:n]) in known)
    section, rest = parts[:good], parts[good:]
    search = (_corrected, _elsewhere) if section else (_elsewhere, _corrected)
    if not rest:
        return "; it was taken away"
    meant = next(filter(None, (find(section, rest, known) for find in search)), None)
    if meant and not choices:
        parameter = meant.removeprefix("space.parameters.")
        if not section and parameter != meant and "." not in parameter:
            return f"; did you mean 'space.only.{parameter}', which fixes it, or keys of '{meant}'?"
        return f"; did you mean '{meant}'?"
    beside = sorted(_level(section, known))
    have = f"; {_alternatives(choices)} it" if choices else ""
    if not beside:
        return f"; {'.'.join(section)} has no keys of its own{have}"
    where = f"{'.'.join(section)} has" if section else "known:"
    return f"; {where} {', '.join(beside)}{have}"


def _alternatives(choices: Collection[str]) -> str:
    *others, last = choices
    return f"{', '.join(others)} and {last} have" if others else f"{last} has"


def _corrected(section: list[str], rest: list[str], known: Collection[str]) -> str | None:
    """Follow a key from level to level, and mend the names that are wrong but near."""
    for part in rest:
        beside = _level(section, known)
        name = part if part in beside else nearest(part, beside)
        if name is None:
            return None
        section = [*section, name]
    return ".".join(section)


def _elsewhere(section: list[str], rest: list[str], known: Collection[str]) -> str | None:
    """Find what was looked for in another section: as it stands, or nearly in the same group."""
    end = ".".join(rest)
    found = [other for other in known if other.endswith(f".{end}")]
    group = f"{section[0]}." if section else None
    if not found and group and len(rest) == 1:
        near = nearest(end, {one.rpartition(".")[2] for one in known if one.startswith(group)})
        found = [one for one in known if near and one.rpartition(".")[2] == near]
    # Of several sections that have such a key, the one nearest to where it was looked for.
    return min(found, key=lambda one: _distance(one, group or ""), default=None)


def _level(section: list[str], known: Collection[str]) -> set[str]:
    """Return the names that a section has."""
    start = "".join(f"{part}." for part in section)
    return {one.removeprefix(start).partition(".")[0] for one in known if one.startswith(start)}


def _distance(other: str, group: str) -> tuple[bool, int, str]:
    return not other.startswith(group), len(other), other


def _no_choice(absent: str, options: Collection[str]) -> str:
    group, _, choice = absent.rpartition("/")
    if not group:
        return f"--config-name: no configuration '{choice}'{near_miss(choice, options)}"
    return f"{group}={choice}: no such {group}{near_miss(choice, options)}"


def _unreadable(override: str) -> str:
    key, equals, _ = override.partition("=")
    if not equals:
        return f"{override!r}: options are written key=value; --help lists them"
    return f"{override}: cannot be read; put odd values in quotes: {key}=\"'…'\""


def _bad_yaml(error: BaseException, mark: Any) -> str:
    problem = " ".join(str(getattr(error, "problem", None) or "no YAML").split())
    if "\\t" in problem or "tab" in problem:
        advice = "indent with spaces"
    elif "duplicate key" in problem:
        advice = "keep one of them"
    elif "constructor" in problem:
        advice = "write plain values, without tags"
    else:
        advice = "mend the file"
    return f"{mark.name}:{mark.line + 1}: {problem}; {advice}"
