"""Two classes in place of the data's own: what changes, what stays, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.labels import labelled
from automl.plugins import training_data
from automl.scoring import score

TWO = ("no", "yes")


@dataclass(frozen=True)
class MadeDomain:
    name: str
    classes: tuple[str, ...]
    projection: tuple[int, ...]
    splits: tuple[str, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class MadeSplit:
    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    digest: str


class MadeData:
    packed = Path("packed")
    digest = "d" * 64
    image_shape = (1, 1)

    def __init__(self, domains, view, *, sealed=True):
        self.domains = {domain.name: domain for domain in domains}
        self.classes = domains[0].classes
        self.views = {} if view is None else {"diffraction": (TWO, view)}
        self._view, self._sealed = view, sealed

    def split(self, domain, split):
        if split == "test" and self._sealed:
            raise PermissionError("sealed")
        labels = np.arange(3 * len(self.domains[domain].classes)) % len(
            self.domains[domain].classes
        )
        names = tuple(map(str, range(len(labels))))
        return MadeSplit(np.zeros((len(labels), 1, 1), np.uint8), labels, names, f"{domain}{split}")

    def unsealed(self):
        return MadeData(list(self.domains.values()), self._view, sealed=False)

    def describe(self):
        return {
            "digest": self.digest,
            "note": "made",
            "counts": {
                name: {split: dict.fromkeys(domain.classes, 3) for split in domain.splits}
                for name, domain in self.domains.items()
            },
        }


FIVE = MadeDomain("synthetic", ("blank", "none", "weak", "good", "strong"), (0, 1, 2, 3, 4))
REAL = MadeDomain("real", TWO, (0, 0, 1, 1, 1), ("validation", "test"))
VIEW = (0, 0, 1, 1, 1)


@pytest.fixture
def data():
    return MadeData([FIVE, REAL], VIEW)


def test_the_images_are_the_same_and_so_are_their_digests(data):
    seen = labelled(data, "binary")
    for domain in data.domains:
        before, after = data.split(domain, "validation"), seen.split(domain, "validation")
        assert (after.names, after.digest) == (before.names, before.digest)
        assert np.array_equal(after.images, before.images)
    assert (seen.digest, seen.packed, seen.image_shape) == (data.digest, data.packed, (1, 1))


def test_five_classes_become_two_and_two_stay(data):
    seen = labelled(data, "binary")
    assert seen.classes == TWO
    assert seen.split("synthetic", "train").labels.tolist() == [0, 0, 1, 1, 1] * 3
    assert seen.split("real", "validation").labels.tolist() == [0, 1] * 3
    assert {(one.classes, one.projection) for one in seen.domains.values()} == {(TWO, (0, 1))}
    assert seen.describe() == data.describe() | {
        "counts": {
            "synthetic": {split: {"no": 6, "yes": 9} for split in FIVE.splits},
            "real": {split: {"no": 3, "yes": 3} for split in REAL.splits},
        }
    }


def test_full_labels_are_the_data_s_own(data):
    assert labelled(data, "full") is data


def test_test_splits_stay_sealed(data):
    seen = labelled(data, "binary")
    with pytest.raises(PermissionError):
        seen.split("synthetic", "test")
    assert seen.unsealed().split("synthetic", "test").labels.tolist() == [0, 0, 1, 1, 1] * 3


def test_seen_twice_is_seen_once(data):
    once = labelled(data, "binary")
    twice = labelled(once, "binary")
    assert twice.describe() == once.describe()
    assert np.array_equal(
        twice.split("synthetic", "train").labels, once.split("synthetic", "train").labels
    )


@pytest.mark.parametrize("select", ["synthetic", "real"])
def test_training_and_its_score_are_of_two_classes(data, select):
    visible = training_data(labelled(data, "binary"), select, Path("cache"))
    labels = visible.validation.labels
    assert visible.classes == TWO
    assert set(visible.train.labels) == {0, 1}
    assert visible.score(np.eye(2)[labels])["validation_accuracy"] == 1.0
    assert visible.score(np.eye(2)[1 - labels])["validation_accuracy"] == 0.0


@pytest.mark.parametrize(
    ("domains", "view", "words"),
    [
        ([FIVE, REAL], None, "no two-class view 'diffraction'"),
        (
            [FIVE, MadeDomain("shape", ("round", "other"), (0, 1, 1, 0, 1))],
            VIEW,
            "class 'round' of domain 'shape' is no part of 'no' or 'yes' alone",
        ),
        (
            [FIVE, MadeDomain("more", ("no", "yes", "maybe"), VIEW)],
            VIEW,
            "class 'maybe' of domain 'more' is no part",
        ),
    ],
)
def test_what_cannot_be_two_classes_is_refused_in_one_line(domains, view, words):
    with pytest.raises(ValueError, match=words) as refusal:
        labelled(MadeData(domains, view), "binary")
    assert "labels=full" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@st.composite
def views(draw):
    """A view of 2 to 7 training classes, and domains whose classes follow it."""
    size = draw(st.integers(2, 7))
    view = [0, 1, *draw(st.lists(st.integers(0, 1), min_size=size - 2, max_size=size - 2))]
    # Finer than the view: within each of its two classes any grouping.
    groups = sorted({(v, draw(st.integers(0, 2))) for v in view})
    member = [draw(st.sampled_from([g for g in groups if g[0] == v])) for v in view]
    used = sorted(set(member))
    projection = tuple(used.index(group) for group in member)
    names = tuple(f"c{i}" for i in range(size))
    return (
        tuple(view),
        MadeDomain("training", names, tuple(range(size))),
        MadeDomain("other", tuple(map(str, used)), projection),
    )


@given(views(), st.randoms(use_true_random=False))
def test_two_classes_are_the_coarser_reading_of_a_prediction(drawn, random):
    """A model of training classes is right in two if what it says is in the right one of them."""
    view, training, other = drawn
    data = MadeData([training, other], view)
    seen = labelled(data, "binary")
    for domain in (training, other):
        labels = data.split(domain.name, "validation").labels
        said = [random.randrange(len(view)) for _ in labels]
        # Training classes that count as each image's own, and what the view makes of them.
        own = [{view[k] for k, c in enumerate(domain.projection) if c == label} for label in labels]
        expected = np.mean([{view[k]} == seen_as for k, seen_as in zip(said, own, strict=True)])
        found = score(
            np.eye(2)[[view[k] for k in said]],
            seen.split(domain.name, "validation").labels,
            seen.domains[domain.name].projection,
        )
        assert found["validation_accuracy"] == pytest.approx(expected)
