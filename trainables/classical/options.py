"""The trainable's options, checked once and then a plain value."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any, Self

CODEBOOKS = ("training", "per_split")
BACKENDS: Mapping[str, str] = MappingProxyType(
    {"sklearn": "scikit-learn", "intelex": "scikit-learn-intelex"}
)
"""Backend to the package that it needs."""
_MODULES = {"sklearn": "sklearn", "intelex": "sklearnex"}


@dataclass(frozen=True)
class Options:
    """What holds for every trial of a search."""

    store: bool = True
    """Keep features and share them among trials, or compute them anew for each."""
    codebook: str = "training"
    """`training`: visual words are learned from training images; `per_split`: from the images
    that are described, as in the authors' code, where words of two splits do not correspond."""
    codebook_seed: int = 0
    """Of all codebooks, so that trials share them."""
    backend: str = "sklearn"
    """Whose random forest."""

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Self:
        """Return checked options.

        Raises:
            ValueError: An unknown option or value, or a backend that is not installed.
        """
        known = tuple(cls.__dataclass_fields__)
        for name in options:
            if name not in known:
                close = get_close_matches(name, known, n=1)
                known_ones = f"; known are {', '.join(known)}"
                hint = f"; did you mean {close[0]!r}?" if close else known_ones
                raise ValueError(f"classical: unknown option {name!r}{hint}")
        found = cls(**options)
        if not isinstance(found.store, bool):
            raise ValueError(f"classical: store must be true or false, not {found.store!r}")
        _one_of("codebook", found.codebook, CODEBOOKS)
        _one_of("backend", found.backend, tuple(BACKENDS))
        seed = found.codebook_seed
        if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
            raise ValueError(
                f"classical: codebook_seed must be 0 or a larger integer, not {seed!r}"
            )
        if find_spec(_MODULES[found.backend]) is None:
            raise ValueError(
                f"classical: backend={found.backend} is not installed; "
                f"pip install {BACKENDS[found.backend]}, or use backend=sklearn"
            )
        return found


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"classical: {name} must be {' or '.join(known)}, not {value!r}")
