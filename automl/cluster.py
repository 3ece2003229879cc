"""The Ray cluster that a search runs on: started or joined, checked, and left."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import signal
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import ray

from automl import environment
from automl.errors import UserError, one_line
from automl.settings import ClusterSettings, ResourceSettings

_NEEDED_NEXT = "automl.dispatch"  # with Ray Tune, which takes more than a second to import


@contextmanager
def cluster(settings: ClusterSettings) -> Iterator[None]:
    """Start or join the Ray cluster, check that a trial fits on a node, leave it at the end.

    Raises:
        UserError: There is no such cluster, or no node has what a trial asks for.
    """
    local = settings.address == "local"
    _check_reachable(settings.address)
    if local:
        _check_local_cpus(settings)
    environment.prepare()
    logging.getLogger("ray").setLevel(logging.ERROR)
    terminate = signal.getsignal(signal.SIGTERM)
    # Most of the time until a cluster has started is waiting.
    threading.Thread(target=importlib.import_module, args=[_NEEDED_NEXT], daemon=True).start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(
                address=settings.address,
                num_cpus=settings.cpus if local else None,
                include_dashboard=False if local else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
                configure_logging=True,
            )
    except Exception as error:
        # Ray has no type of its own for a node that does not start in time.
        if local:
            raise UserError(
                f"cluster: Ray did not start ({one_line(error)[:160]}); "
                "run the command again, on a machine that is less busy"
            ) from error
        raise UserError(
            f"cluster.address: no Ray cluster at '{settings.address}' ({one_line(error)[:160]}); "
            f"start one with `ray start --head`{_token_hint(settings.address)}, or use "
            "cluster=local"
        ) from error
    if threading.current_thread() is threading.main_thread():
        # Ray puts a handler of its own in the place of ours.
        signal.signal(signal.SIGTERM, terminate)
    try:
        _check_fit(settings.trial)
        # The command puts it off while all is imported.
        gc.enable()
        yield
    finally:
        ray.shutdown()


def _token_hint(address: str) -> str:
    """Return what may be wrong where a cluster answers that wants Ray's token."""
    # Ray looks for its token by itself only where it looks for the cluster by itself.
    if address == "auto" or os.environ.get("RAY_AUTH_MODE"):
        return ""
    return ", set RAY_AUTH_MODE=token if it asks for a token (Ray's default)"


def _check_reachable(address: str) -> None:
    """Refuse an address behind which nobody listens; Ray itself would wait for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=3.0).close()
    except (OSError, OverflowError) as error:
        raise UserError(
            f"cluster.address: no Ray cluster at '{address}' ({one_line(error)}); "
            "start one with `ray start --head`, or use cluster=local"
        ) from error


def _check_local_cpus(settings: ClusterSettings) -> None:
    """Refuse, before Ray starts, what this machine cannot have."""
    most, wanted = settings.cpus or os.cpu_count() or 1, settings.trial.cpus
    if wanted > most:
        raise UserError(
            f"cluster.trial.cpus: a trial asks for {wanted:g} CPU, but the most that a node has "
            f"is {most:g}; lower it"
        )


def _check_fit(trial: ResourceSettings) -> None:
    wanted = {"CPU": trial.cpus, "GPU": trial.gpus}
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    for resource, amount in wanted.items():
        best = max((node.get(resource, 0.0) for node in nodes), default=0.0)
        if amount > best:
            key = f"cluster.trial.{resource.lower()}s"
            have = f"the most that a node has is {best:g}" if best else "no node has any"
            raise UserError(f"{key}: a trial asks for {amount:g} {resource}, but {have}; lower it")
    if not any(all(node.get(r, 0.0) >= a for r, a in wanted.items()) for node in nodes):
        raise UserError("cluster.trial: no single node has the CPUs and GPUs that a trial asks for")
