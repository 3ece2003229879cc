"""What a finished search hands over to MLflow besides its ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl.tracking.model import ModelSource


@dataclass(frozen=True)
class Outcome:
    """Results, files by artifact name, what gives the chosen model; ``time`` in milliseconds."""

    results: Mapping[str, Any]
    files: Mapping[str, Path]
    figures: Mapping[str, Path]
    model: ModelSource | None
    time: int
