import os
import subprocess
import sys

import pytest

from trainables.features.faiss_library import load

SHOW = """
import os
import numpy
from trainables.features.faiss_library import load
load()
from threadpoolctl import threadpool_info
print(os.environ.get("OPENBLAS_CORETYPE"))
print(*(i["architecture"] for i in threadpool_info() if i["internal_api"] == "openblas"))
"""


def shown(**environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        env={k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_both_libraries_use_the_same_kernels() -> None:
    variable, *architectures = shown()
    assert variable == "None"
    if architectures[0] not in ("Haswell", "SkylakeX", "Zen") or len(architectures) < 2:
        pytest.skip(f"kernels {architectures}: faiss may have others")
    assert len(set(architectures)) == 1


def test_a_choice_of_the_user_stays() -> None:
    variable, *architectures = shown(OPENBLAS_CORETYPE="Nehalem")
    assert variable == "Nehalem"
    assert set(architectures) == {"Nehalem"}


def test_it_is_faiss() -> None:
    assert load().Kmeans is not None
