"""Ledgers of searches that never ran, for what is learnt from their costs."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np

from automl.costs import forecast
from automl.ledger import Ledger
from automl.planning import Checked
from automl.settings import parse_settings
from searchspaces import configuration_id, parse_space, sample

SPACE = {
    "name": "made up",
    "source": "none",
    "parameters": {
        "kind": {"type": "categorical", "choices": ["glcm", "lbp"], "default": "lbp"},
        "distances": {
            "type": "subset",
            "of": [1, 2, 4, 8],
            "default": [1],
            "when": {"kind": "glcm"},
        },
        "trees": {"type": "ordinal", "choices": [10, 100, 1000], "default": 10},
        "depth": {"type": "integer", "lower": 1, "upper": 1000, "log": True, "default": 1},
        "rate": {"type": "float", "lower": 0.0, "upper": 2.0, "default": 1.0},
    },
}


def checked(config, resumable=True):
    space = parse_space(config["space"], where="space")
    trainable = SimpleNamespace(resumable=resumable)
    return Checked(parse_settings(config), space, None, trainable)


def predicted(config, resumable=True):
    return forecast(checked(config, resumable), "new")


def truth(configuration):
    """Seconds an epoch."""
    seconds = 0.2 * {10: 1.0, 100: 3.0, 1000: 20.0}[configuration["trees"]]
    if configuration["kind"] == "glcm":
        seconds *= 2.0 * len(configuration["distances"]) ** 0.8
    at = math.log(configuration["depth"]) / math.log(1000)
    return seconds * math.exp(1.5 * at - 0.8 * at**2 + 0.5 * configuration["rate"])


class Story:
    """A ledger, written as a driver would, with a clock of its own."""

    def __init__(self, config, name="old"):
        folder = parse_settings(config).runs / name
        folder.mkdir()
        self.path = folder / "ledger.jsonl"
        self._ledger = Ledger(folder)
        self.now, self.count = 1000.0, 0
        self.event("plan", name=name, config=config)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ledger.close()

    def event(self, event, **fields):
        self._ledger.append(event, time=self.now, **fields)

    def ask(self, configuration, budget):
        self.count += 1
        self.event(
            "asked",
            number=self.count,
            phase="search",
            configuration_id=configuration_id(configuration),
            configuration=configuration,
            budget=budget,
            previous_budget=None,
        )
        self.now += 50.0
        return self.count

    def start(self, number, attempt=1):
        self.event("started", number=number, attempt=attempt)

    def epochs(self, number, epochs, seconds, first=1):
        for epoch in range(first, first + epochs):
            self.now += seconds
            self.event("reported", number=number, epoch=epoch, metrics={})

    def finish(self, number, answered_by=None):
        self.event("finished", number=number, loss=0.5, metrics={}, answered_by=answered_by)

    def trial(self, configuration, seconds, budget=1):
        number = self.ask(configuration, budget)
        self.start(number)
        self.epochs(number, budget, seconds)
        self.finish(number)


def some(count, seed=1):
    rng, space = np.random.default_rng(seed), parse_space(SPACE, where="space")
    return [sample(space, rng) for _ in range(count)]


def tell(config, count=10, seconds=2.0, name="old"):
    """Write trials that all cost the same."""
    with Story(config, name) as story:
        for configuration in some(count):
            story.trial(configuration, seconds)
    return story.path
