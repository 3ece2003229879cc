"""A data set and trainables whose probes cost nothing, or go wrong."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
from stub_plugins import CLASSES, StubData, StubTrainable


class ReadyData(StubData):
    @classmethod
    def probe(cls, options, *, cache, seconds):
        return {"packed": str(cache)}


class AbsentData(StubData):
    """To be made in 30 seconds by one process, of which 10 cannot be shared."""

    views = {"diffraction": (("no", "yes"), (0, 1))}

    @classmethod
    def probe(cls, options, *, cache, seconds):
        splits = {"train": 300, "validation": 50, "test": 70}
        return {
            "packed": None,
            "counts": {"synthetic": splits, "real": {"validation": 5, "test": 7}},
            "classes": CLASSES,
            "images": np.zeros((4, 4, 4), np.uint8),
            "labels": np.array([0, 1, 0, 1]),
            "seconds": 20.0,
            "serial_seconds": 10.0,
            "bytes": 1_500_000,
        }


class Priced(StubTrainable):
    """A trial costs 1 s, an epoch 2 s and as much as there are images in hundreds."""

    @classmethod
    def probe(cls, data, options, device, configurations, *, images, seconds):
        print("noise on the standard output")
        return {
            "trials": [[1.0, 2.0 + sum(images) / 100, 0.5] for _ in configurations],
            "basis": f"{len(data.train.labels)} images, {data.cache.name}",
            "shared": 6.0,
            "kept_bytes": 1000,
        }


class Raises(StubTrainable):
    @classmethod
    def probe(cls, data, options, device, configurations, *, images, seconds):
        raise RuntimeError("no such\nkernel")


class Dies(StubTrainable):
    @classmethod
    def probe(cls, data, options, device, configurations, *, images, seconds):
        os.kill(os.getpid(), signal.SIGSEGV)


class Hangs(StubTrainable):
    @classmethod
    def probe(cls, data, options, device, configurations, *, images, seconds):
        time.sleep(600)


class TooFew(StubTrainable):
    @classmethod
    def probe(cls, data, options, device, configurations, *, images, seconds):
        return {"trials": [[0.0, 1.0, 0.0]]}


class NotFinite(StubTrainable):
    @classmethod
    def probe(cls, data, options, device, configurations, *, images, seconds):
        return {"trials": [[0.0, float("nan"), 0.0] for _ in configurations]}


class NoTime(StubTrainable):
    @classmethod
    def probe(cls, data, options, device, configurations, *, images, seconds):
        return {"trials": [None for _ in configurations]}
