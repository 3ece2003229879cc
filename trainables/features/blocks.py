"""Names of the feature store's blocks: which table, and of which parameters."""

from typing import NamedTuple

from trainables.features import bovw, glcm, lbp, sift
from trainables.features.glcm import Offset
from trainables.features.lbp import Neighbourhood


class Block(NamedTuple):
    """A block's place within those of a split; both are path components."""

    table: str
    """What is described and by which version of its definition."""
    name: str
    """Of which parameters."""


GLCM = f"glcm-{glcm.VERSION}"
LBP = f"lbp-{lbp.VERSION}"
SIFT = f"sift-{sift.VERSION}"
CODEBOOK = f"bovw-codebook-{bovw.VERSION}"
WORDS = f"bovw-{bovw.VERSION}"

TABLES = (GLCM, LBP, SIFT, CODEBOOK, WORDS)
"""All tables that this version makes; others are of earlier ones."""

DESCRIPTORS = Block(SIFT, "descriptors")


def of_offset(offset: Offset) -> Block:
    """Six properties at one offset."""
    return Block(GLCM, f"distance={offset.distance},angle={offset.angle}")


def of_neighbourhood(neighbourhood: Neighbourhood) -> Block:
    """One histogram an image."""
    return Block(LBP, f"points={neighbourhood.points},radius={neighbourhood.radius}")


def of_codebook(clusters: int, seed: int) -> Block:
    """Centres of words."""
    return Block(CODEBOOK, f"clusters={clusters},seed={seed}")


def of_words(clusters: int, seed: int, training: str) -> Block:
    """Word frequencies by the codebook of a training split's digest."""
    return Block(WORDS, f"clusters={clusters},seed={seed},codebook={training}")
