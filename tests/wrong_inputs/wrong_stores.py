"""Folders that are written to, MLflow stores and Ray clusters."""

from __future__ import annotations

import sqlite3

from wrong_config import run
from wrong_input import scene, written


def other_program(home):
    (home / "mlflow").mkdir()
    with sqlite3.connect(home / "mlflow/mlflow.db") as connection:
        connection.execute("CREATE TABLE bookmarks (id INTEGER)")
    connection.close()


A_FILE = written("notes", "x")

STORES = (
    run(
        "file where the runs belong",
        ["paths.runs=notes"],
        "paths.runs: …/notes is a file where a folder is needed; choose another",
        scene=A_FILE,
    ),
    run(
        "file above the cache",
        ["paths.cache=notes/cache"],
        "paths.cache: …/notes is a file where a folder is needed; choose another",
        scene=A_FILE,
    ),
    run(
        "no folder for the runs",
        ["paths.runs="],
        "paths.runs: '' names no folder; give one, such as paths.runs=somewhere",
    ),
    run(
        "folder name without end",
        [f"paths.cache={'x' * 300}"],
        "paths.cache: 'xxx…'… cannot be a folder's name; give a shorter one",
    ),
    run(
        "file where the artifacts belong",
        ["tracking.artifacts=notes"],
        "tracking.artifacts: …/notes is a file where a folder is needed; choose another",
        scene=A_FILE,
    ),
    run(
        "folder as a tracking store",
        ["tracking.uri=mlruns"],
        "tracking uri 'mlruns': MLflow refuses file stores since 3.13; "
        "use sqlite:///mlruns/mlflow.db instead",
    ),
    run(
        "two slashes",
        ["tracking.uri=sqlite://mlflow.db"],
        "tracking uri 'sqlite://mlflow.db': an SQLite file takes three slashes before its path, "
        "four where the path is absolute: sqlite:///mlflow/mlflow.db",
    ),
    run(
        "database that is a folder",
        ["tracking.uri=sqlite:///images"],
        "tracking uri 'sqlite:///images': …/images is a folder; name a file in it",
    ),
    run(
        "database below a file",
        ["tracking.uri=sqlite:///notes/mlflow.db"],
        "tracking uri 'sqlite:///notes/mlflow.db': …/notes is a file where a folder is needed",
        "name another file",
        scene=A_FILE,
    ),
    run(
        "file that is no database",
        ["tracking.uri=sqlite:///notes"],
        "tracking uri 'sqlite:///notes': …/notes is no SQLite file; name another one",
        scene=written("notes", "not a database at all"),
    ),
    run(
        "database of another program",
        [],
        "tracking uri 'sqlite:///mlflow/mlflow.db': …/mlflow/mlflow.db is the database of "
        "another program; name another file",
        scene=scene(other_program),
    ),
    run(
        "empty tracking uri",
        ["tracking.uri="],
        "tracking uri '': is empty; use sqlite:///mlflow/mlflow.db, or null for none",
    ),
    run(
        "unknown scheme",
        ["tracking.uri=mongodb://host/x"],
        "tracking uri 'mongodb://host/x': unknown scheme 'mongodb'; these work: …",
    ),
    run(
        "server without an address",
        ["tracking=server"],
        "tracking.uri: missing; give tracking.uri=… on the command line",
    ),
    run(
        "server that does not answer",
        ["tracking.uri=http://127.0.0.1:9"],
        "tracking uri 'http://127.0.0.1:9': no MLflow server answers (…); "
        "start it, or choose tracking=sqlite or tracking=none",
    ),
    run(
        "database server that does not answer",
        ["tracking.uri=postgresql://ada:secret@127.0.0.1:9/mlflow"],
        "tracking uri postgresql://…@127.0.0.1: no database server answers (…); "
        "start it, or choose tracking=sqlite or tracking=none",
    ),
    run(
        "password for a server that does not answer",
        ["tracking.uri=http://ada:secret@127.0.0.1:9"],
        "tracking uri 'http://…@127.0.0.1:9': no MLflow server answers (…); "
        "start it, or choose tracking=sqlite or tracking=none",
    ),
    run(
        "port that is no number",
        ["tracking.uri=http://127.0.0.1:port"],
        "tracking uri 'http://127.0.0.1:port': host or port cannot be read; "
        "write SCHEME://HOST:PORT",
    ),
    run(
        "server without a host",
        ["tracking.uri=http://"],
        "tracking uri 'http://': names no host; write SCHEME://HOST:PORT",
    ),
    run(
        "misspelt tracking",
        ["tracking=sqllite"],
        "tracking=sqllite: no such tracking; did you mean 'sqlite'?",
    ),
    run(
        "cluster that does not answer",
        ["cluster.address=127.0.0.1:9"],
        "cluster.address: no Ray cluster at '127.0.0.1:9' (…); start one with "
        "`ray start --head`, or use cluster=local",
    ),
    run(
        "no cluster to join",
        ["cluster=auto"],
        "cluster.address: no Ray cluster at 'auto' (…); start one with `ray start --head`, or "
        "use cluster=local",
        late=True,
    ),
    run(
        "port beyond the last",
        ["cluster.address=127.0.0.1:99999"],
        "cluster.address: no Ray cluster at '127.0.0.1:99999' (…); start one with "
        "`ray start --head`, or use cluster=local",
    ),
    run(
        "address without a port",
        ["cluster.address=lab7"],
        "cluster.address: 'lab7' is no address; use local, auto, HOST:PORT or ray://HOST:PORT",
    ),
    run(
        "no address",
        ["cluster.address="],
        "cluster.address: '' is no address; use local, auto, HOST:PORT or ray://HOST:PORT",
    ),
    run("no CPUs", ["cluster.cpus=0"], "cluster.cpus: 0 is below 1; give 1 or more"),
    run("trial without a CPU", ["cluster.trial.cpus=0"], "cluster.trial.cpus: 0 is not above 0"),
    run(
        "more CPUs than there are",
        ["cluster.trial.cpus=100000"],
        "cluster.trial.cpus: a trial asks for 100000 CPU, but the most that a node has is …; "
        "lower it",
    ),
    run(
        "more CPUs than Ray may hand out",
        ["cluster.cpus=1", "cluster.trial.cpus=2"],
        "cluster.trial.cpus: a trial asks for 2 CPU, but the most that a node has is 1; lower it",
    ),
    run(
        "GPU where there is none",
        ["cluster.trial.gpus=1"],
        "cluster.trial.gpus: a trial asks for 1 GPU, but no node has any; lower it",
        late=True,
    ),
    run(
        "one and a half GPUs",
        ["cluster.trial.gpus=1.5"],
        "cluster.trial.gpus: 1.5 is no request that Ray can meet; use a fraction up to 1 or a "
        "whole number",
    ),
    run(
        "memory that is none",
        ["cluster.gpu_memory=0"],
        "cluster.gpu_memory: 0 is not above 0; use the GiB of a GPU, or null",
    ),
    run(
        "empty folder for artifacts",
        ["tracking.artifacts="],
        "tracking.artifacts: '' names nothing; give it a name",
    ),
    run(
        "store without tracking",
        ["tracking=none", "tracking.uri=sqlite:///x.db"],
        "tracking.uri: tracking=none keeps no runs; choose sqlite or server",
    ),
)
