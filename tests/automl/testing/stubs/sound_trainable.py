"""A trainable that keeps every rule, and ones that break one each."""

from __future__ import annotations

import pickle
import random

import numpy as np

CONFIGURATION = {"rate": 0.5, "kind": "plain"}
FAILING = {"rate": 1e308, "kind": "plain"}
SPACE = {
    "name": "sound",
    "source": "none",
    "parameters": {
        "rate": {"type": "float", "lower": 0.01, "upper": 1.0, "default": 0.5},
        "kind": {"type": "categorical", "choices": ["plain", "odd"], "default": "plain"},
    },
}


def softmax(values):
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def rows(images):
    return np.asarray(images).reshape(len(images), -1) / 255.0


class Model:
    native = None
    flavor = "none"

    def __init__(self, classes, weights):
        self.classes = classes
        self.weights = weights

    def predict_proba(self, images):
        return softmax(rows(images) @ self.weights)


class Sound:
    """Softmax regression, one image at a time."""

    resumable = True

    @classmethod
    def check(cls, options, space_parameters, image_shape):
        for name in sorted(options) + sorted(space_parameters - {"rate", "kind"}):
            raise ValueError(f"unknown: {name}")

    def __init__(self, data, options, device):
        self.data = data

    def train(self, configuration, *, seed, budget, checkpoint):
        state = {
            "weights": np.zeros((self.data.image_shape[0] * self.data.image_shape[1],
                                 len(self.data.classes))),
            "reports": [],
            "noise": np.random.default_rng(seed),
        }  # fmt: skip
        note = {}
        if checkpoint is not None and checkpoint.exists():
            try:
                state = self.read(checkpoint)
            except Exception:
                note = self.damaged(checkpoint)
        for report in state["reports"][:budget]:
            yield self.given(report)
        for epoch in range(len(state["reports"]) + 1, budget + 1):
            self.epoch(state, configuration["rate"])
            if not np.isfinite(state["weights"]).all():
                yield from self.failed(epoch)
                return
            table = softmax(rows(self.data.validation.images) @ state["weights"])
            state["reports"].append({"epoch": epoch, **self.data.score(table)})
            yield from self.told(state, checkpoint, note)
            note = {}

    def epoch(self, state, rate):
        images, labels = rows(self.data.train.images), self.data.train.labels
        with np.errstate(all="ignore"):
            for number in state["noise"].permutation(len(labels)):
                image = images[number : number + 1]
                error = softmax(image @ state["weights"])[0]
                error[labels[number]] -= 1.0
                state["weights"] = state["weights"] - rate * np.outer(image[0], error)

    def told(self, state, checkpoint, note):
        self.write(state, checkpoint)
        yield self.given(state["reports"][-1]) | note

    def given(self, report):
        return dict(report)

    def failed(self, epoch):
        yield {"epoch": epoch, "status": "diverged", "reason": "weights overflow"}

    def damaged(self, checkpoint):
        return {"note": f"{checkpoint.name} is damaged"}

    def write(self, state, checkpoint):
        if checkpoint is not None:
            checkpoint.write_bytes(pickle.dumps(state))

    def read(self, checkpoint):
        return pickle.loads(checkpoint.read_bytes())

    def load(self, checkpoint):
        return Model(self.data.classes, self.read(checkpoint)["weights"])

    unpickles = True

    @classmethod
    def restore(cls, checkpoint, options, *, classes, device):
        return Model(classes, pickle.loads(checkpoint.read_bytes())["weights"])


class SaysNothingOfResuming(Sound):
    resumable = None


class CannotLoad(Sound):
    load = None


class NeedsTheShape(Sound):
    @classmethod
    def check(cls, options, space_parameters, image_shape):
        super().check(options, space_parameters, image_shape)
        if image_shape[0] < 2:
            raise ValueError("too small")


class TakesAnyParameter(Sound):
    @classmethod
    def check(cls, options, space_parameters, image_shape):
        super().check(options, frozenset(), image_shape)


class NamesNoParameter(Sound):
    @classmethod
    def check(cls, options, space_parameters, image_shape):
        if space_parameters - {"rate", "kind"}:
            raise ValueError("some parameter is unknown")


class TakesAnyOption(Sound):
    @classmethod
    def check(cls, options, space_parameters, image_shape):
        super().check({}, space_parameters, image_shape)


class RefusesInTwoLines(Sound):
    @classmethod
    def check(cls, options, space_parameters, image_shape):
        for name in options:
            raise ValueError(f"unknown:\n{name}")


class CountsFromZero(Sound):
    def given(self, report):
        return {**report, "epoch": report["epoch"] - 1}


class CountsInHalves(Sound):
    def given(self, report):
        return {**report, "epoch": float(report["epoch"])}


class Overspends(Sound):
    def train(self, configuration, *, budget, **how):
        yield from super().train(configuration, budget=budget + 1, **how)


