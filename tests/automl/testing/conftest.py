from __future__ import annotations

import sys
from pathlib import Path

STUBS = str(Path(__file__).parent / "stubs")
if STUBS not in sys.path:
    sys.path.insert(0, STUBS)
