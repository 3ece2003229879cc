"""What a simulated data set is made from: the same parameters make the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from diffranet.domains import REAL_RAW, SYNTHETIC, TEST, TRAIN, VALIDATION
from diffranet.files import sha256_json
from diffranet.options import choice, integer, mapping, refuse_unknown
from diffranet.simulator.shots import BALANCES, class_weights

SIMULATOR_VERSION = 1
"""Raised whenever the same parameters would make other images."""

ENGINE_NAMES = ("float64",)
"""The diffraction engines that ``bragg.ENGINES`` implements."""

FULL_EXTENT = 512
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class SimulationParameters:
    """Parameters of a simulated data set; the defaults make a small one in about a minute.

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

    Raises:
        DataError: A value is out of bounds.
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
    engine: str = "float64"

    def __post_init__(self) -> None:
        integer(self.image_size, "image_size", 32, 2048)
        integer(self.extent, "extent", 32, FULL_EXTENT)
        integer(self.mosaic_domains, "mosaic_domains", 1, 100_000)
        integer(self.seed, "seed", 0, LARGEST_SEED)
        classes = len(class_weights(SYNTHETIC.name, self.class_balance))
        for split in (TRAIN, VALIDATION, TEST):
            integer(getattr(self, split), f"synthetic {split} count", classes)
        classes = len(class_weights(REAL_RAW.name, self.class_balance))
        least = classes if self.has_real else 0
        integer(self.real_validation, "real validation count", least)
        integer(self.real_test, "real test count", least)
        choice(self.class_balance, "class_balance", BALANCES)
        choice(self.engine, "engine", ENGINE_NAMES)

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
        """Plain values, for JSON and for other processes."""
        return asdict(self)

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the parameters and the simulator's version."""
        return sha256_json({"simulator": SIMULATOR_VERSION, "parameters": self.to_dict()})


def from_options(options: Mapping[str, object]) -> SimulationParameters:
    """Read parameters from a configuration's ``data`` options.

    Args:
        options: ``image_size``, ``extent``, ``mosaic_domains``, ``seed``, ``class_balance``,
            ``engine`` and ``counts`` with ``synthetic: {train, validation, test}`` and
            ``real: {validation, test}``. What is absent takes its default; a ``counts`` without
            ``real`` makes no surrogate domains.

    Raises:
        DataError: A key is unknown or a value is bad.
    """
    plain = ("image_size", "extent", "mosaic_domains", "seed", "class_balance", "engine")
    refuse_unknown(options, (*plain, "counts"), "data options")
    values: dict[str, object] = {key: options[key] for key in plain if key in options}
    if "counts" in options:
        counts = mapping(options["counts"], "counts")
        refuse_unknown(counts, ("synthetic", "real"), "counts")
        synthetic = mapping(counts.get("synthetic", {}), "counts.synthetic")
        refuse_unknown(synthetic, (TRAIN, VALIDATION, TEST), "counts.synthetic")
        real = mapping(counts.get("real") or {VALIDATION: 0, TEST: 0}, "counts.real")
        refuse_unknown(real, (VALIDATION, TEST), "counts.real")
        values |= {**synthetic, **{f"real_{split}": n for split, n in real.items()}}
    return SimulationParameters(**values)  # type: ignore[arg-type]  # checked on construction
