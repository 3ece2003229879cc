"""Lines for whoever watches: in what their terminal can show, and never an end to a search."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

_ASCII = str.maketrans({"–": "-", "·": "|", "×": "x", "…": "...", "η": "eta", "→": "->"})


def encodable(text: str, encoding: str | None) -> str:
    """Return the text in characters that an encoding has."""
    encoding = encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    return text


def say(text: str) -> None:
    """Print lines; a reader that is gone (a closed pipe) is no reason to stop."""
    try:
        print(encodable(text, sys.stdout.encoding), flush=True)
    except (OSError, ValueError):
        # Or Python complains of the same when it ends.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
