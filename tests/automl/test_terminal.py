"""Lines for a terminal that cannot show everything, or is not there any more."""

import io
import sys

import pytest

from automl.terminal import encodable, say


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "94.5 % (87.8–97.6) × 2"), ("ascii", "94.5 % (87.8-97.6) x 2"), (None, None)],
)
def test_characters_are_those_of_the_terminal(encoding, shown):
    text = "94.5 % (87.8–97.6) × 2"
    assert encodable(text, encoding) == (shown or text)


def test_a_closed_pipe_ends_nothing(monkeypatch):
    class Gone(io.StringIO):
        encoding = "utf-8"

        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())
    say("to nobody")
