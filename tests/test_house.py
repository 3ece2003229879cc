"""The laws of the house: which room may import which, and what must never lie where."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("automl", "searchspaces", "trainables", "diffranet")
# A room may import from itself and from these.
MAY_IMPORT = {
    "automl": {"searchspaces"},
    "searchspaces": set(),
    "trainables": set(),
    "diffranet": set(),
}
# Heavy or delicate libraries, and the only places that may import them.
ONLY_IN = {
    "ray": (
        "automl/cluster.py",
        "automl/dispatch.py",
        "automl/preparation.py",
        "automl/ray_order.py",
        "automl/ray_trial.py",
    ),
    "mlflow": ("automl/tracking/",),
    "hydra": ("automl/run.py", "automl/compose.py", "diffranet/composition.py"),
    "omegaconf": ("automl/run.py", "automl/compose.py", "diffranet/composition.py"),
    "torch": ("trainables/deepfreak/",),
    "sklearn": ("trainables/classical/", "trainables/features/", "automl/importance.py"),
}


def sources():
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path):
    room = path.relative_to(ROOT).parts[0]
    for name in imported(path):
        top = name.partition(".")[0]
        if top in ROOMS and top != room:
            assert top in MAY_IMPORT[room], f"{room} may not import {name}"
        if (top in ONLY_IN and room == "automl") or top in ("ray", "mlflow", "hydra", "omegaconf"):
            allowed = ONLY_IN[top]
            assert str(path.relative_to(ROOT)).startswith(allowed), f"{name} is not for this file"


def test_no_import_circles():
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sources()
    }
    arrows = {}
    for name, path in modules.items():
        tree = ast.parse(path.read_text())
        deferred = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.If)
            for inner in ast.walk(node)
        }
        arrows[name] = {
            target
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node not in deferred
            for target in [node.module or ""]
            if target in modules and target != name
        }
    state: dict[str, int] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert state.get(name) != 1 or name not in trail, f"circle: {' → '.join((*trail, name))}"
        if name in state:
            return
        state[name] = 1
        for target in sorted(arrows[name]):
            assert target not in trail, f"circle: {' → '.join((*trail, name, target))}"
            visit(target, (*trail, name))
        state[name] = 2

    for name in sorted(modules):
        visit(name, ())


def test_modules_are_small():
    lengths = sorted(len(path.read_text().splitlines()) for path in sources())
    assert lengths[-1] <= 400
    assert lengths[len(lengths) // 2] <= 120


def test_folder_mlflow_is_no_package():
    assert not list((ROOT / "mlflow").rglob("*.py"))


REAL = "import mlflow; assert mlflow.__version__[0].isdigit(); print(mlflow.__file__)"


def test_mlflow_is_the_real_package_here_and_in_a_new_process():
    import mlflow

    assert "site-packages" in mlflow.__file__
    done = subprocess.run(
        [sys.executable, "-c", REAL], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "site-packages" in done.stdout


@pytest.mark.e2e
def test_mlflow_is_the_real_package_in_the_command_and_in_a_ray_worker():
    script = (
        "import sys, runpy\n"
        "sys.argv = ['automl.run', '--help']\n"
        "try:\n    runpy.run_module('automl.run', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "import automl.tracking.session, mlflow, ray\n"
        "assert 'site-packages' in mlflow.__file__\n"
        "from automl.cluster import cluster\n"
        "from automl.settings import ClusterSettings, ResourceSettings\n"
        "with cluster(ClusterSettings('local', 1, ResourceSettings(1, 0))):\n"
        "    @ray.remote\n"
        "    def where():\n"
        "        import mlflow\n"
        "        return mlflow.__file__, mlflow.__version__\n"
        "    file, version = ray.get(where.remote())\n"
        "assert 'site-packages' in file, file\n"
        "print('real', version)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "real 3." in done.stdout
