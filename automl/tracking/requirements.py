"""The packages that a model needs where it is served, in the versions that it was made with."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions, version
from pathlib import Path
from types import ModuleType

SERVING = ("mlflow", "numpy", "pandas")


def pinned(names: Iterable[str]) -> list[str]:
    """Return ``name==version`` of installed distributions."""
    return [f"{name}=={version(name)}" for name in names]


def of_package(package: str) -> list[str]:
    """Return what serves a model of a package that was loaded and used in this process.

    Only modules that are loaded count: of a package with several kinds of models, each needs
    its own libraries. Where two distributions give one module, the first is taken.
    """
    owners = packages_distributions()
    modules = {name for path in _sources(package) for name in _imported(path)}
    needed = {owners[name][0] for name in modules if name in owners and name != package}
    return pinned([*SERVING, *sorted(needed - set(SERVING))])


def folder_of(package: str) -> Path:
    """Return the folder or file that a loaded top-level package lies in."""
    module = sys.modules[package]
    if hasattr(module, "__path__"):
        return Path(next(iter(module.__path__)))
    return Path(str(module.__file__))


def _sources(package: str) -> Iterator[Path]:
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == package and isinstance(module, ModuleType):
            path = Path(getattr(module, "__file__", None) or "")
            if path.suffix == ".py":
                yield path


def _imported(path: Path) -> Iterator[str]:
    """Yield the top-level names that a module imports, also within functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]
