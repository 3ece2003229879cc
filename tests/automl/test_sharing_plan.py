"""What a preview says of trials that share a GPU."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from automl.compose import compose_plain
from automl.errors import UserError
from automl.planning import Checked, check, preview
from automl.settings import parse_settings
from automl.sharing_plan import Table, lines, trials_per_gpu
from searchspaces import parse_space

GIB = 2**30
SPACE = {
    "name": "made up",
    "source": "none",
    "parameters": {
        "depth": {"type": "categorical", "choices": ["flat", "low", "high"], "default": "flat"},
        "batch": {"type": "ordinal", "choices": [1, 2, 4], "default": 1},
        "copies": {
            "type": "ordinal",
            "choices": [1, 8],
            "default": 1,
            "when": {"depth": "high"},
        },
        "colour": {"type": "categorical", "choices": ["red", "green"], "default": "red"},
        "rate": {"type": "float", "lower": 0.0, "upper": 1.0, "default": 0.5},
    },
}


class Known:
    """Flat and low are alike; high has copies."""

    asked = 0

    @classmethod
    def memory(cls, options, configuration, image_shape, classes):
        cls.asked += 1
        if configuration["depth"] == "high" and image_shape[0] < 100:
            raise ValueError("does not fit")
        return GIB * configuration["batch"] * configuration.get("copies", 1)


@pytest.fixture(scope="module")
def composed():
    return compose_plain(["search=classical_random", "tracking=none", "workers=8"])


@pytest.fixture
def plan(composed, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))  # No nvidia-smi.

    def make(gpus=0.25, memory=10.0, size=128, trainable=Known):
        cluster = {**composed["cluster"], "trial": {"cpus": 1, "gpus": gpus}, "gpu_memory": memory}
        data = {**composed["data"], "options": {"image_size": size}}
        settings = parse_settings({**composed, "cluster": cluster, "data": data})
        return lines(Checked(settings, parse_space(SPACE), None, trainable))

    return make


def test_values_of_which_the_same_is_to_be_said_share_a_line(plan):
    assert plan() == [
        "  a GPU has 4 trials at a time (cluster.trial.gpus=0.25)",
        (
            "  memory of a trial, estimated: 1.0 GiB to 32.0 GiB; of its worker: 0.0 GiB and its "
            "images; of the GPU: 10.0 GiB, 90 % of it given out"
        ),
        # Copies, the last of the shortest lists, are spelt out; they exist at high alone.
        (
            "    depth flat batch 1, depth flat batch 2, depth low batch 1, depth low batch 2 with "
            "copies none: 4 at a time"
        ),
        "    depth flat batch 4, depth low batch 4 with copies none: 2 at a time",
        "    depth high batch 1 with copies 1: 4 at a time; 8: alone",
        "    depth high batch 2 with copies 1: 4 at a time; 8: do not fit",
        "    depth high batch 4 with copies 1: 2 at a time; 8: do not fit",
    ]


def test_what_a_worker_keeps_is_counted_with_each_trial(plan):
    class Keeping(Known):
        @classmethod
        def kept_memory(cls, options, image_shape, images):
            return 2 * GIB

    assert "depth flat batch 1, depth low batch 1 with copies none: 3 at a time" in "".join(
        plan(trainable=Keeping)
    )


def test_configurations_that_cannot_run_are_named_as_such(plan):
    assert plan(size=64)[-1] == "    depth high with batch 1, 2, 4: cannot run"


@pytest.mark.parametrize(("gpus", "word"), [(1, "fit"), (4, "fit"), (0, "fit")])
def test_a_gpu_for_each_trial(gpus, word, plan):
    *_, last = plan(gpus=gpus)
    assert (
        last == f"    depth high batch 2, depth high batch 4 with copies 1: {word}; 8: do not fit"
    )


def test_without_a_gpu_nothing_is_said(plan):
    assert plan(gpus=0, memory=None) == []


def test_what_is_not_known_is_said(plan):
    assert plan(memory=None)[-1].endswith("not known here; set cluster.gpu_memory (GiB)")
    assert plan(size=None)[-1].endswith("not known before the images; try data.options.image_size")
    assert plan(trainable=SimpleNamespace())[-1].endswith("does not say; none waits for room")


@pytest.mark.parametrize(
    ("gpus", "workers", "at_once"),
    [(0.25, 8, 4), (0.25, 3, 3), (0.3, 8, 3), (0.1, 99, 10), (1 / 3, 8, 3), (1, 8, 1), (2, 8, 1)],
)
def test_trials_per_gpu(gpus, workers, at_once):
    assert trials_per_gpu(gpus, workers) == at_once


def test_the_number_of_configurations_that_are_asked_is_bounded():
    names = [f"p{index}" for index in range(12)]
    space = parse_space(
        {
            "name": "wide",
            "source": "none",
            "parameters": {
                name: {"type": "ordinal", "choices": [1, 2, 3], "default": 1} for name in names
            },
        }
    )
    asked = []

    def memory(configuration):
        asked.append(configuration)
        return sum(configuration.values())

    table = Table(space, memory)
    assert len(asked) < 2_100
    assert len(table.names) == 6
    assert "taken at the default" in table.lines(str)[-1]


def test_the_preview_of_a_search_on_a_gpu_has_it():
    """A card of 11 GiB, of which the paper had two: its largest topologies train few images."""
    words = ["search=deepfreak_bohb", "scale=paper", "workers=8", "data.options.image_size=512"]
    words += ["cluster.trial.gpus=0.25", "cluster.gpu_memory=11", "tracking=none"]
    settings = parse_settings(compose_plain(words))
    text = preview("new", check(settings)).splitlines()
    assert "  a GPU has 4 trials at a time (cluster.trial.gpus=0.25)" in text
    groups = [line for line in text if line.startswith("    topology ")]
    assert 1 < len(groups) < 8
    assert all(" with batch_size 4" in line for line in groups)
    numbers = {int(word.strip(",")) for g in groups for word in g.split(" with ")[0].split()[1:]}
    assert numbers == set(range(1, 14))
    of_six = next(line for line in groups if " 6" in line.split(" with ")[0])
    assert of_six.endswith("do not fit")


def test_a_memory_below_nothing_is_refused():
    for memory in (0, -1.5):
        with pytest.raises(UserError, match=r"cluster\.gpu_memory: .* is not above 0"):
            parse_settings(compose_plain(["cluster.trial.gpus=1", f"cluster.gpu_memory={memory}"]))
