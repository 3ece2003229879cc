"""Frames of any source as the images that a model takes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from diffranet import options as checks
from diffranet.errors import DataError
from diffranet.frames.conversion import Conversion
from diffranet.frames.counts import greys, masked_pixels
from diffranet.frames.crop import Crop
from diffranet.frames.downsample import Downsampling, averaged
from diffranet.frames.hdf5 import Stack, is_hdf5, split_source
from diffranet.frames.sources import DetectorFile, SingleImage, Source, is_detector, is_single
from diffranet.reader import Grey

MASTER = "_master.h5"
"""Ends the name of a file that holds links to the frames of others."""


class Frames:
    """The images of one source; reading one takes its file's time, not memory for all.

    Attributes:
        conversion: How the frame read last became an image, in words; empty where it was one.
    """

    def __init__(self, source: Source, form: ImageForm) -> None:
        self.conversion = ""
        self._source = source
        self._form = form

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int) -> Grey:
        """Return image ``index``, (height, width) uint8.

        Raises:
            DataError: It is damaged, or too small.
            OSError: It cannot be read.
        """
        image, conversion = self._form.image(self._source, index)
        self.conversion = str(conversion)
        return image

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()


class ImageForm:
    """What every image is brought to.

    Args:
        shape: (height, width) of an image.
        crop: Which part of a frame it shows.
        downsampling: How much of the part is averaged.
        scale: Constant by which greys are multiplied, as the paper made its preprocessed images
            of the raw ones (section 3); rounded and clipped to 8 bits.
    """

    def __init__(
        self, shape: tuple[int, int], crop: Crop, downsampling: Downsampling, scale: float
    ) -> None:
        self.shape = shape
        self._crop = crop
        self._downsampling = downsampling
        self._scale = scale

    def image(self, source: Source, index: int) -> tuple[Grey, Conversion]:
        """Read one frame as (height, width) uint8: crop, compress, average, scale.

        Raises:
            DataError: The frame cannot become such an image.
        """
        frame = source.frame(index)
        height, width = frame.pixels.shape
        piece = self._crop.piece((height, width), self.shape, self._downsampling)
        conversion = Conversion(
            frame=(height, width),
            bits=8 * frame.pixels.dtype.itemsize,
            part=self._crop.part_of((height, width)),
            piece=piece,
            image=self.shape,
            crop=self._crop,
            downsampling=self._downsampling,
        )
        part = type(frame)(frame.pixels[piece.slices], frame.has_flags)
        image = averaged(greys(part.pixels), masked_pixels(part), self.shape)
        if self._scale != 1.0:
            image = np.asarray(np.clip(np.rint(image * self._scale), 0, 255), dtype=np.uint8)
        return np.ascontiguousarray(image), conversion


class FrameReader:
    """Opens what holds images: PNG, PGM, TIFF, HDF5 stacks and detectors' files.

    Args:
        image_shape: (height, width) of the images that come out.
        options: ``crop``, ``downsample`` (see ``parse`` of ``Crop`` and ``Downsampling``) and
            ``scale`` (see ``ImageForm``).

    Raises:
        DataError: An option is unknown or bad.
    """

    def __init__(self, image_shape: tuple[int, int], options: Mapping[str, object]) -> None:
        checks.refuse_unknown(options, ("crop", "downsample", "scale"), "image options")
        crop = Crop.parse(str(options.get("crop", "centre")))
        downsampling = Downsampling.parse(str(options.get("downsample", "blocks")))
        scale = checks.number(options.get("scale", 1.0), "scale", above=0.0)
        self._form = ImageForm(image_shape, crop, downsampling, scale)

    def file_of(self, source: str) -> Path:
        """Return the file that a source lies in: that of ``file.h5:/stack`` is ``file.h5``."""
        return split_source(source)[0]

    def takes(self, path: Path) -> bool:
        """Whether a file that lies in a folder is one of images, by its name.

        A ``*_master.h5`` is not: it links to the frames of the files beside it.
        """
        if path.name.lower().endswith(MASTER):
            return False
        return is_single(path) or is_hdf5(path) or is_detector(path)

    def open(self, source: str) -> Frames:
        """Open a source.

        Raises:
            DataError: It is damaged, of no known kind, or its reader is not installed.
            OSError: It cannot be opened.
        """
        path, inside = split_source(source)
        opened: Source
        if is_hdf5(path):
            opened = Stack(path, inside, self._form.shape)
        elif is_single(path):
            opened = SingleImage(path)
        elif is_detector(path):
            opened = DetectorFile(path)
        else:
            raise DataError(
                f"{source} is of no known kind; known are PNG, PGM, TIFF, HDF5, CBF and other "
                "detectors' formats, by the ending of the name"
            )
        return Frames(opened, self._form)
