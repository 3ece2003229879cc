"""All wrong inputs, by the part of docs/errors.md that lists them, and that page's tables."""

from __future__ import annotations

from wrong_commands import COMPARE, OTHERS, SIMULATE
from wrong_config import CONFIG
from wrong_data import DATA
from wrong_input import WrongInput
from wrong_predictions import PREDICT
from wrong_searches import SEARCHES
from wrong_spaces import SPACES
from wrong_stores import STORES

SECTIONS = {
    "Groups, keys and values": CONFIG,
    "Spaces and algorithms": SPACES,
    "Images": DATA,
    "Folders, MLflow and Ray": STORES,
    "Searches taken up again, and warm starts": SEARCHES,
    "`automl.predict`": PREDICT,
    "`automl.compare`": COMPARE,
    "`automl.report`, `automl.sync`, `automl.ui`": OTHERS,
    "`diffranet.simulate`": SIMULATE,
}
ALL = {case.what: case for cases in SECTIONS.values() for case in cases}

_LONGEST = 60


def tables() -> str:
    """Return the tables of docs/errors.md in Markdown."""
    parts = []
    for title, cases in SECTIONS.items():
        rows = [_row(case) for case in cases]
        head = ["| wrong | typed | the line | besides |", "|---|---|---|---|"]
        parts.append("\n".join([f"## {title}", "", *head, *rows]))
    return "\n\n".join(parts) + "\n"


def _row(case: WrongInput) -> str:
    words = [word if len(word) <= _LONGEST else f"{word[:_LONGEST]}…" for word in case.words]
    notes = [case.remedy] if case.remedy else []
    if case.late:
        notes.append("said once Ray has started")
    if case.status != 2:
        notes.append(f"exit status {case.status}")
    typed = _code(" ".join(_shell(word) for word in words)) if words else ""
    cells = (case.what, typed, _code(case.line), "; ".join(notes))
    return "| " + " | ".join(cells) + " |"


def _shell(word: str) -> str:
    return f"'{word}'" if set(word) & set("[]{}$*(); ") else word


def _code(text: str) -> str:
    shown = text.replace("|", "\\|")
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"
