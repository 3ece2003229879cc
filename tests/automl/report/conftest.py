"""Synthetic results of the shapes a search can end in, and a reader of the page."""

from html.parser import HTMLParser

import numpy as np
import pytest

from automl.report import build_report
from automl.report.build import render
from automl.report.figures import draw
from automl.statistics import wilson_interval

FIVE = ["blank", "no-crystal", "weak", "good", "strong"]
TWO = ["no-diffraction", "diffraction"]
VOID = {"meta", "br", "img", "link", "input", "hr", "col"}


def curve(accuracy, epochs, rng):
    share = 1 - np.exp(-np.arange(1, epochs + 1) / 3)
    validation = accuracy * share + rng.normal(0, 0.01, epochs)
    return [
        [e + 1, float(min(1, v + 0.02)), float(v), float(1.5 * (1 - s) + 0.05), float(1.6 - s)]
        for e, (v, s) in enumerate(zip(validation, share, strict=True))
    ]


def deepfreak_configuration(rng):
    return {
        "topology": int(rng.integers(1, 14)),
        "learning_rate": float(10 ** rng.uniform(-4, 1)),
        "momentum": float(rng.uniform(0.5, 1)),
        "weight_decay": float(rng.uniform(1e-5, 5e-5)),
        "batch_size": int(rng.choice([4, 8, 16, 32])),
    }


def classical_configuration(rng):
    configuration = {"extractor": str(rng.choice(["glcm", "lbp", "sift"]))}
    if configuration["extractor"] == "glcm":
        configuration["glcm_distances"] = [[1, 2, 5, 8], [1], [1, 5]][int(rng.integers(3))]
        configuration["glcm_angles"] = [[45, 135], [0]][int(rng.integers(2))]
    configuration["classifier"] = str(rng.choice(["rf", "svm"]))
    if configuration["classifier"] == "rf":
        configuration["rf_trees"] = int(rng.choice([10, 100, 1000]))
        configuration["rf_max_depth"] = [None, 2, 20][int(rng.integers(3))]
    else:
        configuration["svm_c"] = float(2.0 ** int(rng.integers(-5, 15)))
    return configuration


def results_of(budgets=(1, 3, 9), make=deepfreak_configuration, configurations=30, seed=3):
    """Results as a search of a demo's size writes them."""
    rng = np.random.default_rng(seed)
    listed, trajectory, spent, best = [], [], 0, (0, 0.0)
    for index in range(configurations):
        budget = budgets[0 if index % 3 else min(index % 4, len(budgets) - 1)]
        accuracy = float(np.clip(0.9 - rng.gamma(1.5, 0.12), 0.2, 0.97))
        failed = index % 7 == 6
        spent += budget
        points = curve(accuracy, budget, rng)
        if not failed and (budget, points[-1][2]) > best:
            best = (budget, points[-1][2])
            trajectory.append(
                {"number": index, "spent": spent, "budget": budget, "validation_accuracy": best[1]}
            )
        listed.append(
            {
                "configuration_id": f"{index:08x}",
                "configuration": make(rng),
                "origin": "model" if index > 12 else "random",
                "bracket": index // 12,
                "budget": budget,
                "validation_accuracy": None if failed else points[-1][2],
                "status": "diverged" if failed else "finished",
                "curve": [] if failed else points,
            }
        )
    confirmation = []
    for index in range(3):
        seeds = []
        for s in range(3):
            points = curve(0.93 - 0.02 * index, budgets[-1], rng)
            right = round(300 * points[-1][2])
            seeds.append(
                {
                    "seed_index": s,
                    "seed": 1000 + 17 * s,
                    "validation_accuracy": right / 300,
                    "n": 300,
                    "correct": right,
                    "interval": [right / 300 - 0.03, right / 300 + 0.02],
                    "curve": points,
                    "status": "finished",
                }
            )
        mean = float(np.mean([s["validation_accuracy"] for s in seeds]))
        confirmation.append(
            {
                "configuration_id": listed[index]["configuration_id"],
                "configuration": listed[index]["configuration"],
                "mean": mean,
                "interval": [mean - 0.01, mean + 0.012],
                "seeds": seeds,
                "chosen": index == 0,
            }
        )
    synthetic = [
        [98, 0, 0, 0, 0],
        [0, 155, 1, 0, 0],
        [0, 2, 151, 6, 0],
        [0, 0, 4, 108, 4],
        [0, 0, 0, 3, 68],
    ]
    return {
        "name": "deepfreak_bohb",
        "search": "deepfreak_bohb",
        "scale": "demo",
        "seed": 0,
        "select": "synthetic",
        "trainable": "deepfreak",
        "space": "deepfreak",
        "algorithm": "bohb",
        "budget_unit": "epochs",
        "incumbent": {
            "configuration_id": "00000000",
            "configuration": listed[0]["configuration"],
            "budget": budgets[-1],
            "validation_accuracy": 0.931,
        },
        "median_validation_accuracy": 0.702,
        "trajectory": trajectory,
        "trials": {
            "planned": 42,
            "finished": 38,
            "failed": {"diverged": 3, "out_of_memory": 1},
            "answered": 1,
            "model_based": 12,
            "random": 18,
            "promoted": 12,
            "budget_planned": 150,
            "budget_spent": 126,
            "budget_saved": 24,
        },
        "brackets": [
            {
                "index": i,
                "rungs": [
                    {"budget": b, "planned": 9 // 3**r, "finished": 9 // 3**r, "failed": 0,
                     "best": 0.8 + 0.03 * r}
                    for r, b in enumerate(budgets)
                ],
            }
            for i in range(2)
        ],
        "configurations": listed,
        "confirmation": confirmation,
        "evaluation": {
            "configuration_id": "00000000",
            "seed_index": 1,
            "domains": [
                domain("synthetic", FIVE, synthetic, [[254, 1], [2, 343]]),
                domain("real_raw", TWO, [[30, 8], [5, 48]], [[30, 8], [5, 48]]),
                domain("real_preprocessed", TWO, [[34, 4], [1, 52]], [[34, 4], [1, 52]]),
            ],
        },
        "data": {
            "name": "diffranet",
            "digest": "5c1b0e" * 10,
            "image_shape": [96, 96],
            "surrogate": True,
            "note": "Synthetic shots by this project's simulator; the real-like part is made up.",
            "counts": {
                "synthetic": {
                    "train": dict.fromkeys(FIVE, 120),
                    "validation": dict.fromkeys(FIVE, 60),
                },
                "real_raw": {"test": {"no-diffraction": 38, "diffraction": 53}},
            },
        },
        "provenance": {
            "git": "0123abcd",
            "python": "3.11.7",
            "versions": {"torch": "2.13.0", "ray": "2.60.0"},
            "hardware": {"cpu": "2 cores", "gpu": None},
            "config": {"search": {"name": "deepfreak_bohb"}},
        },
        "times": {
            "search_seconds": 131.0,
            "confirmation_seconds": 60.2,
            "evaluation_seconds": 4.1,
            "total_seconds": 195.3,
            "classified": {"images": 782, "seconds": 0.9626},
            "identity": {"search_id": "f" * 32},
        },
    }  # fmt: skip


