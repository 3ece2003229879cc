"""Batches: what one bad image, or too large a batch, does to the others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.prediction.chosen import Screen
from automl.prediction.earlier import Earlier
from automl.prediction.predictor import Predictor, UnreadableError

BAD = 13


class Model:
    """Tells an image by its only pixel; cannot bear some images, nor more than ``most``."""

    def __init__(self, most=99):
        self.most = most

    def predict_proba(self, images):
        values = images[:, 0, 0]
        if len(images) > self.most:
            raise MemoryError("too many")
        if (values == BAD).any():
            raise RuntimeError("cannot bear it")
        return np.stack([values / 255, 1 - values / 255], axis=1)


class Stack(list):
    def __getitem__(self, index):
        value = super().__getitem__(index)
        if value is None:
            raise ValueError("damaged")
        return np.full((1, 1), value, np.uint8)

    def close(self):
        pass


class Reader:
    def __init__(self, stacks):
        self.stacks = stacks

    def open(self, source):
        return Stack(self.stacks[source])


def predicted(stacks, batch, most=99, **more):
    rows = []
    screen = Screen("s/m", Model(most), ("a", "b"), (False, True), nominal=False)
    predictor = Predictor(screen, Reader(stacks), batch, rows.extend, **more)
    for source in stacks:
        try:
            predictor.add(source)
        except UnreadableError as error:
            predictor.give_up(source, str(error))
    predictor.flush()
    return rows


frames = st.lists(st.one_of(st.none(), st.integers(0, 255)), max_size=6)


@given(st.lists(frames, max_size=5), st.integers(1, 9), st.integers(1, 9))
def test_every_frame_has_one_row_in_order_whatever_the_batch(stacks, batch, most):
    named = {f"s{n}": stack for n, stack in enumerate(stacks)}
    rows = predicted(named, batch, most)
    assert [row.file for row in rows] == [name for name in named for _ in named[name]]
    values = [value for stack in stacks for value in stack]
    for row, value in zip(rows, values, strict=True):
        assert bool(row.error) == (value is None or value == BAD)
        if not row.error:
            assert row.probabilities[0] == pytest.approx(value / 255)


def test_frames_that_have_rows_are_not_taken_again():
    earlier = Earlier()
    for frame, failed in ((0, False), (1, True), (2, False)):
        earlier.record("s", frame, failed=failed)
    rows = predicted({"./s": [1, 2, 3, 4]}, 2, earlier=earlier)
    assert [row.frame for row in rows] == [1, 3]
    assert (earlier.images, earlier.missing("s", 4)) == (2, [1, 3])  # a copy was worked on


def test_a_full_batch_does_not_wait():
    rows = []
    screen = Screen("s/m", Model(), ("a", "b"), None, nominal=False)
    predictor = Predictor(screen, Reader({"s": [1, 2, 3]}), 2, rows.extend)
    predictor.add("s")
    assert [row.frame for row in rows] == [0, 1]


def test_images_that_are_judged_together_are_never_judged_alone():
    rows = []
    screen = Screen("s/m", Model(most=2), ("a", "b"), None, nominal=False, together=True)
    predictor = Predictor(screen, Reader({"s": [1, 2, 3]}), 3, rows.extend)
    predictor.add("s")
    assert [row.error for row in rows] == ["too many"] * 3
