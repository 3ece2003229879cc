from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.predictions import from_digits, to_digits


@given(st.lists(st.integers(0, 35)))
def test_digits_there_and_back(labels):
    assert from_digits(to_digits(labels, 36)).tolist() == labels


def test_one_digit_an_image():
    assert to_digits([0, 9, 10, 35], 36) == "09az"
    assert to_digits([0], 37) is None
    for label in (-1, 5):
        with pytest.raises(ValueError, match="outside 0 … 4"):
            to_digits([label], 5)
