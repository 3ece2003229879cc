"""Which misclassified images are chosen."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from automl.predictions import to_digits
from automl.report.misclassified import choose

CLASSES = ["a", "b", "c"]


def evaluated(pairs, domain="synthetic", classes=CLASSES):
    return {
        "domain": domain,
        "split": "test",
        "classes": classes,
        "labels": to_digits([true for true, _ in pairs], len(classes)),
        "predicted": to_digits([predicted for _, predicted in pairs], len(classes)),
        "digest": "d",
    }


pairs = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=60)


@given(st.lists(pairs, min_size=1, max_size=3), st.integers(1, 30))
def test_wrong_ones_alone_each_once_and_kinds_in_turn(splits, most):
    recorded = [evaluated(split, f"domain {place}") for place, split in enumerate(splits)]
    choice = choose({"images_evaluated": recorded}, most)
    every = Counter()
    for one, split in zip(recorded, splits, strict=True):
        every.update(
            (one["domain"], CLASSES[true], CLASSES[predicted])
            for true, predicted in split
            if true != predicted
        )
    total = sum(every.values())
    assert len(choice.images) == min(most, total)
    assert len({(image.domain, image.index) for image in choice.images}) == len(choice.images)
    for image in choice.images:
        true, predicted = splits[int(image.domain.split()[1])][image.index]
        assert (CLASSES[true], CLASSES[predicted]) == (image.true, image.predicted)
        assert true != predicted
    shown = Counter((image.domain, image.true, image.predicted) for image in choice.images)
    # None is shown twice more often than another that has some left.
    most_shown = max(shown.values(), default=0)
    assert all(shown[kind] >= min(count, most_shown - 1) for kind, count in every.items())


def test_what_it_says():
    right = evaluated([(0, 0), (1, 1)])
    validation = {**evaluated([(0, 1)]), "split": "validation"}
    assert choose({"images_evaluated": [validation]}).sentence == ""
    wrong = evaluated([(0, 1), (1, 1), (2, 0)])
    assert choose({}).sentence == ""
    assert choose({"images_evaluated": [right]}).sentence.startswith("Every test image was")
    assert choose({"images_evaluated": [wrong]}).sentence == "All 2 misclassified images."
    assert choose({"images_evaluated": [wrong]}, 1).sentence.startswith("1 of 2 misclassified")
    for lacking in ({"predicted": None}, {"labels": None}, {"labels": "0"}):
        choice = choose({"images_evaluated": [right, {**wrong, **lacking}]})
        assert choice.images == ()
        assert "was not recorded" in choice.sentence


def test_of_one_kind_evenly_spaced_images():
    choice = choose({"images_evaluated": [evaluated([(0, 1)] * 100)]}, 4)
    assert [image.index for image in choice.images] == [12, 37, 62, 87]
