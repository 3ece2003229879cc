"""What a simulated data set is made from: the same parameters make the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path

from diffranet.domains import REAL_RAW, SYNTHETIC, TEST, TRAIN, VALIDATION
from diffranet.files import sha256_json
from diffranet.options import choice, flatten, integer, mapping, refuse_unknown
from diffranet.simulator.factors import factors_digest
from diffranet.simulator.reach import check_reach
from diffranet.simulator.setup import BackgroundSetup, BeamSetup, CrystalSetup, DetectorSetup
from diffranet.simulator.shots import BALANCES, class_weights

SIMULATOR_VERSION = 2
"""Raised whenever the same parameters would make other images."""

ENGINE_NAMES = ("float64", "float32", "continuous")
"""The diffraction engines, as ``bragg.ENGINES`` has them."""

FULL_EXTENT = 512
LARGEST_SEED = 2**63 - 1
LARGEST_COUNT = 10_000_000

SETUPS = {
    "beam": BeamSetup,
    "detector": DetectorSetup,
    "crystal": CrystalSetup,
    "background": BackgroundSetup,
}
"""The groups of options that describe the synthetic domain's experiment."""


@dataclass(frozen=True)
class SimulationParameters:
    """Parameters of a simulated data set; the defaults make a small one.

    Attributes:
        image_size: Edge of the images in pixels; the imaged area stays the same.
        extent: Edge of the imaged area, in the paper's pixels of 0.172 mm: 512 is the paper's
            detector, less is the part of it around the beam.
        mosaic_domains: Mosaic domains per crystal (the paper has 300).
        seed: Seed of everything random.
        train: Synthetic training images (the paper has 10,000).
        validation: Synthetic validation images (2,400).
        test: Synthetic test images (12,600).
        real_validation: Validation images of each surrogate domain (366); 0 with
            ``real_test`` = 0 for none.
        real_test: Test images of each surrogate domain (91).
        class_balance: ``paper`` for the class shares of the paper's test set, or ``balanced``.
        engine: Diffraction engine.
        beam: Pulses of the synthetic domain; the surrogate domains have a recipe of their own.
        detector: The synthetic domain's detector.
        crystal: Its crystal.
        background: Its background.

    Raises:
        DataError: A value is out of bounds, or no Bragg spot can fall on the detector.
    """

    image_size: int = 96
    extent: int = 256
    mosaic_domains: int = 100
    seed: int = 0
    train: int = 1300
    validation: int = 300
    test: int = 400
    real_validation: int = 80
    real_test: int = 80
    class_balance: str = "paper"
    engine: str = "float32"
    beam: BeamSetup = field(default_factory=BeamSetup)
    detector: DetectorSetup = field(default_factory=DetectorSetup)
    crystal: CrystalSetup = field(default_factory=CrystalSetup)
    background: BackgroundSetup = field(default_factory=BackgroundSetup)

    def __post_init__(self) -> None:
        integer(self.image_size, "image_size", 32, 2048)
        integer(self.extent, "extent", 32, FULL_EXTENT)
        integer(self.mosaic_domains, "mosaic_domains", 1, 100_000)
        integer(self.seed, "seed", 0, LARGEST_SEED)
        choice(self.class_balance, "class_balance", BALANCES)
        choice(self.engine, "engine", ENGINE_NAMES)
        classes = len(class_weights(SYNTHETIC.name, self.class_balance))
        for split in (TRAIN, VALIDATION, TEST):
            integer(getattr(self, split), f"synthetic {split} count", classes, LARGEST_COUNT)
        classes = len(class_weights(REAL_RAW.name, self.class_balance))
        least = classes if self.has_real else 0
        integer(self.real_validation, "real validation count", least, LARGEST_COUNT)
        integer(self.real_test, "real test count", least, LARGEST_COUNT)
        if (cell := self.crystal.known_cell) is not None:
            check_reach(self.beam, self.detector, self.crystal, cell, self.extent)

    @property
    def has_real(self) -> bool:
        """Whether the surrogate of the real domains is part of the set."""
        return bool(self.real_validation or self.real_test)

    def splits(self) -> Iterator[tuple[str, str, int]]:
        """Domain, split and size of everything that is rendered."""
        yield SYNTHETIC.name, TRAIN, self.train
        yield SYNTHETIC.name, VALIDATION, self.validation
        yield SYNTHETIC.name, TEST, self.test
        if self.has_real:
            yield REAL_RAW.name, VALIDATION, self.real_validation
            yield REAL_RAW.name, TEST, self.real_test

    def to_dict(self) -> dict[str, object]:
        """Plain values for other processes; ``from_dict`` reads them."""
        return asdict(self)

    @cached_property
    def record(self) -> dict[str, object]:
        """Plain values for JSON, without paths: a structure-factor file is its name and content.

        Raises:
            DataError: The structure-factor file cannot be read.
        """
        plain: dict[str, dict[str, object]] = json.loads(json.dumps(asdict(self)))
        crystal = plain["crystal"]
        crystal["structure_factors_sha256"] = None
        if self.crystal.structure_factors is not None:
            path = Path(self.crystal.structure_factors)
            crystal["structure_factors_sha256"] = factors_digest(path)
            crystal["structure_factors"] = path.name
        return {**plain}

    @cached_property
    def digest(self) -> str:
        """Hex SHA-256 of the parameters and the simulator's version; names of files are left out.

        Raises:
            DataError: The structure-factor file cannot be read.
        """
        unnamed = {**mapping(self.record["crystal"], "crystal"), "structure_factors": None}
        return sha256_json(
            {"simulator": SIMULATOR_VERSION, "parameters": {**self.record, "crystal": unnamed}}
        )


