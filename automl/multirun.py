"""The searches of one command line, one after the other: their names, checks, and ends.

Names and settings of all of them are checked before the first one runs, so that a mistake in the
last one shows at once and not in the night.
"""

from __future__ import annotations

import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from automl.compose import Job
from automl.disclosure import hidden
from automl.errors import SearchError, UserError
from automl.settings import Settings, digest, parse_settings, run_name
from automl.terminal import say

_LONGEST = 100  # characters of a name; a folder's may have 255
STATUSES: Mapping[str, int] = {"finished": 0, "failed": 1, "refused": 2, "not begun": 0}


@dataclass(frozen=True)
class Planned:
    """A search that is to run.

    Attributes:
        name: Its name, that of no other search of the command.
        settings: Parsed and checked.
        config: The composed configuration, for the record.
        words: By key the overrides in which the searches of the command differ.
    """

    name: str
    settings: Settings
    config: Mapping[str, Any]
    words: Mapping[str, str]

    @property
    def begun(self) -> bool:
        """Whether there is a ledger to go on from."""
        return (self.settings.runs / self.name / "ledger.jsonl").exists()

    @property
    def label(self) -> str:
        """The overrides in which it differs, or its name."""
        return _text(self.words) or self.name


@dataclass(frozen=True)
class Ended:
    """How a search of a multirun ended, and why if not well."""

    status: Literal["finished", "failed", "refused", "stopped", "not begun"]
    reason: str = ""


def plan_searches(jobs: Sequence[Job]) -> tuple[Planned, ...]:
    """Parse every job's settings and give every search a name of its own.

    A name that the user gives to several searches is continued by what differs between them, so
    that the same command finds the same names.

    Raises:
        UserError: Settings are wrong, or two jobs are one and the same search.
    """
    words = _differing([job.overrides for job in jobs])
    searches = []
    for number, job in enumerate(jobs):
        try:
            settings = parse_settings(job.config)
        except UserError as error:
            raise UserError(f"{error}{_which(words[number])}") from error
        searches.append(
            Planned(run_name(settings, job.config), settings, job.config, words[number])
        )
    # Words that look alike as part of a folder's name leave it to the digest.
    for rename in (_with_words, _with_digest):
        taken = Counter(search.name for search in searches)
        searches = [
            rename(search) if taken[search.name] > 1 and search.settings.name else search
            for search in searches
        ]
    _refuse_equal(searches)
    return tuple(searches)


def run_all(searches: Sequence[Planned], run_one: Callable[[Planned], None]) -> int:
    """Run searches one after the other and print how each ended; return the exit status.

    One that fails does not stop the others, unless ``failures.stop_multirun`` is set.

    Raises:
        UserError: One of them must not begin; then none has.
        KeyboardInterrupt: Passed on, after the summary of what had ended by then.
    """
    _check(searches)
    if all(search.settings.preview for search in searches):
        for search in searches:
            run_one(search)
        return 0
    # Imported here: a single search has no use for it.
    from automl.multirun_summary import summary

    begin = time.monotonic()
    ends: list[Ended] = []
    try:
        for number, search in enumerate(searches, start=1):
            say(f"\n== Search {number} of {len(searches)}: {search.label}")
            end = _end_of(search, run_one)
            ends.append(end)
            if end.status != "finished" and search.settings.failures.stop_multirun:
                break
    except KeyboardInterrupt:
        ends.append(Ended("stopped"))
        raise
    finally:
        ends += [Ended("not begun")] * (len(searches) - len(ends))
        say(summary(searches, ends, time.monotonic() - begin))
    return max(STATUSES[end.status] for end in ends)


def _end_of(search: Planned, run_one: Callable[[Planned], None]) -> Ended:
    try:
        run_one(search)
    except UserError as error:
        end = Ended("refused", str(error))
    except SearchError as error:
        end = Ended(
            "failed",
            f"{error}; {error.advice}",
        )
    except Exception as error:
        # A fault of ours: the other searches have no part in it.
        traceback.print_exc()
        end = Ended("failed", f"{type(error).__name__}: {' '.join(str(error).split())}")
    else:
        return Ended("finished")
    print(f"automl: {end.reason}", file=sys.stderr, flush=True)
    return end


def _check(searches: Sequence[Planned]) -> None:
    from automl.finished import finished_before

    searches = [s for s in searches if not (s.begun and finished_before(s) is not None)]
    if not searches:
        return
    # Ray, torch and MLflow are behind these.
    from automl.planning import check
    from automl.search import check_identity

    names = {search.name for search in searches}
    for search in searches:
        settings = search.settings
        try:
            check_identity(settings.runs / search.name, search.name, search.config)
            # What begins with the best of an earlier search of this command can be checked then.
            if settings.warm_start not in names:
                check(settings, name=search.name, taken_up=search.begun)
        except UserError as error:
            raise UserError(f"{error}{_which(search.words)}") from error


def _differing(jobs: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """Return for each job its overrides whose values are not those of all jobs."""
    parsed = [
        {key.lstrip("+~"): value for key, _, value in (word.partition("=") for word in job)}
        for job in jobs
    ]
    keys = dict.fromkeys(key for words in parsed for key in words)
    differ = [key for key in keys if len({words.get(key) for words in parsed}) > 1]
    return [{key: words[key] for key in differ if key in words} for words in parsed]


def _text(words: Mapping[str, str]) -> str:
    return " ".join(hidden(f"{key}={value}") for key, value in words.items())


def _which(words: Mapping[str, str]) -> str:
    return f" (in the search with {_text(words)})" if words else ""


def _with_words(search: Planned) -> Planned:
    """Continue the user's name by the overrides that are the search's own."""
    parts = []
    for key, value in search.words.items():
        if key == "name":
            continue
        says_enough = value[:1].isalpha() and value not in ("true", "false", "null")
        text = value if says_enough else f"{key.rpartition('.')[2]}{value}"
        parts.append(re.sub(r"[^A-Za-z0-9_.=]+", "_", text).strip("_"))
    return _renamed(search, "-".join([search.name, *parts])[:_LONGEST])


def _with_digest(search: Planned) -> Planned:
    return _renamed(search, f"{search.name}-{digest(search.config)[:6]}")


def _renamed(search: Planned, name: str) -> Planned:
    config = {**search.config, "name": name}
    return replace(search, name=name, config=config, settings=replace(search.settings, name=name))


def _refuse_equal(searches: Sequence[Planned]) -> None:
    first: dict[str, Planned] = {}
    for search in searches:
        other = first.setdefault(search.name, search)
        if other is not search:
            raise UserError(
                f"multirun: '{other.label}' and '{search.label}' are one search, {search.name}: "
                "what differs is no part of what a search is; leave one out, or give a name="
            )
