"""No file that is read can run code: models, checkpoints, features, configurations, results."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("automl", "searchspaces", "trainables", "diffranet", "benchmarks", "examples")
# The one way in for pickles, which asks the user first.
TRUSTED = "trainables/classical/old_file.py"
PICKLERS = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
FORBIDDEN = {
    "eval", "exec", "yaml.load", "yaml.full_load", "yaml.unsafe_load", "yaml.load_all",
    "pandas.read_pickle", "pd.read_pickle", "mlflow.pyfunc.load_model", "torch.jit.load",
    "torch.hub.load", "torch.package.PackageImporter", "skops.io.load",
}  # fmt: skip
# Calls that are safe with this argument alone. What is not named has the safe value of itself.
NEEDED = {"torch.load": ("weights_only", True)}
PICKLES_IF = ("allow_pickle",)


# Parsing takes a hundred times as long as this; a file without any of these has no offence.
SUSPECT = re.compile("pickl|joblib|dill|marshal|shelve|yaml|eval|exec|load|skops|torch.package")


def called(node: ast.AST) -> str:
    """Return ``a.b.c`` of a name or an attribute."""
    if isinstance(node, ast.Attribute):
        return f"{called(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def offences(source: str) -> list[str]:
    """Return what in a file can run the code of a file that it reads."""
    found: list[str] = []
    if not SUSPECT.search(source):
        return found
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        found += [name for name in names if name.partition(".")[0] in PICKLERS]
        if isinstance(node, ast.Call):
            name = called(node.func)
            given = {word.arg: getattr(word.value, "value", word.value) for word in node.keywords}
            if name in FORBIDDEN:
                found.append(name)
            if name in NEEDED and given.get(NEEDED[name][0]) is not NEEDED[name][1]:
                found.append(f"{name} without {NEEDED[name][0]}")
            found += [
                f"{name}: {word}" for word in PICKLES_IF if given.get(word, False) is not False
            ]
    return found


def sources():
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def test_no_file_is_read_in_a_way_that_runs_code():
    found = {str(path.relative_to(ROOT)): offences(path.read_text()) for path in sources()}
    assert {path for path, met in found.items() if met} == {TRUSTED}, {
        path: met for path, met in found.items() if met
    }


def test_the_way_in_for_pickles_is_taken_by_one_function():
    users = [
        path
        for path in sources()
        if "load_trusted" in path.read_text() and str(path.relative_to(ROOT)) != TRUSTED
    ]
    assert [str(path.relative_to(ROOT)) for path in users] == ["trainables/classical/trainable.py"]


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "def f():\n    import cloudpickle",
        "import torch\ntorch.load(path)",
        "import torch\ntorch.load(path, weights_only=False)",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "import numpy as np\nnp.lib.format.read_array(file, allow_pickle=trusted)",
        "import yaml\nyaml.load(text, yaml.Loader)",
        "eval(text)",
        "exec(text)",
    ],
)
def test_each_dangerous_way_is_found(source):
    assert offences(source)


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.load(path, map_location='cpu', weights_only=True)",
        "import numpy as np\nnp.load(path)",
        "import numpy as np\nnp.load(path, allow_pickle=False)",
        "import yaml\nyaml.safe_load(text)",
        "network.eval()",
    ],
)
def test_safe_ways_pass(source):
    assert offences(source) == []
