"""A trainable that says what it needs of a GPU, and that can run out of it, without one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from stub_plugins import StubTrainable

GIB = 2**30


class Sharer(StubTrainable):
    """Needs `gib` GiB; reports out of memory at epoch 2 of its first `out` attempts.

    `error: true` raises MemoryError there instead. `seen` has, for each epoch and each release,
    what is reserved in the folder of option `rooms`.
    """

    def __init__(self, data, options, device):
        super().__init__(data, options, device)
        self.seen = []
        self._attempts = Counter()

    @classmethod
    def memory(cls, options, configuration, image_shape, classes):
        assert (image_shape, classes) == ((4, 4), 2)
        if configuration["x"] == 0.777:
            raise ValueError("x: cannot run")
        return int(configuration.get("gib", 1) * GIB)

    @classmethod
    def kept_memory(cls, options, image_shape, images):
        assert images == 80
        return GIB

    def release(self):
        self.seen.append(("release", self._reserved()))

    def train(self, configuration, *, seed, budget, checkpoint):
        self._attempts[configuration["x"]] += 1
        out = self._attempts[configuration["x"]] <= configuration.get("out", 0)
        for report in super().train(configuration, seed=seed, budget=budget, checkpoint=checkpoint):
            if out and report["epoch"] == 2:
                if configuration.get("error"):
                    raise MemoryError("Unable to allocate")
                reason = "CUDA out of memory. Tried to allocate 2 GiB."
                yield {"epoch": 2, "status": "out_of_memory", "reason": reason}
                return
            yield report

    def _epoch(self, configuration, seed, epoch):
        self.seen.append((epoch, self._reserved()))
        super()._epoch(configuration, seed, epoch)

    def _reserved(self):
        """Return the GiB of all reservations."""
        rooms = Path(self._options["rooms"])
        return [int(path.read_text()) / GIB for path in sorted(rooms.rglob("trial-*"))]


class Armed(Sharer):
    """Says at each epoch which trials a watchdog watches, in option `hung`."""

    def _reserved(self):
        return sorted(path.name for path in Path(self._options["hung"]).glob("*"))
