"""Numbers as people read them."""

import math

import pytest

from automl.formatting import (
    configuration,
    configuration_words,
    counted,
    duration,
    mean_over_seeds,
    number,
    percent,
    percent_interval,
    quantity,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.84, "0.8 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (9 * 86400 + 4 * 3600, "9 d 4 h"),
        (-1, "0.0 s"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("fraction", "n", "text"),
    [
        (86 / 91, 91, "94.5 %"),
        (12411 / 12599, 12599, "98.51 %"),
        (1.0, 91, "100.0 %"),
        (0.99999, 91, "99.9 %"),
        (0.999999, 100000, "99.99 %"),
        (0.00001, None, "0.1 %"),
        (0.0, None, "0.0 %"),
        (None, None, "–"),
        (math.nan, None, "–"),
    ],
)
def test_percent_never_hides_an_error(fraction, n, text):
    assert percent(fraction, n) == text


def test_percent_with_its_interval_or_without():
    assert percent_interval(86 / 91, (0.8778, 0.9763), 91) == "94.5 % (87.8–97.6)"
    assert percent_interval(0.5, None) == "50.0 %"
    assert percent_interval(0.5, [None, 0.6]) == "50.0 %"


def test_seeds_that_agree_have_no_interval_of_no_width():
    assert mean_over_seeds(0.98, (0.98, 0.98)) == "98.0 % (seeds alike)"
    assert mean_over_seeds(0.98, [0.97, 0.99]) == "98.0 % (97.0–99.0)"
    assert mean_over_seeds(0.98, None) == "98.0 %"
    assert percent_interval(None, None) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8.4474e-4, "0.000845"),
        (3.4855e-5, "3.49e-05"),
        (20.0, "20"),
        (1000, "1000"),
        (None, "none"),
        (True, "yes"),
        ("sqrt", "sqrt"),
        ([1, 2, 5, 8], "[1,2,5,8]"),
        ([0.25, 1 / 3], "[0.25,0.333]"),
    ],
)
def test_a_value_of_a_configuration(value, text):
    assert number(value) == text


def test_a_configuration_on_a_line_and_in_words():
    values = {"topology": 8, "learning_rate": 8.4474e-4, "class_weight": None}
    assert configuration(values) == "topology=8 learning_rate=0.000845 class_weight=none"
    assert configuration_words(values) == "topology 8, learning rate 0.000845, class weight none"


def test_amounts_with_their_nouns():
    assert quantity(12600) == "12,600"
    assert quantity(1.5) == "1.5"
    assert quantity(None) == "–"
    assert counted(1, "trials") == "1 trial"
    assert counted(1.0, "epochs") == "1 epoch"
    assert counted(27, "trials") == "27 trials"
    assert counted(0, "batches") == "0 batches"
    assert counted(1, "batches") == "1 batch"
