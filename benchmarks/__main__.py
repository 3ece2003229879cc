"""``python -m benchmarks``: run every benchmark's short form, one after the other.

Each is a module with ``main(short: bool)`` and can be run alone: ``python -m benchmarks.overhead``.
"""

from __future__ import annotations

from importlib import import_module

BENCHMARKS = (
    "overhead",
    "suggestions",
    "continuation",
    "cluster",
    "busy",
    "simulator",
    "features",
    "codebooks",
    "classical",
    "deepfreak",
    "topologies",
    "screening_variants",
    "preview",
    "mlflow_ui",
    "search_quality",
)

if __name__ == "__main__":
    for name in BENCHMARKS:
        module = import_module(f"benchmarks.{name}")
        print(f"== {name}: {(module.__doc__ or '').strip().splitlines()[0]}", flush=True)
        module.main(short=True)
