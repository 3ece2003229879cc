"""``mlflow models serve`` and ``python -m automl.predict`` agree on the images of a real search."""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1200)]

MODEL = "models:/diffranet-synthetic-64x64@champion"


def automl(folder, module, *words):
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("search", ["classical_tpe", "deepfreak_random"])
def test_both_give_the_same_classes_and_probabilities(tmp_path, search):
    automl(tmp_path, "automl.run", f"search={search}", "scale=smoke", "name=once")
    files = sorted(next(tmp_path.glob("data/simulated/*/synthetic/test")).rglob("*.png"))[::8]
    assert len(files) >= 5
    automl(tmp_path, "automl.predict", "once", *map(str, files), "--out", "rows.csv")
    rows = list(csv.DictReader((tmp_path / "rows.csv").open()))
    images = np.stack([np.asarray(Image.open(path)) for path in files])

    # Elsewhere than in the project, as whoever serves a model is.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with served(elsewhere, f"sqlite:///{tmp_path}/mlflow/mlflow.db") as address:
        request = urllib.request.Request(
            f"{address}/invocations",
            json.dumps({"inputs": images.tolist()}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=300) as response:
            answers = json.load(response)["predictions"]

    assert [max(answer, key=answer.get) for answer in answers] == [row["class"] for row in rows]
    for answer, row in zip(answers, rows, strict=True):
        # The rows have six digits.
        assert answer == pytest.approx(
            {name: float(row[f"p_{name}"]) for name in answer}, rel=1e-5, abs=1e-9
        )


@contextmanager
def served(folder, uri):
    """Run the manual's command until the model answers; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "mlflow", "models", "serve", "-m", MODEL),
                *("--env-manager", "local", "--port", str(port)),
            ],
            cwd=folder,
            # As in an activated environment: MLflow looks for uvicorn on the path.
            env={**os.environ, "MLFLOW_TRACKING_URI": uri, "PATH": path},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 600
    try:
        while not answers(f"{address}/ping"):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)
        yield address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except OSError:
        return False
