from __future__ import annotations

import pytest

from benchmarks.screening_variants import arguments, command, latency_ms, row


def test_a_variant_s_latency_is_a_time_and_one_that_does_not_fit_is_said(capsys):
    assert latency_ms(9, 0.5, (1, 1, 1, 1), 64, 2, "scaled") > 0
    assert command(["topologies=1", "widths=0.0625", "blocks=1-1-1-1", "size=32", "images=1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_cores_are_counted_against_the_rate():
    assert row(4, 0.25, 10.0, 130.0, 2).split() == [
        "4",
        "0.25",
        "10.00",
        "100.0",
        "200.0",
        "1.54",
        "×",
    ]


@pytest.mark.parametrize("word", ["topology=1", "widths=a", "size"])
def test_bad_words(word):
    with pytest.raises(Exception, match=word.partition("=")[0]):
        arguments([word])
