"""What the commands of DeepFreak's benchmarks are told: KEY=VALUE words, read and checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import yaml

from trainables.deepfreak.topologies import topology

LEAST_SIZE = 64


class UsageError(ValueError):
    """A word that cannot be followed; the text is one line."""


Reader = Callable[[str, str], Any]


def read(words: Sequence[str], readers: Mapping[str, Reader]) -> dict[str, Any]:
    """Values by name, as the readers made them.

    Raises:
        UsageError: naming the word.
    """
    given: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in readers:
            raise UsageError(f"{word}: expected KEY=VALUE with one of {', '.join(readers)}")
        given[key] = readers[key](word, value)
    return given


def whole(least: int = 1) -> Reader:
    def reader(word: str, value: str) -> int:
        if not value.isdecimal() or int(value) < least:
            raise UsageError(f"{word}: must be a whole number of at least {least}")
        return int(value)

    return reader


def wholes(word: str, value: str) -> list[int]:
    one = whole(1)
    return [one(word, part) for part in value.split(",")]


def topologies(word: str, value: str) -> list[int]:
    try:
        return [topology(whole(0)(word, part)).number for part in value.split(",")]
    except ValueError as error:
        raise UsageError(f"{word}: {error}") from error


def positive(word: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise UsageError(f"{word}: must be a positive number")
    return number


def switch(word: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise UsageError(f"{word}: true or false")
    return value == "true"


def device(word: str, value: str) -> str:
    if value not in ("cpu", "cuda"):
        raise UsageError(f"{word}: cpu or cuda")
    return value


def options(word: str, value: str) -> dict[str, Any]:
    """The trainable's own: ``precision:bfloat16,cuda_graphs:true``."""
    given = {}
    for part in re.split(r",(?=\w+:)", value):  # a list has commas of its own
        name, colon, text = part.partition(":")
        if not colon or not name or not text:
            raise UsageError(f"{word}: expected options=NAME:VALUE,NAME:VALUE")
        try:
            given[name] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise UsageError(f"{word}: the value of {name} is not legal YAML") from error
    return given


def require(name: str) -> None:
    """Refuse a device that is not there.

    Raises:
        UsageError: torch finds no CUDA device.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("device=cuda: torch finds no CUDA device; use a machine that has one")
