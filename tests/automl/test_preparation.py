"""What trials share is made before them: by workers, once more after a death, or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from automl.preparation import phases, reach
from searchspaces import parse_space

SPACE = {
    "name": "s",
    "source": "none",
    "parameters": {
        "a": {"type": "subset", "of": [1, 2], "default": [1]},
        "b": {"type": "ordinal", "choices": [None, 3], "default": 3},
        "x": {"type": "float", "lower": 0.0, "upper": 1.0, "default": 0.5},
    },
}


def test_the_reach_of_a_space():
    assert reach(parse_space(SPACE)) == {"a": [[1], [2], [1, 2]], "b": [None, 3]}


def test_a_trainable_that_shares_nothing_has_no_phases():
    class Checked:
        trainable = object

    assert phases(Checked, None) == ()


CODE = """
import json, sys
from pathlib import Path
from automl import environment
environment.prepare()
from automl.cluster import cluster
from automl.errors import SearchError
from automl.preparation import prepare
from automl.session import WorkerSpec
from automl.settings import ClusterSettings, ResourceSettings

folder = sys.argv[1]
trial = ResourceSettings(1, 0)
spec = WorkerSpec("benchmarks.noop:NoData", folder, "preparing:Preparing", {"folder": folder},
                  "synthetic", folder, "cpu")
told = []

def make(wanted, retries=1):
    told.clear()
    prepare(wanted, spec, trial, workers=3, retries=retries,
            progress=lambda what, done, total: told.append([done, total]))

with cluster(ClusterSettings("local", 2, trial)):
    make([])
    print(json.dumps(told))
    make([[{"make": "a"}, {"make": "b"}, {"make": "c"}], [{"count": "abc"}]])
    print(json.dumps(told))
    make([[{"die": "once"}, {"make": "d"}]])
    print(json.dumps(told))
    for bad in ({"die": "always"}, {"fail": "out of ideas"}):
        try:
            make([[bad]])
        except SearchError as error:
            print(error)
"""

TRAINABLE = """
import os
from pathlib import Path


class Preparing:
    resumable = False

    def __init__(self, data, options, device):
        self.folder = Path(options["folder"])

    def prepare(self, item):
        (what, name), = item.items()
        if what == "make":
            (self.folder / name).touch(exist_ok=False)
        elif what == "count":
            assert all((self.folder / each).exists() for each in name)
        elif what == "fail":
            raise ValueError(name)
        elif name == "always" or not (self.folder / "died").exists():
            (self.folder / "died").touch()
            os._exit(1)
"""


@pytest.mark.e2e
def test_items_are_made_by_workers_that_may_die(tmp_path):
    (tmp_path / "preparing.py").write_text(TRAINABLE)
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(root)])},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    nothing, phased, after_death, died, failed = done.stdout.splitlines()
    assert nothing == "[]"
    assert phased == "[[0, 4], [1, 4], [2, 4], [3, 4], [4, 4]]"
    assert after_death == "[[0, 2], [1, 2], [2, 2]]"
    assert died.startswith('preparation of {"die": "always"}: ')
    assert failed == 'preparation of {"fail": "out of ideas"}: ValueError: out of ideas'
