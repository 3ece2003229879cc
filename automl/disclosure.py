"""What must not leave this machine with a result: credentials, and the home folder's name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HIDDEN = "…"
"""Stands for credentials in what is recorded or shown."""

# Where SQLAlchemy and MLflow's client look for them: user:password@ behind the scheme.
_USER = re.compile(r"(?<=://)[^:/@\s'\"<>]*(?::[^\s'\"<>]*)?@")
_SECRET = "pass|pwd|token|secret|credential|api_?key|access_?key|signature"
_QUERY = re.compile(rf"([?&][^=&\s'\"]*(?:{_SECRET})[^=&\s'\"]*=)[^&\s'\"<>]*", re.IGNORECASE)
# Keys that hold addresses, by section; none of them makes a search what it is.
_ADDRESSES = (("tracking", "uri"), ("tracking", "artifacts"), ("cluster", "address"))


def hidden(text: str) -> str:
    """Return a text with ``…`` in the place of credentials inside URIs."""
    return _QUERY.sub(rf"\1{HIDDEN}", _USER.sub(f"{HIDDEN}@", text))


def has_hidden(uri: str) -> bool:
    """Whether a URI was recorded without its credentials, so that it cannot be used."""
    return HIDDEN in uri


def recorded(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a composed configuration as the ledger keeps it: its addresses without credentials."""
    kept = dict(config)
    for section, key in _ADDRESSES:
        values = kept.get(section)
        if isinstance(values, Mapping) and isinstance(values.get(key), str):
            kept[section] = {**values, key: hidden(values[key])}
    return kept


def public(text: str) -> str:
    """Return a text as it may leave this machine: no credentials, ``~`` for the home folder."""
    text = hidden(text)
    try:
        home = str(Path.home())
    except RuntimeError:  # no home, so nobody's name
        return text
    if not home.strip("/"):
        return text
    return re.sub(rf"(?<![\w.~-]){re.escape(home)}(?![\w.-])", "~", text)
