from __future__ import annotations

import pytest

from benchmarks.screening_variants import Latency, command, latency_ms, row


def test_a_variant_s_latency_is_a_time_and_one_that_does_not_fit_is_said(capsys):
    assert min(latency_ms(9, 0.5, (1, 1, 1, 1), 64, 2, "scaled", batch=3)) > 0
    assert command(["topologies=1", "widths=0.0625", "blocks=1-1-1-1", "size=32", "images=1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_cores_are_counted_against_the_rate():
    alone = row(4, 0.25, Latency(15.0, 10.0), 130.0, 2).split()
    assert alone == ["4", "0.25", "15.00", "10.00", "1.50", "×", "200.0", "1.54", "×"]
    assert row(4, 0.25, Latency(15.0, 10.0, 9.0, 4.5), 130.0, 2).split()[9:] == [
        "9.00",
        "4.50",
        "2.00",
        "×",
    ]


@pytest.mark.parametrize("word", ["topology=1", "widths=a", "pool=strickt", "size"])
def test_bad_words(word, capsys):
    assert command([word]) == 2
    assert capsys.readouterr().err.startswith(f"{word}: ")
