"""Normalisations of one image's grey levels: the names and constants that both trainables share.

None of them looks at another image or at a label, so that all may be used on a domain that
nothing is known of.

none: as the paper.
standardised: (g - mean) / deviation of the image's own grey levels, brought to `MEAN` and
    `DEVIATION`. Undoes gain and offset; the paper's preprocessed images are a coarse form of it,
    one factor for all images (section 3).
equalised: each grey level becomes its mid-rank within the image, times 255. Undoes every monotone
    change of grey levels, as the equal-probability quantising of Haralick et al. 1973, which they
    put before their co-occurrence matrices for that reason.
local_contrast: (g - mean) / deviation of the square window around each pixel, brought to `MEAN`
    and `DEVIATION`; the divisor is at least the mean of all the image's local deviations (Jarrett
    et al. 2009). Undoes whatever changes slowly over the image, the background's shape included;
    Ke et al. 2018 put it before their network for Bragg spots (paper section 2.2).

The result is within 0..255 in all of them. A deviation counts as `LEAST_DEVIATION` at least: an
image without content stays one.
"""

from typing import Literal

GreyLevels = Literal["none", "standardised", "equalised", "local_contrast"]

GREY_LEVELS: tuple[GreyLevels, ...] = ("none", "standardised", "equalised", "local_contrast")

VERSION = "1"
"""Names the definitions: what is stored of another version is not reused."""

MEAN = 64.0
DEVIATION = 16.0
"""In grey levels: four deviations of room below the mean, twelve above it for Bragg spots."""
LEAST_DEVIATION = 1.0
"""In grey levels. Rounding alone makes 0.3."""
REACH = 4
"""Pixels from the middle of a local window to its edge: windows of 9 × 9, as those of
Jarrett et al. 2009, but without weights; what lies outside the image does not count."""