def from_dict(plain: Mapping[str, object]) -> SimulationParameters:
    """Read what ``SimulationParameters.to_dict`` or ``record`` wrote.

    Raises:
        DataError: A key is unknown or a value is bad.
    """
    values = dict(plain)
    refuse_unknown(values, (f.name for f in fields(SimulationParameters)), "parameters")
    for name in SETUPS.keys() & values.keys():
        group = dict(mapping(values[name], name))
        group.pop("structure_factors_sha256", None)
        values[name] = _setup(name, group)
    return SimulationParameters(**values)  # type: ignore[arg-type]  # checked on construction


def from_options(options: Mapping[str, object]) -> SimulationParameters:
    """Read parameters from a configuration's ``data`` options.

    Args:
        options: ``image_size``, ``extent``, ``mosaic_domains``, ``seed``, ``class_balance``,
            ``engine``; ``counts`` with ``synthetic: {train, validation, test}`` and
            ``real: {validation, test}``; the groups ``beam``, ``detector``, ``crystal`` and
            ``background`` with the attributes of the classes in ``setup``. What is absent takes
            its default; a ``counts`` without ``real`` makes no surrogate domains.

    Raises:
        DataError: A key is unknown or a value is bad.
    """
    plain = ("image_size", "extent", "mosaic_domains", "seed", "class_balance", "engine")
    refuse_unknown(options, (*plain, "counts", *SETUPS), "data options")
    values: dict[str, object] = {key: options[key] for key in plain if key in options}
    if "counts" in options:
        counts = mapping(options["counts"], "counts")
        refuse_unknown(counts, ("synthetic", "real"), "counts")
        synthetic = mapping(counts.get("synthetic", {}), "counts.synthetic")
        refuse_unknown(synthetic, (TRAIN, VALIDATION, TEST), "counts.synthetic")
        real = mapping(counts.get("real") or {VALIDATION: 0, TEST: 0}, "counts.real")
        refuse_unknown(real, (VALIDATION, TEST), "counts.real")
        values |= {**synthetic, **{f"real_{split}": n for split, n in real.items()}}
    for name in SETUPS.keys() & options.keys():
        values[name] = _setup(name, mapping(options[name], name))
    return SimulationParameters(**values)  # type: ignore[arg-type]  # checked on construction


def _setup(
    name: str, group: Mapping[str, object]
) -> BeamSetup | DetectorSetup | CrystalSetup | BackgroundSetup:
    kind = SETUPS[name]
    refuse_unknown(group, (f.name for f in fields(kind)), name)
    return kind(**group)  # type: ignore[no-any-return]  # one class of the mapping's values


def differences(made: Mapping[str, object], asked: Mapping[str, object]) -> list[str]:
    """What distinguishes two records of parameters, as ``key made, not asked``."""
    before, now = flatten(made), flatten(asked)
    keys = [key for key in (*now, *before) if before.get(key) != now.get(key)]
    return [f"{key} {before.get(key)}, not {now.get(key)}" for key in dict.fromkeys(keys)]
