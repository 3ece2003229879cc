"""Which column of a reflection file holds the structure factors."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from diffranet.simulator.geometry import FloatArray

if TYPE_CHECKING:
    import gemmi

AMPLITUDE_OF_TYPE: Mapping[str, bool] = MappingProxyType(
    {"F": True, "G": True, "J": False, "K": False}
)
"""MTZ column types that serve: amplitudes (F, one Friedel mate: G), intensities (J, mate: K)."""
CALCULATED = ("FMODEL", "F-model", "FC_ALL", "FC")
"""Calculated amplitudes: complete, on an absolute scale, and in this order with the solvent."""
OBSERVED = ("FP", "F", "FOBS", "F-obs", "F-obs-filtered", "IMEAN", "I", "IOBS", "I-obs")
MAP_COEFFICIENTS = ("FWT", "DELFWT", "2FOFCWT", "FOFCWT", "2FOFCWT_no_fill")


def choose_column(mtz: gemmi.Mtz, wanted: str | None) -> gemmi.Mtz.Column:
    """The column to read structure factors from.

    Calculated amplitudes come before observed ones, amplitudes before intensities, means of
    Friedel mates before the mates; coefficients of difference maps never serve unasked.

    Args:
        mtz: Merged reflections.
        wanted: Label of a column, or None for the best one by the rule above.

    Raises:
        ValueError: There is no such column; the message lists those that serve.
    """
    fit = [column for column in mtz.columns if column.type in AMPLITUDE_OF_TYPE]
    labels = [column.label for column in fit]
    known = ", ".join(labels) or "none"
    if wanted is not None:
        if wanted not in labels:
            raise ValueError(
                f"no amplitudes or intensities {wanted!r}; columns that serve: {known}"
            )
        return fit[labels.index(wanted)]
    for label in (*CALCULATED, *OBSERVED):
        if label in labels:
            return fit[labels.index(label)]
    ranked = sorted(
        (column for column in fit if column.label not in MAP_COEFFICIENTS),
        key=lambda column: "FJGK".index(column.type),
    )
    if not ranked:
        raise ValueError(f"no column of structure factors; columns that serve if named: {known}")
    return ranked[0]


def squared_of(mtz: gemmi.Mtz, column: gemmi.Mtz.Column) -> tuple[FloatArray, FloatArray]:
    """|F|^2 of the listed reflections and of their Friedel mates, each (n,); NaN where unknown.

    The mates differ if the column is one of a pair such as ``F(+)`` and ``F(-)``; where one of
    the pair is unknown, the other stands for it.

    Raises:
        ValueError: An amplitude is negative or infinite.
    """
    squared = _squared(column)
    label = column.label
    partner = label.replace("+", "-") if "+" in label else label.replace("-", "+")
    found = mtz.column_with_label(partner, type=column.type) if column.type in "GK" else None
    if found is None or partner == label:
        return squared, squared
    plus, minus = (squared, _squared(found)) if "+" in label else (_squared(found), squared)
    return np.where(np.isnan(plus), minus, plus), np.where(np.isnan(minus), plus, minus)


def _squared(column: gemmi.Mtz.Column) -> FloatArray:
    values = np.asarray(column.array, dtype=np.float64)
    if np.isinf(values).any():
        raise ValueError(f"column {column.label!r} has infinite values")
    if not AMPLITUDE_OF_TYPE[column.type]:
        return np.maximum(values, 0.0)  # background subtraction leaves weak intensities negative
    if (values < 0.0).any():
        raise ValueError(f"column {column.label!r} has negative amplitudes")
    return values**2
