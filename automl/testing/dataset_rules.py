"""Rules on data sets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from automl.plugins import DataSet
from automl.testing.contract import UNKNOWN, ContractError, call, raised, require, require_refusal
from automl.testing.data_case import DataCase, all_splits, made, prepared

_SPLITS = ("train", "validation", "test")


def check_accepts_its_options(case: DataCase, folder: Path) -> None:
    """``check`` takes options that can be prepared, and writes nothing beside them."""
    options = made(case, folder, 0)
    before = sorted(folder.rglob("*"))
    call("check", case.dataset.check, options)
    require(sorted(folder.rglob("*")) == before, "check wrote files; leave that to prepare")


def check_refuses_unknown_data_options(case: DataCase, folder: Path) -> None:
    """An option that the data set has not is refused, by name."""
    options = {**made(case, folder, 0), UNKNOWN: 1}
    what, refused = f"check of the option '{UNKNOWN}'", (ValueError, OSError)
    require_refusal(what, refused, (UNKNOWN,), case.dataset.check, options)


def domains_fit_the_classes(case: DataCase, folder: Path) -> None:
    """The first domain is trained on, one has a validation split, and projections fit."""
    data = prepared(case, folder)
    domains = list(data.domains.items())
    require(bool(domains), "there is no domain")
    for name, domain in domains:
        require(domain.name == name, f"domain '{name}' calls itself '{domain.name}'")
        unknown = [split for split in domain.splits if split not in _SPLITS]
        require(not unknown, f"domain {name} has the splits {unknown}; known: {_SPLITS}")
        _require_projection(f"domain {name}", data, domain.classes, domain.projection)
    name, first = domains[0]
    require("train" in first.splits, f"the first domain, {name}, has no training split")
    own = tuple(first.classes) == tuple(data.classes)
    require(own, f"the classes of {name}, {first.classes}, are not the data's, {data.classes}")
    identity = tuple(range(len(data.classes)))
    require(tuple(first.projection) == identity, f"{name} does not project classes to themselves")
    validated = any("validation" in domain.splits for _, domain in domains)
    require(validated, "no domain has a validation split")
    for view, (classes, projection) in data.views.items():
        _require_projection(f"view {view}", data, classes, projection)


def selectable_names_what_can_be_selected_on(case: DataCase, folder: Path) -> None:
    """``selectable`` names the domains with a validation split, before anything is prepared."""
    options = made(case, folder / "options", 0)
    named = sorted(call("selectable", case.dataset.selectable, options))
    data = prepared(case, folder)
    there = sorted(name for name, one in data.domains.items() if "validation" in one.splits)
    require(named == there, f"selectable gives {named}, the data have {there}")


def shapes_and_types_are_right(case: DataCase, folder: Path) -> None:
    """Images (n, h, w) uint8, labels (n,) whole numbers, n names, and n is not 0."""
    data = prepared(case, folder)
    for place, domain, split in all_splits(data):
        images, labels = split.images, np.asarray(split.labels)
        require(images.dtype == np.uint8, f"{place}: images are {images.dtype}, not uint8")
        wanted = (len(labels), *data.image_shape)
        require(images.shape == wanted, f"{place}: images are {images.shape}, not {wanted}")
        require(labels.ndim == 1 and len(labels) > 0, f"{place}: labels are {labels.shape}")
        require(
            np.issubdtype(labels.dtype, np.integer), f"{place}: labels are {labels.dtype}, not int"
        )
        inside = int(labels.min()) >= 0 and int(labels.max()) < len(domain.classes)
        require(inside, f"{place}: labels are no indices into {len(domain.classes)} classes")
        different = len(set(split.names)) == len(labels) == len(split.names)
        require(different, f"{place}: {len(labels)} images need as many different names")


def images_are_read_only(case: DataCase, folder: Path) -> None:
    """No trial can change what the next one sees."""
    for place, _, split in all_splits(prepared(case, folder)):
        require(
            not split.images.flags.writeable,
            f"{place}: images can be written to; open them with mmap_mode='r'",
        )


def splits_are_sealed(case: DataCase, folder: Path) -> None:
    """Prepared and opened data refuse test splits; ``unsealed`` leaves them as they were."""
    data = prepared(case, folder)
    opened = call("open", case.dataset.open, data.packed)
    tests = [name for name, domain in data.domains.items() if "test" in domain.splits]
    require(bool(tests), "no domain has a test split")
    call("unsealed", opened.unsealed)
    call("open", case.dataset.open, data.packed, sealed=False)
    for name in tests:
        for what, sealed in (("prepare", data), ("open", opened)):
            _require_sealed(what, sealed, name)
        call(f"split {name}/test of unsealed data", opened.unsealed().split, name, "test")


def digests_follow_the_images(case: DataCase, folder: Path) -> None:
    """Equal images elsewhere have equal digests, other images others."""
    one = prepared(case, folder / "one")
    equal = prepared(case, folder / "equal", workers=2)
    other = prepared(case, folder / "other", number=1)
    require(isinstance(one.digest, str) and one.digest != "", f"the digest is {one.digest!r}")
    require(one.digest == equal.digest, "equal images in another folder have another digest")
    require(one.digest != other.digest, "other images have the same digest")
    digests = [
        {place: split.digest for place, _, split in all_splits(data)}
        for data in (one, equal, other)
    ]
    for place, digest in digests[0].items():
        require(digest == digests[1][place], f"{place}: equal images have different digests")
        require(digest != digests[2].get(place), f"{place}: other images have the same digest")
    own = len(set(digests[0].values())) == len(digests[0])
    require(own, "two splits have one digest: what is stored under it would be mixed up")


def opening_gives_what_was_prepared(case: DataCase, folder: Path) -> None:
    """Every process that opens the packed folder sees the same."""
    data = prepared(case, folder)
    inside = Path(data.packed).resolve().is_relative_to((folder / "cache").resolve())
    require(inside, f"packed is {data.packed}; pack under the cache that is given")
    opened = call("open", case.dataset.open, data.packed)
    for name in ("digest", "classes", "image_shape"):
        left, right = getattr(data, name), getattr(opened, name)
        require(left == right, f"{name} is {left!r} when prepared and {right!r} when opened")
    for (place, _, one), (_, _, other) in zip(all_splits(data), all_splits(opened), strict=True):
        same = (
            np.array_equal(one.images, other.images)
            and np.array_equal(one.labels, other.labels)
            and tuple(one.names) == tuple(other.names)
        )
        require(same, f"{place}: prepared and opened images, labels or names differ")


def description_is_json(case: DataCase, folder: Path) -> None:
    """``describe`` has digest, surrogate, note and true counts, and survives JSON."""
    data = prepared(case, folder)
    found = call("describe", data.describe)
    try:
        again = json.loads(json.dumps(found, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise raised("JSON of describe", error) from error
    require(again == found, "describe changes in JSON; use texts as keys and lists, not tuples")
    require(found.get("digest") == data.digest, "describe has another digest than the data")
    require(isinstance(found.get("surrogate"), bool), "describe: surrogate is no True or False")
    require(isinstance(found.get("note"), str), "describe: note is no text")
    for place, domain, split in all_splits(data):
        tally = np.bincount(split.labels, minlength=len(domain.classes)).tolist()
        wanted = dict(zip(domain.classes, tally, strict=True))
        name, _, part = place.partition("/")
        counts = found.get("counts", {}).get(name, {}).get(part)
        require(counts == wanted, f"describe: counts of {place} are {counts}, not {wanted}")


def _require_projection(
    where: str, data: DataSet, classes: Sequence[str], projection: Sequence[int]
) -> None:
    require(
        len(projection) == len(data.classes) and set(projection) <= set(range(len(classes))),
        f"{where}: projection {tuple(projection)} must give one of its {len(classes)} classes "
        f"for each of the {len(data.classes)} training classes",
    )


def _require_sealed(what: str, data: DataSet, domain: str) -> None:
    try:
        data.split(domain, "test")
    except PermissionError:
        return
    except Exception as error:
        raise raised(f"split {domain}/test of sealed data", error) from error
    raise ContractError(f"{what} hands out {domain}/test; raise PermissionError while sealed")
