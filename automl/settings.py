"""What a search is, parsed once from the composed configuration into frozen values.

Nothing further in knows Hydra or OmegaConf.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from automl.disclosure import hidden
from automl.errors import UserError
from automl.objective import ACCURACY, Objective, check_objective
from automl.parsing import parse, refuse_odd_values

Order = Literal["asked", "planned", "arrival"]

# What `warm_start` calls the configurations that the paper published.
PAPER = "paper"

# Where and how a search runs, not what it is: these may change when a search is taken up again.
NOT_IDENTITY = (
    "name",
    "preview",
    "probe",
    "cluster",
    "tracking",
    "paths",
    "failures",
    "search.description",
    "search.group",
)

# Keys that came later, with the value that stands for their absence: at it a search keeps the
# digest, and with it the name, that it had.
LATER: Mapping[str, Any] = {"labels": "full", "objective.name": "accuracy"}

# More is a slip of the keyboard: such a search would fill memory before it began.
_MOST = 10_000
_MOST_BUDGET = 1_000_000_000
_MOST_TRIALS = 1_000_000
_MOST_LOOKAHEAD = 1000
# Of a path, in bytes: what file systems take, less what is written below it.
_LONGEST_PART, _LONGEST_PATH = 255, 3000

# What a name does not say.
_USUAL = {"select": "synthetic", "labels": "full"}


@dataclass(frozen=True)
class SearchLabel:
    """Name and purpose of the search, from ``conf/search``.

    Attributes:
        group: Tag under which searches are compared; the tag ``group`` of the MLflow run.
    """

    name: str
    description: str
    group: str | None = None


@dataclass(frozen=True)
class DataSettings:
    """A data set of the registry (group ``automl.datasets``) and its options."""

    name: str
    problem: str
    options: Mapping[str, Any]
    root: str | None = None


@dataclass(frozen=True)
class BudgetSettings:
    """What one evaluation may spend, in ``unit``."""

    unit: str
    min: int
    max: int
    confirmation: int


@dataclass(frozen=True)
class TrainableSettings:
    """A trainable of the registry (group ``automl.trainables``) and its options."""

    name: str
    budget: BudgetSettings
    iterations: int
    trials: int
    options: Mapping[str, Any]


@dataclass(frozen=True)
class ConfirmationSettings:
    """How many of the best configurations are trained again, over how many seeds."""

    configurations: int
    seeds: int
    budget: int


@dataclass(frozen=True)
class FailureSettings:
    """What a trial may cost before it counts as a failure, and the search before it stops.

    Attributes:
        retries: New attempts for a trial whose worker process or node died.
        trial_seconds: Longest that a trial may take; None for no limit.
        in_a_row: Trials that may fail one after the other; None for any number.
        stop_multirun: Whether a search that fails stops those after it in a multirun.
    """

    retries: int
    trial_seconds: float | None
    in_a_row: int | None
    stop_multirun: bool = False


@dataclass(frozen=True)
class ResourceSettings:
    """What one trial asks of Ray; fractions of a GPU let trials share it."""

    cpus: float
    gpus: float


@dataclass(frozen=True)
class ClusterSettings:
    """Where trials run.

    Attributes:
        address: The Ray cluster: ``local``, ``auto`` or its address.
        cpus: CPUs that a local one may hand out; None for all.
        trial: What one trial asks for.
        gpu_memory: GiB of each GPU, which trials share; None to ask the driver.
    """

    address: str
    cpus: int | None
    trial: ResourceSettings
    gpu_memory: float | None = None


@dataclass(frozen=True)
class TrackingSettings:
    """Where MLflow keeps runs; ``uri`` is null for no tracking."""

    name: Literal["mlflow", "none"]
    uri: str | None
    artifacts: str | None
    experiment: str | None


@dataclass(frozen=True)
class PathSettings:
    """Folders of the runs and of what is stored by content."""

    runs: str
    cache: str


@dataclass(frozen=True)
class Settings:
    """One search: data × trainable × space × algorithm × scale × seed."""

    search: SearchLabel
    data: DataSettings
    scale: Mapping[str, Any]
    trainable: TrainableSettings
    space: Mapping[str, Any]
    algorithm: Mapping[str, Any]
    cluster: ClusterSettings
    tracking: TrackingSettings
    confirmation: ConfirmationSettings
    failures: FailureSettings
    paths: PathSettings
    name: str | None
    seed: int
    select: str
    workers: int
    order: Order
    preview: bool
    probe: bool = True
    lookahead: float = 1.0
    warm_start: str | None = None
    warm_start_configurations: int = 5
    labels: Literal["full", "binary"] = "full"
    objective: Objective = ACCURACY

    @property
    def window(self) -> int:
        """Suggestions that may be untold at the same time."""
        return math.ceil(self.lookahead * self.workers)

    @property
    def runs(self) -> Path:
        """Absolute folder of all runs."""
        return Path(self.paths.runs).expanduser().absolute()

    @property
    def cache(self) -> Path:
        """Absolute folder of what is stored by content."""
        return Path(self.paths.cache).expanduser().absolute()


def parse_settings(config: Mapping[str, Any]) -> Settings:
    """Parse and check a composed configuration.

    Raises:
        UserError: One line that names the key.
    """
    refuse_odd_values(config)
    settings = parse(Settings, config, "")
    _at_least("seed", settings.seed, 0)
    _at_least("workers", settings.workers, 1, _MOST)
    if settings.lookahead < 1:
        raise UserError(f"lookahead: {settings.lookahead:g} is below 1")
    if settings.lookahead > _MOST_LOOKAHEAD:
        raise UserError(
            f"lookahead: {settings.lookahead:g} is above {_MOST_LOOKAHEAD}; 2 or 3 is usual"
        )
    if settings.order == "arrival" and settings.lookahead != 1:
        raise UserError("lookahead: order=arrival keeps no worker waiting; leave lookahead at 1")
    _at_least("confirmation.configurations", settings.confirmation.configurations, 1, _MOST)
    _at_least("confirmation.seeds", settings.confirmation.seeds, 1, _MOST)
    _at_least("confirmation.budget", settings.confirmation.budget, 1, _MOST_BUDGET)
    trainable, budget = settings.trainable, settings.trainable.budget
    for key, value in (("min", budget.min), ("max", budget.max)):
        _at_least(f"trainable.budget.{key}", value, 1, _MOST_BUDGET)
    if budget.min > budget.max:
        raise UserError(
            f"trainable.budget.min: {budget.min} is above trainable.budget.max, {budget.max}; "
            "swap them"
        )
    for key, value in (("trials", trainable.trials), ("iterations", trainable.iterations)):
        _at_most(f"trainable.{key}", value, _MOST_TRIALS)
    failures = settings.failures
    _at_least("failures.retries", failures.retries, 0)
    if failures.trial_seconds is not None and failures.trial_seconds <= 0:
        raise UserError(
            f"failures.trial_seconds: {failures.trial_seconds:g} is not above 0; "
            "use null for no limit"
        )
    if failures.in_a_row is not None:
        _at_least("failures.in_a_row", failures.in_a_row, 1)
    _at_least("warm_start_configurations", settings.warm_start_configurations, 1)
    _check_cluster(settings.cluster)
    check_objective(settings.objective)
    _check_path("paths.runs", settings.paths.runs)
    _check_path("paths.cache", settings.paths.cache)
    if "name" not in settings.scale or "name" not in settings.algorithm:
        raise UserError(
            "scale.name and algorithm.name: both must be set; choose scale= and algorithm="
        )
    for key, text in (
        ("data.problem", settings.data.problem),
        ("tracking.experiment", settings.tracking.experiment),
        ("tracking.artifacts", settings.tracking.artifacts),
    ):
        if text is not None and not text.strip():
            raise UserError(f"{key}: {text!r} names nothing; give it a name")
    if settings.tracking.name == "none" and settings.tracking.uri is not None:
        raise UserError("tracking.uri: tracking=none keeps no runs; choose sqlite or server")
    for key, name in (
        ("name", settings.name),
        ("warm_start", settings.warm_start),
        ("search.name", settings.search.name),
        ("scale.name", str(settings.scale["name"])),
    ):
        if name is not None and not re.fullmatch(r"[A-Za-z0-9][\w.=-]{0,120}", name):
            raise UserError(
                f"{key}: {name!r} cannot be a folder's name; "
                "use letters, digits, '.', '_', '-', '='"
            )
    return settings


def identity(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return, flat and by dotted key, what makes a search this search and no other."""
    flat = {**LATER, **flatten(config)}
    return {
        key: value
        for key, value in flat.items()
        if not any(key == name or key.startswith(f"{name}.") for name in NOT_IDENTITY)
    }


