"""What only the commands of DeepFreak's benchmarks take: a device, topologies, and options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
import yaml

from automl.errors import UserError
from benchmarks.deepfreak_sides import COMMON
from benchmarks.words import choice, listed, whole
from trainables.deepfreak.options import Options
from trainables.deepfreak.topologies import topology

device = choice("cpu", "cuda")
size = whole(64)
topologies = listed(lambda text: topology(whole(0)(text)).number)


def options(text: str) -> dict[str, Any]:
    """The trainable's own: ``precision:bfloat16,cuda_graphs:true``."""
    given = {}
    for part in re.split(r",(?=\w+:)", text):  # a list has commas of its own
        name, colon, value = part.partition(":")
        if not colon or not name or not value:
            raise ValueError("expected options=NAME:VALUE,NAME:VALUE")
        try:
            given[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ValueError(f"the value of {name} is not legal YAML") from error
    return given


def checked(device: str, width: float | None, options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the options with the width.

    Raises:
        UserError: The device is not there, or the options are none of the trainable's.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("device=cuda: torch finds no CUDA device; use a machine that has one")
    wanted = {**({} if width is None else {"width": width}), **(options or {})}
    try:
        Options.parse({**COMMON, **wanted})
    except ValueError as error:
        raise UserError(str(error)) from error
    return wanted
