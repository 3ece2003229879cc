"""An installed wheel finds its configuration tree, from any folder."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = (
    "from automl.compose import compose_plain, conf_dir\n"
    "assert conf_dir().parent.name == 'automl', conf_dir()\n"
    "print(compose_plain(['search=classical_tpe'])['search']['name'])\n"
)


@pytest.mark.e2e
def test_wheel_has_the_packages_and_the_tree(tmp_path):
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--quiet"),
            *("--no-build-isolation", "--wheel-dir", str(tmp_path)),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(site)
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {
        "automl",
        "searchspaces",
        "trainables",
        "diffranet",
    }
    assert "automl/templates/report.html.j2" in names
    # -P and an empty folder: nothing of the checkout is on the path but through PYTHONPATH.
    done = subprocess.run(
        [sys.executable, "-P", "-c", COMPOSE],
        cwd=tmp_path,
        env={"PYTHONPATH": str(site), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.strip() == "classical_tpe", done.stderr
