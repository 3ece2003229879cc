"""A trainable that costs nothing, writes down every epoch it computes, and fails as it is told.

What goes wrong is in ``faults.json``, read anew at each moment, so that a cause can be mended
between two starts of one and the same command.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import math
import os
import resource
import signal
import time
from pathlib import Path

from stub_plugins import StubModel, probabilities, quality


class Faults:
    """The rules of one folder.

    A rule has ``do`` (a method's name below), ``at`` (``epoch``, ``checkpoint`` or ``evaluate``)
    and perhaps ``epoch``, ``x`` (an interval of configurations) and ``times`` (how often it may
    strike, over all processes; without it, always).
    """

    def __init__(self, folder):
        self._folder = Path(folder) if folder else None

    def strike(self, at, epoch=None, x=None):
        """Do what the rules have for this moment; return ``nan`` where a metric is to be one."""
        if self._folder is None or not (self._folder / "faults.json").exists():
            return None
        for index, rule in enumerate(json.loads((self._folder / "faults.json").read_text())):
            low, high = rule.get("x", (-math.inf, math.inf))
            meant = rule["at"] == at and rule.get("epoch", epoch) == epoch
            if meant and (x is None or low <= x < high) and self._token(index, rule):
                return getattr(self, rule["do"])()
        return None

    def _token(self, index, rule):
        for number in range(rule.get("times", 0)):
            with contextlib.suppress(FileExistsError):
                (self._folder / f"struck-{index}-{number}").open("x").close()
                return True
        return "times" not in rule

    def log(self, configuration, seed, epoch):
        """Write down that an epoch was computed: one write of one line, whole or not at all."""
        if self._folder is None:
            return
        entry = [json.dumps(configuration, sort_keys=True), seed, epoch, time.time()]
        handle = os.open(self._folder / "epochs.log", os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        os.write(handle, (json.dumps(entry) + "\n").encode())
        os.close(handle)

    def error(self):
        raise ArithmeticError("told to fail")

    def nan(self):
        return "nan"

    def memory_error(self):
        raise MemoryError("told to have none left")

    def allocate(self):
        """Ask for 64 GiB where the process may have 1 GiB more than it has."""
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (1 << 30), hard))
        try:
            return len(bytearray(1 << 36)) and None
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))

    def hang(self):
        time.sleep(3600)

    def hang_in_c(self):
        """Sleep in a C function that is called with Python's lock held, as a bad extension does."""
        ctypes.PyDLL(None).sleep(3600)

    def kill_worker(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def kill_driver(self):
        """Kill the driver and stay where we are, until Ray ends this worker."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(int((self._folder / "driver.pid").read_text()), signal.SIGKILL)
        time.sleep(60)

    def disk_full(self):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class FaultTrainable:
    """Accuracy by a formula; x above 0.95 diverges, x below 0.03 raises."""

    resumable = True

    @classmethod
    def check(cls, options, space_parameters, image_shape):
        unknown = sorted(set(options) - {"faults", "seconds", "model"})
        if unknown:
            raise ValueError(f"trainable.options.{unknown[0]}: unknown")

    def __init__(self, data, options, device):
        self._data = data
        self._options = options
        self._faults = Faults(options["faults"])

    def train(self, configuration, *, seed, budget, checkpoint):
        x = configuration["x"]
        done, notes = self._resume(checkpoint)
        for epoch in range(1, budget + 1):
            told = None
            if epoch > done:
                told = self._faults.strike("epoch", epoch, x)
                time.sleep(self._options["seconds"])
                self._faults.log(configuration, seed, epoch)
            if x > 0.95:
                yield {"epoch": epoch, "status": "diverged", "reason": f"x at epoch {epoch}"}
                return
            if x < 0.03:
                raise ArithmeticError("x is too small")
            right = quality(configuration, seed, epoch)
            if epoch > done:
                self._save(checkpoint, {"epoch": epoch, "right": right}, epoch, x)
            scores = self._data.score(probabilities(right, self._data.validation.labels))
            report = {"epoch": epoch, "train_accuracy": right, "train_loss": 1 - right, **scores}
            if told == "nan":
                report["validation_accuracy"] = math.nan
            yield report | notes
            notes = {}

    @staticmethod
    def _resume(checkpoint):
        """Return the epochs that are done, and a note where the checkpoint is of no use."""
        if not checkpoint.exists():
            return 0, {}
        try:
            return json.loads(checkpoint.read_text())["epoch"], {}
        except (ValueError, KeyError):
            return 0, {"note": f"{checkpoint.name} is damaged; its trial begins anew"}

    def _save(self, checkpoint, content, epoch, x):
        text = json.dumps(content)
        temporary = checkpoint.with_name(f".{checkpoint.name}.{os.getpid()}")
        with temporary.open("w") as file:
            file.write(text[: len(text) // 2])
            file.flush()
            self._faults.strike("checkpoint", epoch, x)
            file.write(text[len(text) // 2 :])
        temporary.replace(checkpoint)

    def load(self, checkpoint):
        self._faults.strike("evaluate")
        model = StubModel(json.loads(Path(checkpoint).read_text())["right"])
        if self._options["model"]:
            import numpy as np
            from sklearn.dummy import DummyClassifier

            model.native = DummyClassifier().fit(np.zeros((2, 16)), [0, 1])
            model.flavor = "sklearn"
        return model
