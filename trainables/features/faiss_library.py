"""faiss, with the matrix kernels that suit the processor."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np  # noqa: F401  loads its OpenBLAS
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

_VARIABLE = "OPENBLAS_CORETYPE"

# What numpy's OpenBLAS calls a processor, and the nearest that faiss's older one has kernels for.
_KERNELS: Mapping[str, str] = {
    "SapphireRapids": "SkylakeX",
    "Cooperlake": "SkylakeX",
    "SkylakeX": "SkylakeX",
    "Haswell": "Haswell",
    "Zen": "Zen",
}


def load() -> Any:
    """Import faiss.

    The OpenBLAS in its wheel is of 2021 and takes a newer processor for one without AVX: 5,000
    words take five times as long. So it is told, while it loads, what numpy's has found out.
    """
    kernels = _KERNELS.get(_architecture_of_numpy())
    if kernels is None or _VARIABLE in os.environ:
        import faiss
    else:
        os.environ[_VARIABLE] = kernels
        try:
            import faiss
        finally:
            del os.environ[_VARIABLE]
    return faiss


def _architecture_of_numpy() -> str:
    found = ThreadpoolController().select(internal_api="openblas").info()
    return next((str(entry["architecture"]) for entry in found), "")