def digest(config: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a configuration's identity, in hex."""
    same = {
        key: value
        for key, value in identity(config).items()
        if key not in LATER or value != LATER[key]
    }
    text = json.dumps(same, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def run_name(settings: Settings, config: Mapping[str, Any]) -> str:
    """Return the search's name: the user's, or one made of search, scale, seed and digest.

    What it is selected on and its labels stand before the digest where they are not the usual
    ones. A search that was begun when they did not keeps its name.
    """
    if settings.name is not None:
        return settings.name
    begin = f"{settings.search.name}-{settings.scale['name']}-seed{settings.seed}"
    end = digest(config)[:6]
    if (settings.runs / f"{begin}-{end}" / "ledger.jsonl").exists():
        return f"{begin}-{end}"
    own = {"select": settings.select, "labels": settings.labels}
    words = [value for key, value in own.items() if value != _USUAL[key]]
    return "-".join([begin, *words, end])


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one, keyed by dotted path; empty mappings stay as values."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            flat.update(flatten(value, f"{name}."))
        else:
            flat[name] = value
    return flat


def _check_path(key: str, text: str) -> None:
    if not text.strip():
        raise UserError(f"{key}: {text!r} names no folder; give one, such as {key}=somewhere")
    longest = max((len(part.encode()) for part in Path(text).parts), default=0)
    if "\0" in text or longest > _LONGEST_PART or len(text.encode()) > _LONGEST_PATH:
        raise UserError(f"{key}: {text[:40]!r}… cannot be a folder's name; give a shorter one")


def _check_cluster(cluster: ClusterSettings) -> None:
    if not re.fullmatch(r"local|auto|(?:ray://)?[^\s/]+:\d{1,5}", cluster.address):
        raise UserError(
            f"cluster.address: {hidden(cluster.address)!r} is no address; "
            "use local, auto, HOST:PORT or ray://HOST:PORT"
        )
    trial = cluster.trial
    if cluster.cpus is not None:
        _at_least("cluster.cpus", cluster.cpus, 1, _MOST)
    if trial.cpus <= 0:
        raise UserError(f"cluster.trial.cpus: {trial.cpus:g} is not above 0")
    if trial.gpus < 0 or (trial.gpus > 1 and trial.gpus != int(trial.gpus)):
        raise UserError(
            f"cluster.trial.gpus: {trial.gpus:g} is no request that Ray can meet; "
            "use a fraction up to 1 or a whole number"
        )
    memory = cluster.gpu_memory
    if memory is not None and memory <= 0:
        raise UserError(
            f"cluster.gpu_memory: {memory:g} is not above 0; use the GiB of a GPU, or null"
        )


def _at_least(key: str, value: int, least: int, most: int | None = None) -> None:
    if value < least:
        raise UserError(f"{key}: {value} is below {least}; give {least} or more")
    if most is not None:
        _at_most(key, value, most)


def _at_most(key: str, value: int, most: int) -> None:
    if value > most:
        raise UserError(f"{key}: {value} is above {most}; give {most} or less")
