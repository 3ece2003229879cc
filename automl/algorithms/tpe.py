"""Tree-structured Parzen estimator: hyperopt's own `tpe.suggest` on a history of our making.

Section 4.2 of the paper tunes extractors and classifiers with it (Bergstra et al. 2013).
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, cast

import hyperopt
from hyperopt.base import JOB_STATE_DONE, STATUS_OK, Domain, Trials

from automl.algorithms.asktell import AskTell, Proposal
from automl.algorithms.base import Budget
from automl.algorithms.initial import Initial, checked_initial
from automl.algorithms.random_search import single_rung
from automl.algorithms.randomness import numbered_seed
from automl.algorithms.ranking import DistinctLosses
from automl.algorithms.settings import number as checked_number
from automl.algorithms.settings import whole
from searchspaces import Space, from_hyperopt_vals, to_hyperopt, to_hyperopt_vals

# hyperopt's document of one trial: a nested dict with `tid`, `misc`, `result` and `state`.
Document = dict[str, Any]


class TPE(AskTell[Document]):
    """Random until `n_startup_jobs` results are told, then TPE on all results told so far.

    Initial configurations come first, as `points_to_evaluate` of `hyperopt.fmin`: their results
    are part of the history and count towards `n_startup_jobs`.
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
        initial: Initial = (),
    ) -> None:
        """Set up the search; the three settings of the model are hyperopt's, with its defaults.

        Args:
            space: The space to search.
            seed: Seed of everything drawn.
            trials: Number of evaluations.
            budget: Budget of each evaluation.
            n_startup_jobs: Results needed before the model is used.
            gamma: ceil(gamma * sqrt(n)) of n results are taken as the good ones.
            n_EI_candidates: Candidates drawn from the good model to maximise the expected
                improvement.
            initial: Configurations to evaluate before any is drawn.

        Raises:
            ValueError: If a setting is out of range, or as `checked_initial` does.
        """
        self._budget = checked_number("budget", budget, above=0)
        plan = single_rung(whole("trials", trials, least=1), self._budget)
        super().__init__("tpe", plan)
        self._initial = checked_initial(initial, space, plan)
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
        if number < len(self._initial):
            given = deepcopy(self._initial[number])
            document = self._document(number, given)
            return Proposal(given, self._budget, "warm_start", handle=document)
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

    def _document(self, number: int, configuration: dict[str, Any]) -> Document:
        """The document that `suggest` would have made, had it drawn this configuration."""
        vals = to_hyperopt_vals(self._space, configuration)
        misc = {
            "tid": number,
            "cmd": self._domain.cmd,
            "workdir": self._domain.workdir,
            "idxs": {label: [number] * len(codes) for label, codes in vals.items()},
            "vals": vals,
        }
        (document,) = self._history.new_trial_docs(
            [number], [None], [self._domain.new_result()], [misc]
        )
        return cast(Document, document)

    def _learn(self, handle: Document, loss: float | None) -> None:
        handle["result"] = {"status": STATUS_OK, "loss": self._losses.distinct(loss)}
        handle["state"] = JOB_STATE_DONE
        self._history.insert_trial_doc(handle)
        self._history.refresh()


def _never_evaluated(_: object) -> float:
    """The objective hyperopt's `Domain` asks for; results are told, never computed by it."""
    raise AssertionError("hyperopt must not evaluate a configuration")
