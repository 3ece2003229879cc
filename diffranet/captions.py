"""What is said under a picture of the gallery: its parameters, from the manifest."""

from __future__ import annotations

from collections.abc import Mapping

Row = Mapping[str, str]


def caption(row: Row) -> list[str]:
    """The state of a shot in short phrases, most important first.

    Args:
        row: Its manifest row; columns that are absent or empty are left out.
    """
    values = _Values(row)
    intensity = values.number("intensity")
    if intensity == 0.0:
        return ["no pulse (intensity 0)"]
    phrases = _crystal(values)
    if intensity is not None:
        phrases.append(f"intensity {intensity:.2f} × mean pulse")
    if (wavelength := values.number("wavelength")) is not None:
        phrases.append(f"λ {wavelength:.4f} Å")
    return phrases + _surroundings(values)


def _crystal(values: _Values) -> list[str]:
    scale = values.number("crystal_scale")
    if scale is None:
        return []
    if scale == 0.0:
        return ["no crystal"]
    name = values.text("crystal") or "crystal"
    phrases = [f"{name} {scale:.3f} × (30 µm)³"]
    if (mosaic := values.number("mosaic_deg")) is not None:
        phrases.append(f"mosaic {mosaic:g}°")
    return phrases


def _surroundings(values: _Values) -> list[str]:
    """Background, read-out and faults; a fault that is absent is not mentioned."""
    phrases = []
    if (water := values.number("water_mm")) is not None:
        phrases.append(f"water {1e3 * water:.0f} µm")
    if (gain := values.number("gain")) is not None:
        phrases.append(f"gain {gain:.2f}")
    if parasitic := values.number("parasitic"):
        phrases.append(f"parasitic {parasitic:.0%}")
    if (tape := values.number("tape_transmission")) is not None and tape < 1.0:
        phrases.append(f"tape passes {tape:.0%}")
    if ice := values.number("ice"):
        phrases.append(f"ice rings {ice:.1f} × mean")
    if streak := values.number("streak"):
        phrases.append(f"jet streak {streak:.1f} × mean")
    if hot := values.number("hot_pixels"):
        phrases.append(f"{hot:.0f} hot pixel{'s' * (hot != 1)}")
    return phrases


class _Values:
    """The cells of one row."""

    def __init__(self, row: Row) -> None:
        self._row = row

    def text(self, column: str) -> str:
        return self._row.get(column) or ""

    def number(self, column: str) -> float | None:
        """A number, None where the cell is absent, empty or something else."""
        try:
            return float(self.text(column))
        except ValueError:
            return None
