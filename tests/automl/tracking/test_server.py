"""The pages as one process serves them: started once, asked as a browser asks."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from automl.tracking.server_files import file_routes


@pytest.fixture(scope="module")
def served(migrated):
    """The process and the first line that it prints."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "automl.ui", f"uri=sqlite:///{migrated}", f"port={port}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    yield process, f"http://127.0.0.1:{port}", process.stdout.readline()
    process.kill()
    process.wait()


def ask(address, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    headers |= {"Content-Type": "application/json"} if data else {}
    request = urllib.request.Request(address, data, headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read().decode(), response.headers


def test_the_line_says_where_and_what(served, migrated):
    _, root, line = served
    assert line == f"MLflow: {root} shows {migrated} (Ctrl-C ends it)\n"


def test_the_pages_come_with_their_scripts_and_the_store(served):
    root = served[1]
    page, _ = ask(f"{root}/")
    assert page.index("autoOpenedOnFirstLoad") < page.index("<script defer")
    assert "location.replace" not in page, "the store has no search"
    script = re.search(r'src="(static-files/static/js/main[^"]+)"', page)[1]
    source, headers = ask(f"{root}/{script}")
    assert len(source) > 1e6
    assert "immutable" in headers["Cache-Control"]
    # The note in the page is what this version of MLflow looks for.
    assert "mlflow.assistant.fab.autoOpenedOnFirstLoad" in source
    answer, _ = ask(f"{root}/ajax-api/2.0/mlflow/experiments/search", {"max_results": 5})
    assert json.loads(answer)["experiments"][0]["name"] == "Default"


def test_an_address_without_a_page_opens_the_searches_of_now(tmp_path):
    (tmp_path / "index.html").write_text("<html><head><script defer></script></head></html>")
    found = iter(["#/experiments/1/runs?a=1&b=2", "#/experiments/7/runs"])
    (send_page,) = (
        route.endpoint for route in file_routes(tmp_path, lambda: next(found)) if route.path == "/"
    )
    page = send_page(None).body.decode()
    script = (
        "if(['','#/'].includes(location.hash))location.replace(\"#/experiments/1/runs?a=1&b=2\")"
    )
    assert page.index(script) < page.index("<script defer")
    assert 'location.replace("#/experiments/7/runs")' in send_page(None).body.decode()


@pytest.mark.parametrize("path", ["/", "/static-files/static/js/none.js"])
def test_what_is_not_there_or_asked_from_elsewhere_is_refused(served, path):
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(f"{served[1]}{path}", Host="example.org" if path == "/" else "127.0.0.1")
    assert caught.value.code == (403 if path == "/" else 404)


def test_a_visit_leaves_no_line_and_an_interrupt_no_trace(served):
    process = served[0]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err
    assert "GET" not in err
