"""Models of earlier versions, which are pickles: for who trusts them, and for nobody else."""

import pickle
from pathlib import Path

import joblib
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from trainables.classical.forest import ArrayForest
from trainables.classical.machine import MatrixSVC


def load_trusted(path: Path) -> Pipeline:
    """Read a pickled pipeline: any code in the file is run.

    Its classifier becomes one of today's.

    Raises:
        ValueError: The file is missing, damaged, or not a pipeline.
    """
    try:
        pipeline = joblib.load(path)
    except FileNotFoundError:
        raise ValueError(f"{path}: there is no such model; train it first") from None
    except (
        OSError, EOFError, ValueError, KeyError, IndexError, AttributeError, ImportError,
        pickle.UnpicklingError,
    ) as error:  # fmt: skip
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path}: not a readable model ({reason}); train it again") from error
    if not isinstance(pipeline, Pipeline):
        kind = type(pipeline).__name__
        raise ValueError(f"{path}: holds a {kind}, not a scikit-learn Pipeline; train it again")
    *steps, (name, classifier) = pipeline.steps
    if isinstance(classifier, RandomForestClassifier) or hasattr(classifier, "_onedal_estimator"):
        classifier = ArrayForest().adopt(classifier)
    elif isinstance(classifier, SVC):
        classifier = MatrixSVC().adopt(classifier)
    return Pipeline([*steps, (name, classifier)])
