"""The data set as a search sees it: prepared once, opened by every worker, test splits sealed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Self

from diffranet import options as checks
from diffranet.domains import (
    BINARY_CLASSES,
    BINARY_PROJECTION,
    CLASSES,
    DOMAINS,
    SYNTHETIC,
    TEST,
    VALIDATION,
    Domain,
)
from diffranet.errors import DataError, SealedSplitError
from diffranet.frames.reader import FrameReader
from diffranet.layout import scan
from diffranet.packed import Split, load_record, load_split, pack, packed_folder
from diffranet.shown import captions_of

Progress = Callable[[str, int, int], None]
View = tuple[tuple[str, ...], tuple[int, ...]]


class DiffraNet:
    """A data set in the published folder layout, published or simulated.

    Options: ``root``, the folder; ``image_size``, the edge to which images are reduced by
    averaging blocks of pixels (None, the default, leaves them as they are).

    Attributes:
        views: Other ways to look at the synthetic classes: name to class names and the class
            index there of each of ``classes``.
        packed: Folder of the packed arrays.
        digest: Hex SHA-256 over the relative paths and contents of all images.
        classes: Names of the training classes.
        image_shape: (height, width) of every image.
        domains: The domains present, in order: synthetic, real_raw, real_preprocessed.
    """

    views: ClassVar[Mapping[str, View]] = MappingProxyType(
        {"diffraction": (BINARY_CLASSES, BINARY_PROJECTION)}
    )

    def __init__(self, packed: Path, *, sealed: bool = True) -> None:
        """Open a packed folder; ``open`` says the same by name."""
        record = load_record(packed)
        height, width = record["image_shape"]
        self._record = record
        self._sealed = sealed
        self.packed = packed
        self.digest: str = record["digest"]
        self.classes = CLASSES
        self.image_shape: tuple[int, int] = (height, width)
        self.domains: Mapping[str, Domain] = {
            domain.name: replace(
                domain,
                splits=tuple(s for s in domain.splits if s in record["domains"][domain.name]),
            )
            for domain in DOMAINS
            if domain.name in record["domains"]
        }

    @classmethod
    def check(cls, options: Mapping[str, object]) -> None:
        """Refuse bad options, before anything is created.

        Raises:
            DataError: An option is unknown or bad, or the folder has not the expected layout.
        """
        root, _ = _folder_options(options)
        scan(root)

    @classmethod
    def prepare(
        cls,
        options: Mapping[str, object],
        *,
        cache: Path,
        workers: int,
        progress: Progress | None = None,
    ) -> Self:
        """Read and check every image once, pack them under the cache, and open the result.

        Args:
            options: As in the class.
            cache: Folder for derived data.
            workers: How many images to decode at once.
            progress: Called with (what, done, total).

        Raises:
            DataError: Options, folder or an image are bad.
        """
        root, image_size = _folder_options(options)
        packed = pack(scan(root), cache, image_size=image_size, workers=workers, progress=progress)
        return cls.open(packed)

    @classmethod
    def probe(
        cls, options: Mapping[str, object], *, cache: Path, seconds: float
    ) -> Mapping[str, object]:
        """What ``prepare`` has yet to do; see ``automl.probing.protocols.ProbingData``.

        Raises:
            DataError: As ``check``, or an image is damaged.
        """
        from diffranet.probe import probe_folder

        del seconds
        return probe_folder(*cls._source(options, cache), cache)

    @classmethod
    def open(cls, packed: Path, *, sealed: bool = True) -> Self:
        """Map a packed folder.

        Args:
            packed: As ``packed`` of a prepared data set.
            sealed: Whether test splits are refused.

        Raises:
            DataError: It is no packed folder.
        """
        return cls(Path(packed), sealed=sealed)

    @classmethod
    def find(cls, cache: Path, digest: str) -> Self | None:
        """Map what ``prepare`` packed under a cache; None where it is not there.

        Args:
            cache: Folder for derived data.
            digest: As ``digest`` of the data set.

        Raises:
            DataError: It was packed by another version.
        """
        packed = packed_folder(cache, digest)
        return cls.open(packed) if packed.is_dir() else None

    @classmethod
    def selectable(cls, options: Mapping[str, object]) -> tuple[str, ...]:
        """Names of the domains with a validation split, by what the options say.

        Raises:
            DataError: Options or folder are bad.
        """
        root, _ = _folder_options(options)
        return tuple(d.name for d in scan(root).domains if VALIDATION in d.splits)

    @classmethod
    def captions(
        cls, options: Mapping[str, object], split: Split, *, cache: Path
    ) -> dict[str, list[str]]:
        """How simulated images were made, in short phrases by the image's name; else nothing.

        Args:
            options: As in the class.
            split: Whose images.
            cache: Folder for derived data.

        Raises:
            DataError: An option is unknown or bad.
        """
        root, image_size = cls._source(options, cache)
        return captions_of(split, root, image_size)

    @classmethod
    def _source(cls, options: Mapping[str, object], cache: Path) -> tuple[Path, int | None]:
        """The folder that the images are packed from, and the edge to which they are reduced."""
        del cache
        return _folder_options(options)

    @classmethod
    def reader(cls, image_shape: tuple[int, int], options: Mapping[str, object]) -> FrameReader:
        """What brings images from elsewhere to the form of the data set's own.

        Args:
            image_shape: (height, width) of the images that come out.
            options: ``crop``, ``downsample`` and ``scale``; see ``FrameReader``.

        Raises:
            DataError: An option is unknown or bad.
        """
        return FrameReader(image_shape, options)

    @property
    def sealed(self) -> bool:
        """Whether test splits are refused."""
        return self._sealed

    def split(self, domain: str, split: str) -> Split:
        """Images and labels of one split.

        Raises:
            DataError: There is no such domain or split.
            SealedSplitError: It is a test split and the data set is sealed.
        """
        if domain not in self.domains:
            raise DataError(f"no domain {domain!r}; {checks.did_you_mean(domain, self.domains)}")
        splits = self.domains[domain].splits
        if split not in splits:
            raise DataError(f"no split {domain}/{split}; {checks.did_you_mean(split, splits)}")
        if split == TEST and self._sealed:
            raise SealedSplitError(f"{domain}/{split} is sealed until the final evaluation")
        return load_split(self.packed, self._record, domain, split)

    def unsealed(self) -> Self:
        """The same data set with its test splits open, for the final evaluation alone."""
        return type(self).open(self.packed, sealed=False)

    def describe(self) -> dict[str, object]:
        """What this data set is, in plain values and without paths."""
        source = self._record["source"]
        return {
            "name": "diffranet",
            "kind": "simulated" if source else "published layout folder",
            "counts": {
                name: {s: dict(self._record["domains"][name][s]["counts"]) for s in domain.splits}
                for name, domain in self.domains.items()
            },
            "digest": self.digest,
            "image_shape": list(self.image_shape),
            "surrogate": bool(source.get("surrogate", False)),
            "surrogate_domains": list(source.get("surrogate_domains", ())),
            "note": str(source.get("note", "")),
            "simulation": source.get("parameters"),
        }


class SimulatedDiffraNet(DiffraNet):
    """A data set that is simulated on first use and found again afterwards.

    Options: ``image_size``, ``extent``, ``mosaic_domains``, ``seed``, ``counts``,
    ``class_balance``, ``engine``, and the groups ``beam``, ``detector``, ``crystal`` and
    ``background``; see ``diffranet.simulator.parameters``.
    """

    @classmethod
    def check(cls, options: Mapping[str, object]) -> None:
        """Refuse bad options, before anything is created.

        Raises:
            DataError: An option is unknown or bad.
        """
        from diffranet.simulator.parameters import from_options
        from diffranet.simulator.structure import check_source

        check_source(from_options(options).crystal)

    @classmethod
    def selectable(cls, options: Mapping[str, object]) -> tuple[str, ...]:
        """Names of the domains with a validation split, by what the options say.

        Raises:
            DataError: An option is unknown or bad.
        """
        from diffranet.simulator.parameters import from_options

        if from_options(options).has_real:
            return tuple(domain.name for domain in DOMAINS)
        return (SYNTHETIC.name,)

    @classmethod
    def prepare(
        cls,
        options: Mapping[str, object],
        *,
        cache: Path,
        workers: int,
        progress: Progress | None = None,
    ) -> Self:
        """Simulate if need be into ``cache/simulated/<hash>``, then as ``DiffraNet.prepare``.

        Raises:
            DataError: Options are bad, or the cache cannot be written.
        """
        # Processes that only open a packed set need no compiler: it is imported here.
        from diffranet.simulator.parameters import from_options
        from diffranet.simulator.writer import write_dataset

        parameters = from_options(options)
        root, _ = cls._source(options, cache)
        write_dataset(root, parameters, workers=workers, progress=progress)
        packed = pack(scan(root), cache, image_size=None, workers=workers, progress=progress)
        return cls.open(packed)

    @classmethod
    def probe(
        cls, options: Mapping[str, object], *, cache: Path, seconds: float
    ) -> Mapping[str, object]:
        """As ``DiffraNet.probe``; where there are no images yet, a few are rendered.

        Raises:
            DataError: Options are bad.
        """
        from diffranet.probe import probe_folder, probe_simulation
        from diffranet.simulator.parameters import from_options

        root, image_size = cls._source(options, cache)
        if root.is_dir():
            return probe_folder(root, image_size, cache)
        return probe_simulation(from_options(options), seconds)

    @classmethod
    def _source(cls, options: Mapping[str, object], cache: Path) -> tuple[Path, int | None]:
        from diffranet.simulator.parameters import from_options

        return cache / "simulated" / from_options(options).digest, None


def _folder_options(options: Mapping[str, object]) -> tuple[Path, int | None]:
    checks.refuse_unknown(options, ("root", "image_size"), "data options")
    root = options.get("root")
    if not isinstance(root, str) or not root:
        raise DataError(f"data option root must name the folder of DiffraNet, got {root!r}")
    size = options.get("image_size")
    return Path(root).expanduser(), (
        None if size is None else checks.integer(size, "image_size", 8, 65_535)
    )
