from __future__ import annotations

import sys
from pathlib import Path

WRONG_INPUTS = str(Path(__file__).parents[1] / "wrong_inputs")
if WRONG_INPUTS not in sys.path:
    sys.path.insert(0, WRONG_INPUTS)
