"""A data set and a trainable that cost nothing, for tests of the orchestrator."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CLASSES = ("dark", "bright")


@dataclass(frozen=True)
class StubDomain:
    name: str
    classes: tuple[str, ...] = CLASSES
    projection: tuple[int, ...] = (0, 1)
    splits: tuple[str, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class StubSplit:
    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    digest: str


class StubData:
    """Forty 4x4 images a split; bright ones are the second class."""

    classes = CLASSES
    image_shape = (4, 4)
    digest = "0" * 64
    views = {}
    domains = {
        "synthetic": StubDomain("synthetic"),
        "real": StubDomain("real", splits=("validation", "test")),
    }

    def __init__(self, packed: Path, sealed: bool = True):
        self.packed = packed
        self._sealed = sealed

    @classmethod
    def check(cls, options):
        if options.get("root") == "missing":
            raise ValueError("data.root: there is no folder 'missing'")

    @classmethod
    def selectable(cls, options):
        return [domain.name for domain in cls.domains.values() if "validation" in domain.splits]

    @classmethod
    def prepare(cls, options, *, cache, workers, progress=None):
        return cls(Path(cache))

    @classmethod
    def open(cls, packed, *, sealed=True):
        return cls(packed, sealed)

    def unsealed(self):
        return type(self)(self.packed, sealed=False)

    def split(self, domain, split):
        if split == "test" and self._sealed:
            raise PermissionError(f"{domain}/test is sealed")
        labels = np.arange(40) % 2
        images = np.repeat(labels, 16).reshape(40, 4, 4).astype(np.uint8) * 200
        return StubSplit(images, labels, tuple(map(str, range(40))), f"{domain}-{split}")

    def describe(self):
        counts = {"dark": 20, "bright": 20}
        return {
            "name": "stub",
            "digest": self.digest,
            "surrogate": False,
            "note": "no images of anything",
            "counts": {
                name: dict.fromkeys(domain.splits, counts) for name, domain in self.domains.items()
            },
        }


class StubModel:
    classes = CLASSES
    native = None
    flavor = "none"

    def __init__(self, right: float):
        self._right = right

    def predict_proba(self, images):
        return probabilities(self._right, (images[:, 0, 0] > 0).astype(int))


def probabilities(right, labels):
    """Put the first ``right`` of the labels where they belong, the others where not."""
    wrong = np.arange(len(labels)) >= round(right * len(labels))
    chosen = np.where(wrong, 1 - labels, labels)
    return np.eye(2)[chosen]


def quality(configuration, seed, epoch):
    """A learning curve: rises with epochs towards a peak that depends on the configuration."""
    peak = 1.0 - (configuration["x"] - 0.3) ** 2 - (0.1 if configuration["kind"] == "b" else 0.0)
    jitter = ((seed * 2654435761) % 1000) / 20000
    return max(0.0, min(1.0, peak * (1 - 0.5**epoch) - jitter))


class StubTrainable:
    """Accuracy by a formula; x above 0.95 diverges, x below 0.03 raises, x in a gap kills."""

    resumable = True

    @classmethod
    def check(cls, options, space_parameters, image_shape):
        unknown = sorted(set(options) - {"seconds", "jitter", "log", "deadly"})
        if unknown:
            raise ValueError(f"trainable.options.{unknown[0]}: unknown")

    def __init__(self, data, options, device):
        self._data = data
        self._options = options

    def train(self, configuration, *, seed, budget, checkpoint):
        done, notes = 0, {}
        if checkpoint.exists():
            try:
                done = json.loads(checkpoint.read_text())["epoch"]
            except ValueError:
                notes = {"note": f"{checkpoint.name} is damaged"}
        for epoch in range(1, budget + 1):
            if epoch > done:
                self._epoch(configuration, seed, epoch)
            if configuration["x"] > 0.95:
                yield {"epoch": epoch, "status": "diverged", "reason": f"x at epoch {epoch}"}
                return
            if configuration["x"] < 0.03:
                raise ArithmeticError("x is too small")
            right = quality(configuration, seed, epoch)
            if epoch > done:
                checkpoint.write_text(json.dumps({"epoch": epoch, "right": right}))
            scores = self._data.score(probabilities(right, self._data.validation.labels))
            curves = {"train_accuracy": right, "train_loss": 1 - right, **scores}
            yield {"epoch": epoch, **curves, **notes}
            notes = {}

    def _epoch(self, configuration, seed, epoch):
        time.sleep(self._options.get("seconds", 0.0))
        # No seed: `jitter` is for searches that must not depend on how long an epoch takes.
        time.sleep(random.SystemRandom().uniform(0.0, self._options.get("jitter", 0.0)))
        if self._options.get("log"):
            line = json.dumps([sorted(configuration.items()), seed, epoch]) + "\n"
            with Path(self._options["log"]).open("a") as file:
                file.write(line)
        if self._options.get("deadly") and 0.4 < configuration["x"] < 0.6:
            os.kill(os.getpid(), signal.SIGKILL)

    def load(self, checkpoint):
        return StubModel(json.loads(Path(checkpoint).read_text())["right"])
