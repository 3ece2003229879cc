"""Draw contact sheets: pictures in a grid, each with its caption, on one shared grey scale."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from diffranet.reader import Grey

LARGEST_TILE = 512
SMALLEST_TILE = 256
WIDEST_SHEET = 2200
GAP = 16
PAPER, INK, FAINT, FRAME = 255, 0, 96, 128
"""Greys of the sheet's paper, of its text, of what is read last, and of pictures' outlines."""


@dataclass(frozen=True)
class Picture:
    """An image and the phrases under it.

    Attributes:
        pixels: Greys, (height, width).
        name: Its path.
        phrases: What is said of it.
    """

    pixels: Grey
    name: str
    phrases: Sequence[str] = ()


@dataclass(frozen=True)
class Strip:
    """One row of an overview: what it shows, and some images."""

    label: str
    note: str
    images: Sequence[Grey]


def contact_sheet(
    title: str, notes: Sequence[str], pictures: Sequence[Picture], white: int
) -> bytes:
    """Draw pictures in a grid with their captions.

    Args:
        title: First line, in bold.
        notes: Lines below it, wrapped.
        pictures: At least one.
        white: The grey that is drawn white; 0 is black.

    Returns:
        An 8-bit grey PNG.
    """
    tiles = [tile(picture.pixels, LARGEST_TILE) for picture in pictures]
    height, width = (max(t.shape[axis] for t in tiles) for axis in (0, 1))
    columns = _columns(len(tiles), width)
    small = _font(max(13, round(width / 28)))
    captions = [_caption_lines(picture, width, small) for picture in pictures]
    line = _line_height(small)
    sheet_width = max(columns * (width + GAP) + GAP, 2 * SMALLEST_TILE)
    head = _Head(title, notes, sheet_width - 2 * GAP, round(small.size))
    rows = [range(i, min(i + columns, len(tiles))) for i in range(0, len(tiles), columns)]
    row_heights = [
        height + GAP // 2 + line * max(len(captions[n]) for n in row) + GAP for row in rows
    ]
    sheet = Image.new("L", (sheet_width, GAP + head.height + sum(row_heights)), PAPER)
    draw = ImageDraw.Draw(sheet)
    head.draw(draw, GAP, GAP)
    top = GAP + head.height
    for row, row_height in zip(rows, row_heights, strict=True):
        for place, n in enumerate(row):
            left = GAP + place * (width + GAP)
            _paste(sheet, draw, stretch(tiles[n], white), left, top)
            for i, text in enumerate(captions[n]):
                ink = INK if i < len(captions[n]) - 1 else FAINT  # the path comes last
                place_y = top + height + GAP // 2 + i * line
                draw.text((left, place_y), text, fill=ink, font=small)
        top += row_height
    return _png(sheet)


def overview(title: str, notes: Sequence[str], strips: Sequence[Strip], white: int) -> bytes:
    """Draw one row of small pictures for each of some kinds.

    Args:
        title: First line, in bold.
        notes: Lines below it, wrapped.
        strips: At least one, each with at least one image.
        white: The grey that is drawn white; 0 is black.

    Returns:
        An 8-bit grey PNG.
    """
    tiles = [[tile(image, SMALLEST_TILE) for image in strip.images] for strip in strips]
    edge = max(max(t.shape) for row in tiles for t in row)
    bold, plain = _font(20, bold=True), _font(16)
    labels = [
        (
            _wrapped(strip.label.split(), " ", edge, bold),
            _wrapped(strip.note.split(), " ", edge, plain),
        )
        for strip in strips
    ]
    sheet_width = (1 + max(map(len, tiles))) * (edge + GAP) + GAP
    head = _Head(title, notes, sheet_width - 2 * GAP, 16)
    sheet = Image.new("L", (sheet_width, GAP + head.height + len(strips) * (edge + GAP)), PAPER)
    draw = ImageDraw.Draw(sheet)
    head.draw(draw, GAP, GAP)
    top = GAP + head.height
    for (label, note), row in zip(labels, tiles, strict=True):
        y = top
        for lines, font, ink in ((label, bold, INK), (note, plain, FAINT)):
            for text in lines:
                draw.text((GAP, y), text, fill=ink, font=font)
                y += _line_height(font)
        for place, image in enumerate(row, start=1):
            _paste(sheet, draw, stretch(image, white), GAP + place * (edge + GAP), top)
        top += edge + GAP
    return _png(sheet)


def tile(pixels: Grey, largest: int) -> Grey:
    """Bring an image to a readable size by a whole factor.

    Greys are square roots of counts: a large image is binned as a detector would bin it, by the
    mean of the counts, so that a spot keeps its photons. A small one has its pixels repeated.

    Args:
        pixels: (height, width).
        largest: Longest edge of the result in pixels; at least half of it is filled.
    """
    edge = max(pixels.shape)
    if edge <= largest:
        factor = largest // edge
        return np.ascontiguousarray(pixels.repeat(factor, axis=0).repeat(factor, axis=1))
    factor = math.ceil(edge / largest)
    whole = [n // factor * factor or n for n in pixels.shape]
    rows, columns = (min(factor, n) for n in whole)
    counts = pixels[: whole[0], : whole[1]].astype(np.float64) ** 2
    blocks = counts.reshape(whole[0] // rows, rows, whole[1] // columns, columns)
    binned: Grey = np.rint(np.sqrt(blocks.mean(axis=(1, 3)))).astype(np.uint8)
    return binned


def stretch(pixels: Grey, white: int) -> npt.NDArray[np.uint8]:
    """Map greys 0 to ``white`` on black to white; what is brighter stays white."""
    scaled = np.rint(pixels.astype(np.float64) * (255.0 / white))
    return np.asarray(np.minimum(scaled, 255.0), dtype=np.uint8)


def _paste(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, picture: Grey, left: int, top: int
) -> None:
    """Put a picture on the sheet, outlined so that a white one does not vanish on the paper."""
    height, width = picture.shape
    draw.rectangle((left - 1, top - 1, left + width, top + height), outline=FRAME)
    sheet.paste(Image.fromarray(picture), (left, top))


class _Head:
    """A sheet's title and notes."""

    def __init__(self, title: str, notes: Sequence[str], width: int, size: int) -> None:
        self._title = title
        self._bold = _font(round(1.7 * size), bold=True)
        self._plain = _font(round(1.1 * size))
        self._lines = [
            line for note in notes for line in _wrapped(note.split(), " ", width, self._plain)
        ]
        body = len(self._lines) * _line_height(self._plain)
        self.height = round(1.3 * _line_height(self._bold)) + body + GAP

    def draw(self, draw: ImageDraw.ImageDraw, left: int, top: int) -> None:
        draw.text((left, top), self._title, fill=INK, font=self._bold)
        top += round(1.3 * _line_height(self._bold))
        for n, line in enumerate(self._lines):
            place = (left, top + n * _line_height(self._plain))
            draw.text(place, line, fill=INK, font=self._plain)