def domain(name, classes, confusion, binary):
    n, right = int(np.sum(confusion)), int(np.trace(confusion))
    total, both = int(np.sum(binary)), int(np.trace(binary))
    return {
        "domain": name,
        "split": "test",
        "n": n,
        "correct": right,
        "accuracy": right / n,
        "interval": [right / n - 0.02, right / n + 0.015],
        "classes": classes,
        "confusion": confusion,
        "precision": [],
        "recall": [],
        "diffraction": {
            "n": total,
            "correct": both,
            "accuracy": both / total,
            "interval": [both / total - 0.02, both / total + 0.01],
            "hits": sum(binary[1]),
            "missed": binary[1][0],
            "missed_interval": list(wilson_interval(binary[1][0], sum(binary[1]))),
            "false": binary[0][1],
            "false_interval": list(wilson_interval(binary[0][1], sum(binary[0]))),
        },
    }


class Page(HTMLParser):
    """Collects what a test asks about a page, and insists that its tags nest."""

    def __init__(self, source):
        super().__init__()
        self.open, self.ids, self.references, self.text, self.tags = [], [], [], [], []
        self.hidden = 0
        self.source = source
        self.feed(self.source)
        self.close()
        assert self.open == []
        self.words = " ".join(" ".join(self.text).split())

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href", "srcset", "action", "data", "xlink:href"):
                self.references.append(value)
        if tag not in VOID:
            self.open.append(tag)
        self.hidden += tag in ("style", "svg")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()
            self.hidden -= tag in ("style", "svg")

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag
        self.hidden -= tag in ("style", "svg")

    def handle_data(self, data):
        if not self.hidden:
            self.text.append(data)


def built(results, folder):
    written = build_report(results, folder / "run" / "report.html", folder / "run" / "figures")
    return Page((folder / "run" / "report.html").read_text(encoding="utf-8")), written


def seen(results):
    """The page without its pictures, and the names of the pictures: quick, for the many shapes."""
    return Page(render(results, {})), set(draw(results))


@pytest.fixture(scope="session", name="results_of")
def _results_of():
    return results_of


@pytest.fixture(scope="session", name="built")
def _built():
    return built


@pytest.fixture(scope="session", name="seen")
def _seen():
    return seen


@pytest.fixture(scope="session", name="domain")
def _domain():
    return domain


@pytest.fixture(scope="session", name="classical_configuration")
def _classical_configuration():
    return classical_configuration
