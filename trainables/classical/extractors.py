"""From a configuration to an extractor."""

from collections.abc import Mapping
from typing import Any

from trainables.classical.names import active_values, further_value
from trainables.classical.options import Options
from trainables.features.glcm import offsets_of
from trainables.features.lbp import neighbourhood_of
from trainables.features.transformers import GLCM, LBP, BagOfVisualWords, Extractor


def build_extractor(configuration: Mapping[str, Any], options: Options) -> Extractor:
    """The extractor that the configuration chooses, not fitted.

    Args:
        configuration: With `extractor` and its parameters, perhaps `grey_levels`.
        options: How codebooks are made.

    Raises:
        ValueError: A missing or impossible value.
    """
    choice, values = active_values(configuration, "extractor")
    grey_levels = further_value(configuration, "grey_levels")
    if choice == "glcm":
        distances = _integers(values, "glcm_distances")
        angles = _integers(values, "glcm_angles")
        offsets_of(distances, angles)
        return GLCM(distances, angles, grey_levels)
    if choice == "lbp":
        points, radius = _integer(values, "lbp_points"), _integer(values, "lbp_radius")
        return LBP(*neighbourhood_of(points, radius), grey_levels)
    clusters = _integer(values, "sift_clusters")
    if clusters < 1:
        raise ValueError(f"configuration: sift_clusters must be at least 1, not {clusters}")
    per_split = options.codebook == "per_split"
    return BagOfVisualWords(clusters, options.codebook_seed, per_split, grey_levels)


def _integers(values: Mapping[str, Any], name: str) -> list[int]:
    value = values[name]
    if not isinstance(value, list | tuple) or not all(_is_integer(item) for item in value):
        raise ValueError(f"configuration: {name} must be a list of integers, not {value!r}")
    return list(value)


def _integer(values: Mapping[str, Any], name: str) -> int:
    value = values[name]
    if not _is_integer(value):
        raise ValueError(f"configuration: {name} must be an integer, not {value!r}")
    return int(value)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