class IgnoresASmallerBudget(Sound):
    def train(self, configuration, *, budget, checkpoint, **how):
        if checkpoint is not None and checkpoint.exists():
            budget = max(budget, len(self.read(checkpoint)["reports"]))
        yield from super().train(configuration, budget=budget, checkpoint=checkpoint, **how)


class ReportsNumpy(Sound):
    def given(self, report):
        return {**report, "speed": np.float32(1.0)}


class ReportsNotANumber(Sound):
    def given(self, report):
        return {**report, "train_loss": float("nan")}


class ReportsPerCent(Sound):
    def given(self, report):
        return {**report, "validation_accuracy": 100.0 * report["validation_accuracy"] + 1.0}


class ReportsNoAccuracy(Sound):
    def given(self, report):
        return {key: value for key, value in report.items() if key != "validation_accuracy"}


class DrawsFromTheGlobalGenerator(Sound):
    def given(self, report):
        return {**report, "draw": random.random()}


class RemembersEarlierTrials(Sound):
    trials = 0

    def train(self, configuration, **how):
        self.trials += 1
        for report in super().train(configuration, **how):
            yield {**report, "trials": self.trials}


class AsksForTestData(Sound):
    def __init__(self, data, options, device):
        super().__init__(data, options, device)
        self.secret = data.split("synthetic", "test")


class AsksInSecret(Sound):
    def train(self, configuration, **how):
        try:
            self.secret = self.data.test
        except PermissionError:
            self.secret = None
        yield from super().train(configuration, **how)


class WritesToTheData(Sound):
    def epoch(self, state, rate):
        self.data.train.images[0] = 0


class NeedsACheckpoint(Sound):
    def write(self, state, checkpoint):
        checkpoint.write_bytes(pickle.dumps(state))


class GivesLogits(Sound):
    def load(self, checkpoint):
        model = super().load(checkpoint)
        model.predict_proba = lambda images: np.abs(rows(images) @ model.weights) + 1.0
        return model


class GivesLabels(Sound):
    def load(self, checkpoint):
        model = super().load(checkpoint)
        model.predict_proba = lambda images: softmax(rows(images) @ model.weights).argmax(axis=1)
        return model


class HasOtherClasses(Sound):
    def load(self, checkpoint):
        model = super().load(checkpoint)
        model.classes = model.classes[::-1]
        return model


class LoadsAnotherModel(Sound):
    def load(self, checkpoint):
        model = super().load(checkpoint)
        model.weights = np.roll(model.weights, 1, axis=1)
        return model


class LoadsAnything(Sound):
    def load(self, checkpoint):
        try:
            return super().load(checkpoint)
        except Exception:
            return Model(self.data.classes, np.zeros((256, len(self.data.classes))))


class RestoresAnother(Sound):
    @classmethod
    def restore(cls, checkpoint, options, *, classes, device):
        found = super().restore(checkpoint, options, classes=classes, device=device)
        return Model(classes, -found.weights)


class RestoresAnything(Sound):
    @classmethod
    def restore(cls, checkpoint, options, *, classes, device):
        if checkpoint.exists():
            return super().restore(checkpoint, options, classes=classes, device=device)
        return Model(classes, np.zeros((256, len(classes))))


class SaysNothingOfPickles(Sound):
    unpickles = None


class WritesAfterTheReport(Sound):
    def told(self, state, checkpoint, note):
        yield self.given(state["reports"][-1]) | note
        self.write(state, checkpoint)


class WritesAtTheEnd(Sound):
    def train(self, configuration, *, checkpoint, **how):
        last = None
        for report in super().train(configuration, checkpoint=None, **how):
            yield report
            last = report
        if checkpoint is not None:
            checkpoint.write_bytes(pickle.dumps(last))


class ForgetsItsGenerator(Sound):
    def read(self, checkpoint):
        return {**super().read(checkpoint), "noise": np.random.default_rng(0)}


class SharesWhatItReports(Sound):
    def given(self, report):
        return report

    def told(self, state, checkpoint, note):
        self.write(state, checkpoint)
        yield state["reports"][-1]


class CrashesOnDamage(Sound):
    def damaged(self, checkpoint):
        raise pickle.UnpicklingError("damaged")


class SilentOnDamage(Sound):
    def damaged(self, checkpoint):
        return {}


class RaisesWhereItFails(Sound):
    def failed(self, epoch):
        raise FloatingPointError("overflow")


class GoesOnAfterFailure(Sound):
    def failed(self, epoch):
        yield from super().failed(epoch)
        yield {"epoch": epoch + 1, "validation_accuracy": 0.1}


class GivesNoReason(Sound):
    def failed(self, epoch):
        yield {"epoch": epoch, "status": "diverged"}


class KnowsOneKind(Sound):
    def train(self, configuration, **how):
        if configuration["kind"] != "plain":
            raise KeyError("odd")
        yield from super().train(configuration, **how)
