"""What becomes of a command line before Hydra reads it."""

from __future__ import annotations

import sys

import pytest

from automl.compose import compose_command


@pytest.mark.parametrize("word", ["space.only.topology=[3,4]", "+space.only.topology=[3,4]"])
def test_every_parameter_can_be_narrowed(monkeypatch, word):
    monkeypatch.setattr(sys, "argv", ["automl"])
    (job,) = compose_command(["search=deepfreak_bohb", word]).jobs
    assert job.config["space"]["only"] == {"topology": [3, 4]}


def test_a_sweep_narrows_each_search_to_its_own_part(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["automl"])
    words = ["search=deepfreak_bohb", "space.only.topology=3,4", "-m"]
    jobs = compose_command(words).jobs
    assert [job.config["space"]["only"] for job in jobs] == [{"topology": 3}, {"topology": 4}]
