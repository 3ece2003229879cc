"""Folders and images."""

from __future__ import annotations

import shutil

import numpy as np
from PIL import Image
from wrong_config import run
from wrong_input import scene, written

FIRST = "images/synthetic/train/1/00.png"
NOT_SEEN_BEFORE = "the images are read once Ray has started"


def changed(prepare):
    return scene(lambda home: prepare(home / "images"))


def late(what, line, remedy="", words=(), prepare=None, content=None):
    stage = changed(prepare) if prepare else written(FIRST, content)
    return run(what, words, line, remedy, scene=stage, late=True)


def other_size(images):
    Image.fromarray(np.zeros((8, 16), np.uint8)).save(images / "synthetic/train/1/00.png")


def coloured(images):
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(images / "synthetic/train/1/00.png")


def in_two_splits(images):
    synthetic = images / "synthetic"
    shutil.copyfile(synthetic / "train/1/00.png", synthetic / "test/1/00.png")


def folder_for_image(images):
    (images / "synthetic/train/1/00.png").unlink()
    (images / "synthetic/train/1/00.png").mkdir()


def broken_link(images):
    (images / "synthetic/train/1/00.png").unlink()
    (images / "synthetic/train/1/00.png").symlink_to("gone.png")


def without(name):
    return changed(lambda images: shutil.rmtree(images / name))


DATA = (
    run(
        "no folder given",
        ["search=classical_random", "data=diffranet"],
        "data.root: missing; give data.root=… on the command line",
        bare=True,
    ),
    run(
        "folder that is not there",
        ["data.root=imgaes"],
        "data: data set folder imgaes does not exist; give the folder of DiffraNet",
    ),
    run(
        "file where the folder belongs",
        ["data.root=images/synthetic/train/1/00.png"],
        "data: data set folder images/synthetic/train/1/00.png does not exist; "
        "give the folder of DiffraNet",
    ),
    run("empty folder name", ["data.root="], "data: data option root must name the folder…"),
    run(
        "folder without the data set",
        ["data.root=images/synthetic"],
        "data: images/synthetic has no folder 'synthetic'; is it the folder of DiffraNet? "
        "images with other classes: docs/your_own.md",
    ),
    run(
        "missing split",
        [],
        "data: images has no folder 'synthetic/validation'; all splits are needed",
        scene=without("synthetic/validation"),
    ),
    run(
        "missing class",
        [],
        "data: class folder synthetic/train/3 (weak) is missing; "
        "images with other classes: docs/your_own.md",
        "put it back",
        scene=without("synthetic/train/3"),
    ),
    run(
        "class folder of another name",
        [],
        "data: unknown class folder synthetic/train/wek; known are 1, 2, 3, 4, 5",
        "rename it",
        scene=changed(
            lambda images: (images / "synthetic/train/3").rename(images / "synthetic/train/wek")
        ),
    ),
    run(
        "one class too many",
        [],
        "data: unknown class folder synthetic/train/6; known are 1, 2, 3, 4, 5",
        "take it out",
        scene=written("images/synthetic/train/6/00.png", b""),
    ),
    run(
        "empty class folder",
        [],
        "data: class folder synthetic/train/1 (blank) of images is empty",
        "take images in, or the split out",
        scene=changed(
            lambda images: [path.unlink() for path in (images / "synthetic/train/1").iterdir()]
        ),
    ),
    run(
        "file that is no image",
        [],
        "data: images/synthetic/train/1/labels.csv is no PNG, PGM or TIFF image; remove it",
        scene=written("images/synthetic/train/1/labels.csv", "a,b"),
    ),
    run(
        "size of no image",
        ["data.options.image_size=-1"],
        "data: image_size must be 8 to 65535, got -1",
    ),
    run(
        "misspelt option of the data",
        ["+data.options.image_sise=16"],
        "data: data options: unknown option 'image_sise'; did you mean 'image_size'?",
    ),
    run(
        "misspelt domain",
        ["select=real_row"],
        "select: the data have no validation split of a domain 'real_row'; "
        "did you mean 'real_raw'?",
    ),
    run(
        "half of a domain's name, in a preview: nothing is measured",
        ["search=classical_random", "preview=true", "select=real"],
        "select: the data have no validation split of a domain 'real'; known: real_preprocessed, "
        "real_raw, synthetic",
        bare=True,
    ),
    run(
        "domain that the folder has not",
        ["select=real_preprocessed"],
        "select: the data have no validation split of a domain 'real_preprocessed'; …",
    ),
    run(
        "domain that is not simulated",
        ["search=classical_random", "data.options.counts.real=null", "select=real_raw"],
        "select: the data have no validation split of a domain 'real_raw'; known: synthetic",
        bare=True,
    ),
    late(
        "broken image",
        "data: images/synthetic/train/1/00.png is damaged: no readable PNG image; "
        "replace or remove it",
        content=b"\x89PNG\r\n\x1a\nno more",
    ),
    late(
        "text file named as an image",
        "data: images/synthetic/train/1/00.png is damaged: no readable PNG image; "
        "replace or remove it",
        content="hello",
    ),
    late(
        "image of another size",
        "data: images/synthetic/train/1/… pixels, but images/synthetic/train/1/00.png is 16 x 8; "
        "all images must have one size",
        "make them one size, or move one away",
        prepare=other_size,
    ),
    late(
        "coloured image",
        "data: images/synthetic/train/1/00.png is no grey image; its PNG mode is RGB",
        "save it in greys",
        prepare=coloured,
    ),
    late(
        "one image in two splits",
        "data: synthetic/test/1/00.png and synthetic/train/1/00.png are the same image in two "
        "splits; remove one",
        prepare=in_two_splits,
    ),
    late(
        "folder where an image belongs",
        "data: images/synthetic/train/1/00.png cannot be read (Is a directory); "
        "replace or remove it",
        prepare=folder_for_image,
    ),
    late(
        "link to nothing",
        "data: images/synthetic/train/1/00.png cannot be read (No such file or directory); "
        "replace or remove it",
        prepare=broken_link,
    ),
    late(
        "size that is no divisor",
        "data: images/… is 16 x 16 pixels and cannot be reduced to image_size=9; "
        "choose a divisor of its size",
        words=("data.options.image_size=9",),
        prepare=lambda images: None,
    ),
)
