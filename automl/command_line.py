"""A command as the user can type it again."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from automl.disclosure import hidden


def python_command(module: str, words: Sequence[str]) -> str:
    """Return ``python -m module words…`` for a shell, with the Python that runs now.

    Credentials in the words are left out: a terminal's output may be kept.
    """
    here, python = Path.cwd(), Path(sys.executable)
    shown = python.relative_to(here) if python.is_relative_to(here) else python
    return shlex.join([str(shown), "-m", module, *map(hidden, words)])
