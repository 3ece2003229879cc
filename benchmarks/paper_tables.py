"""Tables 3, 4, 5, 12 and 13 of the paper, ours beside the paper's.

python -m benchmarks.paper_tables NAME [NAME …] [runs=runs]

Reads results.json of finished classical searches: the best configuration of each classifier and of
each extractor over all of them, and what each search's chosen model did on the test split.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from automl import paper
from automl.errors import UserError
from automl.formatting import configuration, percent
from automl.statistics import precision_recall, wilson_interval
from benchmarks.words import Command

Results = Mapping[str, Any]
Best = Mapping[str, Any]

_PUBLISHED = {
    "classifier": ("Table 3", {"rf": ("GLCM", 0.9858), "svm": ("GLCM", 0.9788)}),
    "extractor": (
        "Table 4",
        {"glcm": ("RF", 0.9858), "lbp": ("SVM", 0.9671), "sift": ("RF", 0.5642)},
    ),
}
_OTHER = {"classifier": "extractor", "extractor": "classifier"}


def best_of(results: Sequence[Results], part: str) -> dict[str, Best]:
    """The best finished configuration of each value of a parameter."""
    best: dict[str, Best] = {}
    for one in results:
        for found in one["configurations"]:
            accuracy, value = found["validation_accuracy"], found["configuration"].get(part)
            if accuracy is None or value is None:
                continue
            if value not in best or accuracy > best[value]["validation_accuracy"]:
                best[value] = found
    return best


def validation_table(results: Sequence[Results], part: str) -> list[str]:
    """Table 3 or 4: the best of each classifier or extractor on the validation split."""
    source, published = _PUBLISHED[part]
    images = sum(results[0]["data"]["counts"]["synthetic"]["validation"].values())
    best = best_of(results, part)
    lines = [f"{source}: the best of each {part}, validation accuracy"]
    for value, (other, accuracy) in published.items():
        theirs = f"paper {percent(accuracy)} with {other}"
        if value not in best:
            lines.append(f"  {value:<6} no trial finished; {theirs}")
            continue
        found = best[value]
        mine = found["validation_accuracy"]
        low, high = wilson_interval(round(mine * images), images)
        lines.append(
            f"  {value:<6} {percent(mine)} ({percent(low)} to {percent(high)}) "
            f"with {found['configuration'][_OTHER[part]]}; {theirs}"
        )
        lines.append(f"         {configuration(found['configuration'])}")
    return lines


def chosen_parts(one: Results) -> tuple[str, str]:
    """Extractor and classifier of a search's chosen model."""
    chosen = next(entry for entry in one["confirmation"] if entry["chosen"])
    return chosen["configuration"]["extractor"], chosen["configuration"]["classifier"]


def test_table(results: Sequence[Results]) -> list[str]:
    """Table 5: accuracy on the test split."""
    lines = ["Table 5: test accuracy"]
    for one in results:
        extractor, classifier = chosen_parts(one)
        tested = _synthetic(one)
        low, high = tested["interval"]
        lines.append(
            f"  {extractor} + {classifier}: {percent(tested['accuracy'])} ({percent(low)} to "
            f"{percent(high)}), {tested['correct']} of {tested['n']} [{one['name']}]"
        )
    lines += [
        f"  paper, {row.method}: {percent(row.accuracy)}"
        for row in paper.accuracies("synthetic", "synthetic")
    ]
    return lines


def confusion_table(one: Results) -> list[str]:
    """Table 12 or 13: the confusion matrix of the chosen model, and the paper's."""
    extractor, classifier = chosen_parts(one)
    tested = _synthetic(one)
    lines = [f"Confusion on the test split, {extractor} + {classifier} [{one['name']}]"]
    lines += _matrix(tested["confusion"], tested["classes"])
    for published in paper.CONFUSIONS:
        if published.method.endswith(classifier.upper()):
            lines.append(f"{published.source}, paper, {published.method}")
            lines += _matrix(published.confusion, paper.SYNTHETIC_CLASSES)
    return lines


def _synthetic(one: Results) -> Mapping[str, Any]:
    return next(
        domain
        for domain in one["evaluation"]["domains"]
        if (domain["domain"], domain["split"]) == ("synthetic", "test")
    )


def _matrix(confusion: Sequence[Sequence[int]], classes: Sequence[str]) -> list[str]:
    rates = precision_recall(confusion)
    lines = [" " * 12 + "".join(f"{name:>12}" for name in (*classes, "recall"))]
    for name, row, recall in zip(classes, confusion, rates.recall, strict=True):
        lines.append(f"{name:<12}" + "".join(f"{n:>12}" for n in row) + f"{percent(recall):>12}")
    precisions = "".join(f"{percent(value):>12}" for value in rates.precision)
    return [*lines, f"{'precision':<12}{precisions}"]


def results_of(name: str, runs: Path) -> Results:
    """Read a search's results; raise UserError if the tables are not of such a search."""
    path = runs / name / "results.json"
    try:
        found: Results = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {error}; name a finished search") from error
    if found["trainable"] != "classical":
        raise UserError(f"{name} searched {found['trainable']}, not classical")
    selected, labels = found.get("select", "synthetic"), found.get("labels", "full")
    if (selected, labels) != ("synthetic", "full"):
        raise UserError(
            f"{name} was selected on {selected} with labels={labels}; the tables are of "
            "select=synthetic labels=full"
        )
    return found


def main(names: Sequence[str], runs: Path = Path("runs")) -> None:
    """Print the tables."""
    results = [results_of(name, runs) for name in names]
    for table in (
        validation_table(results, "classifier"),
        validation_table(results, "extractor"),
        test_table(results),
        *(confusion_table(one) for one in results),
    ):
        print("\n".join(table), end="\n\n")


def command(words: Sequence[str]) -> int:
    """Print the tables of the searches that are named; return the exit code."""
    names = [word for word in words if "=" not in word]
    if not names:
        print(__doc__)
        return 2
    options = [word for word in words if "=" in word]
    return Command(partial(main, names), {"runs": Path})(options)


if __name__ == "__main__":
    raise SystemExit(command(sys.argv[1:]))
