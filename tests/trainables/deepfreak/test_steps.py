"""Ways to take the same steps: replayed as a graph, compiled, in mixed precision."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from trainables.deepfreak import graphs, run
from trainables.deepfreak.checkpoint import read
from trainables.deepfreak.graphs import GraphedSteps
from trainables.deepfreak.trainable import DeepFreak

Make = Callable[..., Any]

SMALL = {"width": 0.125, "blocks": [1, 1, 1, 1], "pool": "scaled", "cycle_epochs": 3}
TABLE_10 = {
    "topology": 10, "learning_rate": 0.01, "momentum": 0.9, "weight_decay": 1e-5, "batch_size": 8,
}  # fmt: skip


class Recording:
    """Does on the CPU what a recorder does on a GPU: calls, keeps, and calls again."""

    def __init__(self) -> None:
        self.recorded = self.replayed = 0

    def __call__(self, function: Callable[[], None]) -> Callable[[], object]:
        for _ in range(graphs.WARM_UP):
            function()
        self.recorded += 1

        def replay() -> None:
            self.replayed += 1
            function()

        return replay


def train(data: Any, path: Path, budget: int, options: Any = None, **changes: Any) -> Any:
    trainable = DeepFreak(data, SMALL | (options or {}), "cpu")
    rows = trainable.train(TABLE_10 | changes, seed=0, budget=budget, checkpoint=path)
    rows = [{k: v for k, v in row.items() if k not in ("seconds", "replayed")} for row in rows]
    return rows, read(path)


def same_state(one: Any, other: Any) -> bool:
    momenta = [
        [entry["momentum_buffer"] for entry in saved.optimizer["state"].values()]
        for saved in (one, other)
    ]
    return all(torch.equal(one.network[name], other.network[name]) for name in one.network) and all(
        torch.equal(a, b) for a, b in zip(*momenta, strict=True)
    )


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Recording:
    found = Recording()
    monkeypatch.setattr(
        run,
        "_steps",
        lambda *parts, make=run._steps: GraphedSteps(make(*parts), parts[0], parts[1], found),
    )
    return found


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"momentum": 0.0},
        {"batch_size": 5},
        {"batch_size": 1, "normalisation": "group"},
        {"batch_size": 64},
        {"rate_schedule": "one_cycle", "symmetries": "dihedral", "intensity_range": 0.5},
    ],
    ids=str,
)
def test_replayed_steps_are_the_steps(
    changes: dict[str, Any],
    make_data: Make,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    data = make_data(size=48)
    rows, plain = train(data, tmp_path / "plain.pt", 3, **changes)
    recording: Recording = request.getfixturevalue("recording")
    replayed_rows, replayed = train(data, tmp_path / "replayed.pt", 3, **changes)
    batch = min(changes.get("batch_size", 8), 24)
    assert recording.replayed == 3 * (24 // batch)
    assert recording.recorded == 1
    assert replayed_rows == rows
    assert same_state(plain, replayed)


def test_a_graph_goes_on_where_a_checkpoint_ended(
    make_data: Make, tmp_path: Path, recording: Recording
) -> None:
    data = make_data(size=48)
    rows, whole = train(data, tmp_path / "whole.pt", 3)
    train(data, tmp_path / "parts.pt", 1)
    later_rows, parts = train(data, tmp_path / "parts.pt", 3)
    assert recording.recorded == 3
    assert later_rows == rows
    assert same_state(whole, parts)


def test_a_recording_that_runs_out_of_memory_is_that_result(
    make_data: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ending the recording fails in turn, and hides what was wrong."""

    def record(_: Callable[[], None]) -> Callable[[], object]:
        try:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB\nmore")
        finally:
            raise RuntimeError("CUDA error: operation failed due to a previous error in capture")

    monkeypatch.setattr(
        run,
        "_steps",
        lambda *parts, make=run._steps: GraphedSteps(make(*parts), parts[0], parts[1], record),
    )
    trainable = DeepFreak(make_data(size=48), SMALL, "cpu")
    (row,) = trainable.train(TABLE_10, seed=0, budget=2, checkpoint=None)
    assert row["status"] == "out_of_memory"
    assert row["reason"] == "CUDA out of memory. Tried to allocate 2 GiB"


def test_compiled_steps_are_the_steps(
    make_data: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_data(size=48)
    rows, plain = train(data, tmp_path / "plain.pt", 2, {"fused": False})
    # Traced as for any backend; generating code would take a minute.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    compiled_rows, compiled = train(data, tmp_path / "compiled.pt", 2, {"compile": True})
    assert compiled_rows == rows
    assert same_state(plain, compiled)


def test_every_trial_of_a_process_is_compiled(
    make_data: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch compiles a function for so many kinds of arguments, then tacitly no more."""
    compiled = []

    def backend(module: torch.fx.GraphModule, _: list[torch.Tensor]) -> Callable[..., Any]:
        compiled.append(module)
        return module.forward

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=backend))
    monkeypatch.setattr(torch._dynamo.config, "recompile_limit", 1)
    data = make_data(size=32)
    for batch in (12, 24):
        before = len(compiled)
        train(data, tmp_path / f"{batch}.pt", 1, {"compile": True}, batch_size=batch)
        assert len(compiled) > before, batch


def test_mixed_precision_keeps_weights_and_loss_whole(make_data: Make, tmp_path: Path) -> None:
    data = make_data(size=48)
    path = tmp_path / "trial.pt"
    whole, _ = train(data, tmp_path / "whole.pt", 2)
    rows, saved = train(data, path, 2, {"precision": "bfloat16"})
    assert rows != whole
    assert rows[0]["train_loss"] == pytest.approx(whole[0]["train_loss"], rel=0.05)
    floats = [value for value in saved.network.values() if value.is_floating_point()]
    assert {value.dtype for value in floats} == {torch.float32}
    model = DeepFreak(data, SMALL, "cpu").load(path)
    found = data.score(model.predict_proba(data.validation.images))
    assert found["validation_loss"] == rows[-1]["validation_loss"]


def test_graphs_are_refused_where_there_are_none(make_data: Make) -> None:
    with pytest.raises(ValueError, match="option cuda_graphs: there are none on the CPU"):
        DeepFreak(make_data(), SMALL | {"cuda_graphs": True}, "cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_cuda_graph_trains_as_its_steps(precision: str, make_data: Make, tmp_path: Path) -> None:
    data = make_data(train=27, size=48)
    found = []
    for use in (False, True):
        options = {"cuda_graphs": use, "deterministic": True, "precision": precision}
        trainable = DeepFreak(data, SMALL | options, "cuda")
        found.append(
            list(trainable.train(TABLE_10, seed=0, budget=3, checkpoint=tmp_path / f"{use}.pt"))
        )
    for plain, replayed in zip(*found, strict=True):
        assert replayed["train_loss"] == pytest.approx(plain["train_loss"], rel=1e-3)
        assert replayed["validation_accuracy"] == pytest.approx(
            plain["validation_accuracy"], abs=0.11
        )
