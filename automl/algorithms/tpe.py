"""Tree-structured Parzen estimator: hyperopt's own `tpe.suggest` on a history of our making.

Section 4.2 of the paper tunes extractors and classifiers with it (Bergstra et al. 2013).
"""

from __future__ import annotations

from typing import Any

import hyperopt
from hyperopt.base import JOB_STATE_DONE, STATUS_OK, Domain, Trials

from automl.algorithms.asktell import AskTell, Proposal
from automl.algorithms.base import Budget
from automl.algorithms.random_search import single_rung
from automl.algorithms.randomness import numbered_seed
from automl.algorithms.ranking import DistinctLosses
from automl.algorithms.settings import number as checked_number
from automl.algorithms.settings import whole
from searchspaces import Space, from_hyperopt_vals, to_hyperopt

# hyperopt's document of one trial: a nested dict with `tid`, `misc`, `result` and `state`.
Document = dict[str, Any]


class TPE(AskTell[Document]):
    """Random until `n_startup_jobs` results are told, then TPE on all results told so far.

    Suggestions still outstanding are not part of the history. A failed evaluation is: it counts
    as worse than every loss, whereas `hyperopt.fmin` would forget it and propose it again.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        *,
        trials: int,
        budget: Budget = 1,
        n_startup_jobs: int = 20,
        gamma: float = 0.25,
        n_EI_candidates: int = 24,
    ) -> None:
        """Set up the search; the last three settings are hyperopt's, with its defaults.

        Args:
            space: The space to search.
            seed: Seed of everything drawn.
            trials: Number of evaluations.
            budget: Budget of each evaluation.
            n_startup_jobs: Results needed before the model is used.
            gamma: ceil(gamma * sqrt(n)) of n results are taken as the good ones.
            n_EI_candidates: Candidates drawn from the good model to maximise the expected
                improvement.

        Raises:
            ValueError: If a setting is out of range.
        """
        self._budget = checked_number("budget", budget, above=0)
        super().__init__("tpe", single_rung(whole("trials", trials, least=1), self._budget))
        self._space = space
        self._seed = seed
        self._settings = {
            "n_startup_jobs": whole("n_startup_jobs", n_startup_jobs, least=1),
            "gamma": float(checked_number("gamma", gamma, above=0)),
            "n_EI_candidates": whole("n_EI_candidates", n_EI_candidates, least=1),
        }
        self._domain = Domain(_never_evaluated, to_hyperopt(space))
        self._history = Trials()
        self._losses = DistinctLosses()

    def _propose(self, number: int) -> Proposal[Document]:
        startup = len(self._history.trials) < self._settings["n_startup_jobs"]
        (document,) = hyperopt.tpe.suggest(
            [number],
            self._domain,
            self._history,
            numbered_seed(self._seed, number),
            verbose=False,
            **self._settings,
        )
        return Proposal(
            from_hyperopt_vals(self._space, document["misc"]["vals"]),
            self._budget,
            "random" if startup else "model",
            handle=document,
        )

    def _learn(self, handle: Document, loss: float | None) -> None:
        handle["result"] = {"status": STATUS_OK, "loss": self._losses.distinct(loss)}
        handle["state"] = JOB_STATE_DONE
        self._history.insert_trial_doc(handle)
        self._history.refresh()


def _never_evaluated(_: object) -> float:
    """The objective hyperopt's `Domain` asks for; results are told, never computed by it."""
    raise AssertionError("hyperopt must not evaluate a configuration")
