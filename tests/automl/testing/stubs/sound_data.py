"""A data set that keeps every rule, and ones that break one each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

CLASSES = ("dark", "bright")


@dataclass(frozen=True)
class Domain:
    name: str
    classes: tuple[str, ...]
    projection: tuple[int, ...]
    splits: tuple[str, ...]


@dataclass(frozen=True)
class Split:
    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    digest: str


def options(folder, number):
    return {"number": number}


class SoundData:
    """Noise, made from a seed; packed as arrays."""

    classes = CLASSES
    image_shape = (4, 6)
    views = {"any": (("image",), (0, 0))}
    domains = {
        "own": Domain("own", CLASSES, (0, 1), ("train", "validation", "test")),
        "other": Domain("other", ("image",), (0, 0), ("validation", "test")),
    }

    def __init__(self, packed, sealed=True):
        self.packed = packed
        self.sealed = sealed
        self.digest = (packed / "digest").read_text()

    @classmethod
    def check(cls, options):
        for name in sorted(set(options) - {"number"}):
            raise ValueError(f"unknown option {name}")

    @classmethod
    def selectable(cls, options):
        return [domain.name for domain in cls.domains.values() if "validation" in domain.splits]

    @classmethod
    def prepare(cls, options, *, cache, workers, progress=None):
        packed = Path(cache) / "packed"
        packed.mkdir(exist_ok=True)
        noise, whole = np.random.default_rng(options["number"]), hashlib.sha256()
        for domain in cls.domains.values():
            for split in domain.splits:
                images = noise.integers(0, 256, (6, 4, 6), dtype=np.uint8)
                np.save(packed / f"{domain.name}-{split}.npy", images)
                whole.update(images.tobytes())
        (packed / "digest").write_text(whole.hexdigest())
        return cls(packed)

    @classmethod
    def open(cls, packed, *, sealed=True):
        return cls(packed, sealed)

    def unsealed(self):
        return type(self)(self.packed, sealed=False)

    def split(self, domain, split):
        if self.sealed and split == "test":
            raise PermissionError(f"{domain}/test is sealed")
        images = np.load(self.packed / f"{domain}-{split}.npy", mmap_mode="r")
        labels = np.arange(len(images)) % len(self.domains[domain].classes)
        names = tuple(f"{split}/{number}" for number in range(len(images)))
        return Split(images, labels, names, hashlib.sha256(images.tobytes()).hexdigest())

    def describe(self):
        counts = {
            "own": {split: {"dark": 3, "bright": 3} for split in self.domains["own"].splits},
            "other": {split: {"image": 6} for split in self.domains["other"].splits},
        }
        return {"digest": self.digest, "surrogate": False, "note": "noise", "counts": counts}


class RefusesItself(SoundData):
    @classmethod
    def check(cls, options):
        raise ValueError("no such folder")


class WritesInCheck(SoundData):
    """Its option names the folder."""

    @classmethod
    def check(cls, options):
        (Path(options["folder"]) / "checked").write_text("")


class TakesAnyOption(SoundData):
    @classmethod
    def check(cls, options):
        pass


class TrainsOnTheSecond(SoundData):
    domains = dict(reversed(SoundData.domains.items()))


class ProjectsTooLittle(SoundData):
    domains = {
        **SoundData.domains,
        "other": replace(SoundData.domains["other"], projection=(0,)),
    }


class ViewsTooMuch(SoundData):
    views = {"any": (("image",), (0, 1))}


class NamesOneOfTwo(SoundData):
    @classmethod
    def selectable(cls, options):
        return ["own"]


class NeedsImagesToSay(SoundData):
    @classmethod
    def selectable(cls, options):
        return (Path(options["cache"]) / "domains").read_text().split()


class GivesFloats(SoundData):
    def split(self, domain, split):
        found = super().split(domain, split)
        return replace(found, images=found.images / 255.0)


class LabelsFromOne(SoundData):
    def split(self, domain, split):
        found = super().split(domain, split)
        return replace(found, labels=found.labels + 1)


class NamesTwice(SoundData):
    def split(self, domain, split):
        found = super().split(domain, split)
        return replace(found, names=("same",) * len(found.names))


class TurnsItsImages(SoundData):
    image_shape = (6, 4)


class CanBeWritten(SoundData):
    def split(self, domain, split):
        found = super().split(domain, split)
        return replace(found, images=np.array(found.images))


class NeverSealed(SoundData):
    def __init__(self, packed, sealed=True):
        super().__init__(packed, sealed=False)


class PreparesUnsealed(SoundData):
    @classmethod
    def prepare(cls, options, **how):
        return super().prepare(options, **how).unsealed()


class UnsealsItself(SoundData):
    def unsealed(self):
        self.sealed = False
        return self


class StaysSealed(SoundData):
    def unsealed(self):
        return self


class DigestsItsPlace(SoundData):
    def __init__(self, packed, sealed=True):
        super().__init__(packed, sealed)
        self.digest = hashlib.sha256(str(packed).encode()).hexdigest()


class DigestsNothing(SoundData):
    def __init__(self, packed, sealed=True):
        super().__init__(packed, sealed)
        self.digest = "0" * 64


class DigestsNames(SoundData):
    def split(self, domain, split):
        return replace(super().split(domain, split), digest=f"{domain}-{split}")


class DigestsOnce(SoundData):
    def split(self, domain, split):
        return replace(super().split(domain, split), digest=self.digest)


class DigestsTheMoment(SoundData):
    @classmethod
    def open(cls, packed, *, sealed=True):
        found = super().open(packed, sealed=sealed)
        found.digest += "again"
        return found


class PacksElsewhere(SoundData):
    @classmethod
    def prepare(cls, options, *, cache, **how):
        return super().prepare(options, cache=cache.parent, **how)


class DescribesPaths(SoundData):
    def describe(self):
        return {**super().describe(), "packed": self.packed}


class DescribesTuples(SoundData):
    def describe(self):
        return {**super().describe(), "image_shape": self.image_shape}


class CountsWrongly(SoundData):
    def describe(self):
        found = super().describe()
        return {**found, "counts": {**found["counts"], "other": {"validation": {"image": 6}}}}


class NamesNoSurrogate(SoundData):
    def describe(self):
        return {key: value for key, value in super().describe().items() if key != "surrogate"}
