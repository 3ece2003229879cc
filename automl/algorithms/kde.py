"""BOHB's model: HpBandSter's own kernel density estimators, without its side effects.

HpBandSter's generator draws from NumPy's global generator, hides its exceptions behind a random
draw and a log line, and is built on deprecated calls of ConfigSpace. Here it draws from a stream
of its own, a hidden exception comes out as `AlgorithmError`, and it is silent.
"""

from __future__ import annotations

import logging
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from hpbandster.optimizers.config_generators import bohb as hpbandster_bohb

from automl.algorithms.base import AlgorithmError, Budget
from automl.algorithms.randomness import as_numpy_global, derived_seeds
from automl.algorithms.ranking import DistinctLosses
from automl.algorithms.sampling import Draw
from automl.algorithms.settings import number, whole
from searchspaces import Space, from_configspace, to_hpbandster, to_values

# What the generator logs before it goes on with a random draw, from its source. Its warnings of
# an infinite expected improvement (a category the bad results lack) are harmless: it takes the
# candidate.
_HIDDEN_FAILURES = ("Sampling based optimization", "Truncated Normal failed", "Error (")
# No exception, and logged for debugging only: the density is NaN at every candidate. The generator
# then trips over its own random draw, reports that as an "Error (" and draws once more.
_NO_CANDIDATE = "samples failed -> using random configuration"


@dataclass(frozen=True)
class KDESettings:
    """HpBandSter's settings of the model, with its defaults (Falkner et al. 2018).

    Attributes:
        min_points_in_model: Results on one budget before it is modelled; at least the number of
            parameters + 1, which is also what None means.
        top_n_percent: Share of the results that counts as good, in percent.
        num_samples: Candidates drawn to maximise the expected improvement.
        random_fraction: Share of draws that ignore the model.
        bandwidth_factor: Widening of the bandwidth that candidates are drawn with.
        min_bandwidth: Smallest bandwidth.
    """

    min_points_in_model: int | None = None
    top_n_percent: int = 15
    num_samples: int = 64
    random_fraction: float = 1 / 3
    bandwidth_factor: float = 3.0
    min_bandwidth: float = 1e-3

    def check(self, parameters: int) -> None:
        """Refuse settings out of range for a space with so many parameters.

        Raises:
            ValueError: Naming the setting.
        """
        if self.min_points_in_model is not None:
            whole("min_points_in_model", self.min_points_in_model, least=parameters + 1)
        if whole("top_n_percent", self.top_n_percent, least=1) > 99:
            raise ValueError(f"top_n_percent={self.top_n_percent}: must be at most 99")
        whole("num_samples", self.num_samples, least=1)
        if self.random_fraction != 0:
            number("random_fraction", self.random_fraction, above=0, most=1)
        number("bandwidth_factor", self.bandwidth_factor, above=0)
        number("min_bandwidth", self.min_bandwidth, above=0)


@dataclass(frozen=True)
class _Job:
    """The part of HpBandSter's `Job` that its generator reads."""

    id: tuple[int, ...]
    kwargs: dict[str, Any]
    result: dict[str, float]
    exception: None = None


class KDESampler:
    """Draws from the model of the largest budget that has one, else uniformly."""

    def __init__(self, space: Space, seed: int, settings: KDESettings) -> None:
        """Raises ValueError if a setting is out of range."""
        settings.check(len(space.parameters))
        space_seed, model_seed = derived_seeds(seed, 2)
        self._space = space
        self._state = np.random.RandomState(model_seed)
        self._losses: defaultdict[Budget, DistinctLosses] = defaultdict(DistinctLosses)
        self._log = _MessageCollector()
        with _quiet():
            self._generator = hpbandster_bohb.BOHB(
                configspace=to_hpbandster(space, space_seed),
                logger=self._log.logger(),
                **vars(settings),
            )

    def draw(self, budget: Budget) -> Draw:
        """A new configuration; of origin `fallback` if no candidate had a density.

        Raises:
            AlgorithmError: If the model failed and HpBandSter would have hidden it.
        """
        with _quiet(), as_numpy_global(self._state):
            encoded, info = self._generator.get_config(budget)
        messages = self._log.take()
        origin = "model" if info["model_based_pick"] else "random"
        if any(_NO_CANDIDATE in message for message in messages):
            origin = "fallback"
            messages = [m for m in messages if _NO_CANDIDATE not in m and "Error (" not in m]
        _raise_hidden_failure(messages)
        return Draw(from_configspace(self._space, encoded), origin, encoded=encoded)

    def given(self, configuration: dict[str, Any]) -> Draw:
        """A draw that is `configuration`, encoded so that the model learns from its results."""
        encoded = to_values(self._space, configuration, "hpbandster")
        return Draw(configuration, "warm_start", encoded=encoded)

    def learn(self, draw: Draw, budget: Budget, loss: float | None) -> None:
        """Refit the model of `budget`; a failed evaluation counts as its worst result."""
        job = _Job(
            id=(),
            kwargs={"config": draw.encoded, "budget": budget},
            result={"loss": self._losses[budget].distinct(loss)},
        )
        with _quiet(), as_numpy_global(self._state):
            self._generator.new_result(job)


def _raise_hidden_failure(messages: list[str]) -> None:
    for message in messages:
        if message.startswith(_HIDDEN_FAILURES):
            if "KeyboardInterrupt" in message:  # its bare `except:` catches that as well
                raise KeyboardInterrupt
            raise AlgorithmError(
                f"BOHB's model failed to propose a configuration: {_cause(message)}"
            )


class _MessageCollector(logging.Handler):
    """Keeps what one generator says of its draws: warnings, and that it had no candidate."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._messages: list[str] = []

    def logger(self) -> logging.Logger:
        """A logger of its own, outside the tree of named loggers, that only writes here."""
        logger = logging.Logger("hpbandster", logging.DEBUG)
        logger.addHandler(self)
        return logger

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if record.levelno >= logging.WARNING or _NO_CANDIDATE in message:
            self._messages.append(message)

    def take(self) -> list[str]:
        """The messages since the last call."""
        messages, self._messages = self._messages, []
        return messages


def _cause(message: str) -> str:
    """The exception's own words out of a logged message, in one line."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    if "Using random configuration" in lines:  # the line after a traceback
        return lines[lines.index("Using random configuration") - 1]
    return lines[0].split(" converting configuration")[0]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the deprecations of ConfigSpace and the divisions by zero of statsmodels."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        for category in (DeprecationWarning, FutureWarning, RuntimeWarning):
            warnings.simplefilter("ignore", category)
        yield
