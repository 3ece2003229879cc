"""One search from checked settings to its report: the parts put together."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from automl.closing import closing_lines
from automl.cluster import cluster
from automl.conductor import Conductor
from automl.disclosure import hidden, public, recorded
from automl.driver import Driver, DriverSettings
from automl.errors import SearchError, UserError, writing
from automl.finished import remember
from automl.labels import labelled
from automl.ledger import Event, Ledger, plan_event, read_events, refuse_if_held
from automl.planning import Checked, ask, check_select, plan_summary, selectable
from automl.plugins import OpenData, evaluation_splits
from automl.preparation import phases, prepare
from automl.progress import Progress
from automl.provenance import provenance
from automl.session import WorkerSpec
from automl.settings import Settings, digest, identity
from automl.state import replayed
from automl.terminal import say
from automl.tracking.mirror import Mirror
from automl.tracking.nothing import NoMirror


def run_search(checked: Checked, name: str, config: Mapping[str, Any]) -> str:
    """Run a search, or take it up where its ledger ends; return the lines that sum it up.

    Args:
        checked: What :func:`automl.planning.check` returned.
        name: The search's name; its folder is ``<paths.runs>/<name>``.
        config: The composed configuration, for the record.

    Raises:
        UserError: The search must not begin; nothing was created.
        SearchError: It began and cannot go on; what it has computed is kept.
    """
    settings = checked.settings
    folder = settings.runs / name
    check_identity(folder, name, config)
    refuse_if_held(folder)
    plan = _plan_fields(checked, name, config)
    with _ray(settings, folder), Progress(plan) as progress:
        data = _prepare(checked, progress)
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with Ledger(folder) as ledger:
            _open(ledger, folder, plan | _data_fields(data), progress)
            for note in checked.notes:
                progress.note(note)
            mirror = _mirror(settings, progress)
            mirror.start(ledger.events)

            def listen(event: Event) -> None:
                mirror.append(event)
                progress.event(event)

            try:
                driver = _driver(checked, ledger, data, listen)
                worker = worker_spec(settings, data, folder)
                if driver.state.chosen is None:
                    _prepare_trials(checked, data, worker, progress)
                _dispatch(settings, driver, worker, folder)
                # Imported at the end: plots and report take seconds to import.
                from automl.finish import finish

                found = finish(checked, driver, worker, ledger, folder, mirror, progress)
            except KeyboardInterrupt:
                mirror.abort("KILLED")
                raise
            except (SearchError, UserError):
                mirror.abort("FAILED")
                raise
            finally:
                problems = mirror.close(timeout=60.0)
                for problem in problems:
                    progress.note(problem)
            model = None
            if settings.tracking.uri is not None and not problems:
                model = remember(folder, settings.tracking.uri, mirror.parent_run_id, ledger.events)
            progress.finish()
    return closing_lines(found, folder, settings, model)


@contextmanager
def _ray(settings: Settings, folder: Path) -> Iterator[None]:
    """Start or join Ray; say that the search begins, or goes on, once nothing speaks against it."""
    local = settings.cluster.address == "local"
    say("starting Ray" if local else f"joining Ray at {hidden(settings.cluster.address)}")
    with cluster(settings.cluster):
        here, begun = Path.cwd(), (folder / "ledger.jsonl").exists()
        shown = folder.relative_to(here) if folder.is_relative_to(here) else folder
        say(f"{'going on with the' if begun else 'new'} search in {shown}")
        yield


def check_identity(folder: Path, name: str, config: Mapping[str, Any]) -> None:
    """Refuse a name under which another search lies.

    Raises:
        UserError: It names the keys that differ; or what lies there cannot be read.
    """
    path = folder / "ledger.jsonl"
    plan = replayed(read_events(path)[0], path).plan
    if plan is None or plan.get("config_digest") == digest(config):
        return
    old, new = identity(plan.get("config", {})), identity(config)
    differing = [key for key in sorted(old | new) if old.get(key, "") != new.get(key, "")]
    shown = ", ".join(f"{key} (was {old.get(key)!r})" for key in differing[:5])
    more = f" and {len(differing) - 5} more" if len(differing) > 5 else ""
    raise UserError(
        f"name: {folder} holds another search; {shown}{more} differ; "
        f"choose another name= (or none), or set these back to go on with '{name}'"
    )


def _plan_fields(checked: Checked, name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    settings = checked.settings
    return {
        "name": name,
        "seed": settings.seed,
        "config": recorded(config),
        "config_digest": digest(config),
        "plan": plan_summary(checked),
        "initial": list(checked.initial),
        "provenance": provenance(),
        "workers": settings.workers,
        "order": settings.order,
        "lookahead": settings.lookahead,
        "select": settings.select,
        "labels": settings.labels,
        "budget_unit": settings.trainable.budget.unit,
    }


def _data_fields(data: OpenData) -> dict[str, Any]:
    # With these, results and report follow from the ledger alone.
    views = {
        name: {"classes": list(classes), "projection": list(projection)}
        for name, (classes, projection) in data.views.items()
    }
    return {"data": data.describe(), "views": views}


def _prepare(checked: Checked, progress: Progress) -> OpenData:
    settings = checked.settings
    data: OpenData = ask(
        "data",
        checked.dataset.prepare,
        settings.data.options,
        cache=settings.cache,
        workers=settings.workers,
        progress=progress.task,
    )
    check_select(settings.select, selectable(data.domains.values()))
    seen: OpenData = ask("labels", labelled, data, settings.labels)
    return seen


def _open(ledger: Ledger, folder: Path, plan: Mapping[str, Any], progress: Progress) -> None:
    """Write the plan of a new search, or check that an old one is of the same data."""
    old = plan_event(ledger.events)
    if old is None:
        with writing(folder):
            text = yaml.safe_dump(dict(plan["config"]), sort_keys=False)
            (folder / "config.yaml").write_text(public(text))
        progress.event(ledger.append("plan", search_id=uuid.uuid4().hex, **plan))
        return
    if old["data"]["digest"] != plan["data"]["digest"]:
        raise UserError(
            f"data: the images are not those that '{plan['name']}' began with "
            f"(digest {plan['data']['digest'][:12]}, was {old['data']['digest'][:12]}); "
            "put them back, or choose another name="
        )
    progress.absorb(ledger.events)
    if ledger.events[-1]["event"] != "closed":
        progress.event(ledger.append("resumed"))


def _mirror(settings: Settings, progress: Progress) -> Mirror | NoMirror:
    tracking = settings.tracking
    if tracking.uri is None:
        return NoMirror()
    return Mirror(
        tracking.uri,
        experiment=tracking.experiment or settings.data.problem,
        artifact_location=tracking.artifacts,
        warn=progress.note,
        apart=True,
    )


def _driver(checked: Checked, ledger: Ledger, data: OpenData, listen: Any) -> Driver:
    settings = checked.settings
    return Driver(
        ledger,
        Conductor(
            checked.algorithm(),
            settings.window,
            settings.order,
            continues=checked.trainable.resumable,
        ),
        DriverSettings(
            seed=settings.seed,
            workers=settings.workers,
            configurations=settings.confirmation.configurations,
            seeds=settings.confirmation.seeds,
            confirmation_budget=settings.confirmation.budget,
            resumable=checked.trainable.resumable,
            checkpoints=ledger.path.parent / "checkpoints",
            splits=tuple(evaluation_splits(list(data.domains.values()), settings.select)),
            failures=settings.failures,
            keeps_models=settings.objective.measures_latency,
        ),
        listen,
    )


def worker_spec(settings: Settings, data: OpenData, folder: Path) -> WorkerSpec:
    """Return what each worker sets up once."""
    return WorkerSpec(
        data_name=settings.data.name,
        packed=str(data.packed),
        trainable_name=settings.trainable.name,
        options=settings.trainable.options,
        select=settings.select,
        cache=str(settings.cache),
        device="cuda" if settings.cluster.trial.gpus > 0 else "cpu",
        trial_seconds=settings.failures.trial_seconds,
        hung=str(folder / ".hung"),
        gpu_memory=settings.cluster.gpu_memory,
        labels=settings.labels,
        objective=asdict(settings.objective),
    )


def _prepare_trials(
    checked: Checked, data: OpenData, worker: WorkerSpec, progress: Progress
) -> None:
    settings = checked.settings
    prepare(
        phases(checked, data),
        worker,
        settings.cluster.trial,
        workers=settings.workers,
        retries=settings.failures.retries,
        progress=progress.task,
    )


def _dispatch(settings: Settings, driver: Driver, worker: WorkerSpec, folder: Path) -> None:
    with writing(folder):
        driver.checkpoints.mkdir(exist_ok=True)
        # What a killed worker had not written to its end.
        for path in driver.checkpoints.iterdir():
            if path.suffix != ".ckpt":
                path.unlink()
    # Imported while the cluster started: Ray Tune takes more than a second to import.
    from automl.dispatch import dispatch

    dispatch(
        driver,
        worker,
        settings.cluster.trial,
        workers=settings.workers,
        scratch=folder / ".ray",
    )
