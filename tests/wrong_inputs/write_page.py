"""Write the tables of docs/errors.md again: ``python tests/wrong_inputs/write_page.py``."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "errors.md"
MARK = "<!-- Below: written by tests/wrong_inputs/write_page.py from the list that is tested. -->\n"


def main() -> None:
    """Replace what stands below the mark."""
    sys.path.insert(0, str(HERE))
    from wrong_inputs import tables

    head, _, _ = PAGE.read_text().partition(MARK)
    PAGE.write_text(f"{head}{MARK}\n{tables()}")


if __name__ == "__main__":
    main()