def _columns(n: int, width: int) -> int:
    """Columns that keep the sheet readable and its rows about equally full."""
    most = max(1, (WIDEST_SHEET - GAP) // (width + GAP))
    return math.ceil(n / math.ceil(n / most))


def _caption_lines(picture: Picture, width: int, font: ImageFont.FreeTypeFont) -> list[str]:
    parts = picture.name.split("/")
    starts = (f"{'…/' * (n > 0)}{'/'.join(parts[n:])}" for n in range(len(parts)))
    name = next((text for text in starts if font.getlength(text) <= width), parts[-1])
    return [*_wrapped(picture.phrases, " · ", width, font), name]


def _wrapped(
    words: Sequence[str], joint: str, width: int, font: ImageFont.FreeTypeFont
) -> list[str]:
    """Fill lines up to a width with words that are themselves never broken."""
    return list(_fill(words, joint, lambda line: font.getlength(line) <= width))


def _fill(words: Sequence[str], joint: str, fits: Callable[[str], bool]) -> Iterator[str]:
    line = ""
    for word in words:
        longer = f"{line}{joint}{word}" if line else word
        if line and not fits(longer):
            yield line
            longer = word
        line = longer
    if line:
        yield line


def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    # The font that matplotlib brings along has the letters of the field: Å, λ, µ, ³.
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts/ttf" / name), size)


def _line_height(font: ImageFont.FreeTypeFont) -> int:
    ascent, descent = font.getmetrics()
    return round(1.1 * (ascent + descent))


def _png(sheet: Image.Image) -> bytes:
    encoded = io.BytesIO()
    sheet.save(encoded, format="PNG")
    return encoded.getvalue()
