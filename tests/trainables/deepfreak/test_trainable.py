from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trainables.deepfreak import loop
from trainables.deepfreak.checkpoint import read
from trainables.deepfreak.hyperparameters import Hyperparameters
from trainables.deepfreak.run import Run
from trainables.deepfreak.trainable import DeepFreak

SMALL = {"width": 0.125, "blocks": [1, 1, 1, 1], "pool": "scaled"}
CONFIGURATION = {
    "topology": 10, "learning_rate": 0.01, "momentum": 0.9, "weight_decay": 1e-5, "batch_size": 8,
}  # fmt: skip

Make = Callable[..., Any]


def reports(
    trainable: DeepFreak, budget: int, checkpoint: Path | None = None, seed: int = 0, **changes: Any
) -> list[dict[str, Any]]:
    configuration = {**CONFIGURATION, **changes}
    return list(trainable.train(configuration, seed=seed, budget=budget, checkpoint=checkpoint))


def timeless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k not in ("seconds", "replayed")} for row in rows]


def same_state(one: Path, other: Path) -> bool:
    first, second = read(one), read(other)
    tensors = [(first.network[name], second.network[name]) for name in first.network]
    states = first.optimizer["state"]
    tensors += [
        (states[i]["momentum_buffer"], second.optimizer["state"][i]["momentum_buffer"])
        for i in states
    ]
    return len(tensors) > 50 and all(torch.equal(a, b) for a, b in tensors)


def test_learns(make_data: Make) -> None:
    rows = reports(DeepFreak(make_data(120, 60), SMALL, "cpu"), 10)
    assert max(row["validation_accuracy"] for row in rows[-4:]) > 0.55  # chance: 0.2
    assert rows[-1]["train_loss"] < 0.6 * rows[0]["train_loss"]
    assert rows[-1]["train_accuracy"] > 0.6


def test_reports(make_data: Make) -> None:
    data = make_data()
    trainable = DeepFreak(data, {**SMALL, "decay_epochs": 2}, "cpu")
    rows = reports(trainable, 3)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert [row["learning_rate"] for row in rows] == pytest.approx([0.01, 0.01, 0.001])
    assert set(rows[0]) == {
        "epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy",
        "learning_rate", "seconds",
    }  # fmt: skip
    assert all(type(value) in (int, float) for row in rows for value in row.values())
    assert len(data.scored) == 3
    assert data.scored[0].shape == (10, 5)
    assert rows[2] | data.score(data.scored[2]) == rows[2]


def test_train_loss_is_the_mean_per_image(make_data: Make) -> None:
    """With a vanishing learning rate the weighted batch losses are those of fixed weights."""
    data = make_data(train=11)
    trainable = DeepFreak(data, SMALL, "cpu")
    (row,) = reports(trainable, 1, learning_rate=1e-30, batch_size=8)
    run = Run(trainable._bench, _hyperparameters(batch_size=8), 0)
    order, labels = run.plan().order, torch.tensor(data.train.labels)
    run.network.train()
    images = torch.tensor(np.array(data.train.images))
    total = 0.0
    for part in (order[:8], order[8:]):
        total += torch.nn.functional.cross_entropy(
            run.network(images[part]), labels[part], reduction="sum"
        ).item()
    assert row["train_loss"] == pytest.approx(total / 11, rel=1e-5)


def _hyperparameters(**changes: Any) -> Any:
    return Hyperparameters.parse({**CONFIGURATION, **changes}, {})


def test_each_epoch_and_each_seed_has_its_own_plan(make_data: Make) -> None:
    trainable = DeepFreak(make_data(), SMALL, "cpu")
    orders = set()
    for seed in (0, 1):
        run = Run(trainable._bench, _hyperparameters(), seed)
        for _ in range(2):
            assert sorted(run.plan().order.tolist()) == list(range(24))
            orders.add(tuple(run.plan().order.tolist()))
            run.advance()
    assert len(orders) == 4


def test_the_reported_learning_rate_is_the_one_used(make_data: Make, tmp_path: Path) -> None:
    options = {**SMALL, "decay_epochs": 1, "decay_rate": 1e-30}
    trainable = DeepFreak(make_data(), options, "cpu")
    weights = []
    for _ in trainable.train(CONFIGURATION, seed=0, budget=2, checkpoint=tmp_path / "trial.pt"):
        state = read(tmp_path / "trial.pt").network
        weights.append({name: value for name, value in state.items() if name.endswith("weight")})
    assert all(torch.equal(weights[1][name], value) for name, value in weights[0].items())


def test_one_seed_is_one_run_and_the_global_generators_are_left_alone(
    make_data: Make, tmp_path: Path
) -> None:
    trainable = DeepFreak(make_data(), SMALL, "cpu")
    torch.manual_seed(5)
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first = reports(trainable, 2, tmp_path / "a")
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(numpy_before, np.random.get_state()[1])  # noqa: NPY002
    torch.manual_seed(6)
    second = reports(DeepFreak(make_data(), SMALL, "cpu"), 2, tmp_path / "b")
    assert timeless(first) == timeless(second)
    assert same_state(tmp_path / "a", tmp_path / "b")
    assert timeless(reports(trainable, 2, seed=1)) != timeless(first)


@pytest.mark.parametrize("options", [{}, {"channels_last": False}])
def test_interrupted_after_any_epoch_equals_uninterrupted(
    make_data: Make, tmp_path: Path, options: dict[str, Any]
) -> None:
    data = make_data()
    options = {**SMALL, "decay_epochs": 2, **options}
    whole = reports(DeepFreak(data, options, "cpu"), 4, tmp_path / "whole")
    for interrupted in (1, 2, 3):
        path = tmp_path / f"cut-{interrupted}"
        run = DeepFreak(data, options, "cpu").train(
            CONFIGURATION, seed=0, budget=4, checkpoint=path
        )
        for _ in range(interrupted):
            next(run)
        run.close()
        rows = reports(DeepFreak(data, options, "cpu"), 4, path)
        assert timeless(rows) == timeless(whole)
        assert [row.get("replayed", False) for row in rows] == [
            epoch <= interrupted for epoch in range(1, 5)
        ]
        assert same_state(path, tmp_path / "whole")


def test_promotion_continues_and_a_smaller_budget_only_replays(
    make_data: Make, tmp_path: Path
) -> None:
    trainable = DeepFreak(make_data(), SMALL, "cpu")
    path = tmp_path / "trial.pt"
    whole = reports(trainable, 3)
    assert timeless(reports(trainable, 1, path)) == timeless(whole[:1])
    promoted = reports(trainable, 3, path)
    assert timeless(promoted) == timeless(whole)
    written = path.read_bytes()
    again = reports(trainable, 2, path)
    assert timeless(again) == timeless(whole[:2])
    assert all(row["replayed"] for row in again)
    assert [row["seconds"] for row in again] == [row["seconds"] for row in promoted[:2]]
    assert path.read_bytes() == written


def test_checkpoint_every(make_data: Make, tmp_path: Path) -> None:
    path = tmp_path / "trial.pt"
    trainable = DeepFreak(make_data(), {**SMALL, "checkpoint_every": 2}, "cpu")
    on_disk = [
        read(path).epoch if path.exists() else 0
        for _ in trainable.train(CONFIGURATION, seed=0, budget=3, checkpoint=path)
    ]
    assert on_disk == [0, 2, 3]


def test_without_checkpoint_nothing_is_written(
    make_data: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = make_data()
    reports(DeepFreak(data, SMALL, "cpu"), 1)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".npy"}


def test_corrupt_checkpoint_is_replaced_and_said_so(make_data: Make, tmp_path: Path) -> None:
    trainable = DeepFreak(make_data(), SMALL, "cpu")
    path = tmp_path / "trial.pt"
    reports(trainable, 1, path)
    path.write_bytes(path.read_bytes()[:-500])
    rows = reports(trainable, 2, path)
    assert "trial.pt is corrupt" in rows[0]["note"]
    assert rows[0]["note"].endswith("training starts anew")
    assert "note" not in rows[1]
    assert not any("replayed" in row for row in rows)
    assert read(path).epoch == 2


@pytest.mark.parametrize(
    ("seed", "changes", "difference"),
    [(1, {}, "seed is 0, not 1"), (0, {"momentum": 0.8}, "configuration.momentum is 0.9, not 0.8")],
)
def test_foreign_checkpoint_is_not_used(
    make_data: Make, tmp_path: Path, seed: int, changes: dict[str, Any], difference: str
) -> None:
    trainable = DeepFreak(make_data(), SMALL, "cpu")
    path = tmp_path / "trial.pt"
    reports(trainable, 1, path)
    rows = reports(trainable, 1, path, seed=seed, **changes)
    assert difference in rows[0].pop("note")
    assert timeless(rows) == timeless(reports(trainable, 1, seed=seed, **changes))


def test_checkpoint_with_the_right_name_and_wrong_state(make_data: Make, tmp_path: Path) -> None:
    trainable = DeepFreak(make_data(), SMALL, "cpu")
    path = tmp_path / "trial.pt"
    expected = reports(trainable, 1, path)
    content = torch.load(path)
    content["network"].pop("resnet.fc.bias")
    torch.save(content, path)
    rows = reports(trainable, 1, path)
    assert "does not fit the network" in rows[0].pop("note")
    assert timeless(rows) == timeless(expected)


def test_checkpoint_of_another_torch_is_continued_with_a_note(
    make_data: Make, tmp_path: Path
) -> None:
    trainable = DeepFreak(make_data(), SMALL, "cpu")
    path = tmp_path / "trial.pt"
    reports(trainable, 1, path)
    content = torch.load(path)
    content["versions"] = {"torch": "2.4.0", "device": "cuda"}
    torch.save(content, path)
    assert "note" not in reports(trainable, 1, path)[0]
    rows = reports(trainable, 2, path)
    assert rows[0]["replayed"]
    assert "torch 2.4.0, device cuda" in rows[0]["note"]


def test_memory_layout_is_the_options(make_data: Make) -> None:
    for channels_last in (True, False):
        options = {**SMALL, "channels_last": channels_last}
        run = Run(DeepFreak(make_data(), options, "cpu")._bench, _hyperparameters(), 0)
        weight = run.network.resnet.get_parameter("layer1.0.conv2.weight")
        assert weight.is_contiguous(memory_format=torch.channels_last) == channels_last


def test_divergence_is_a_result(make_data: Make, tmp_path: Path) -> None:
    path = tmp_path / "trial.pt"
    trainable = DeepFreak(make_data(120), SMALL, "cpu")
    rows = reports(trainable, 20, path, learning_rate=10.0, momentum=0.99)
    last = rows[-1]
    assert last["status"] == "diverged"
    assert last["reason"].startswith("non-finite")
    assert last["reason"].endswith(f"of epoch {last['epoch']}")
    assert len(rows) == last["epoch"] < 20
    assert all(np.isfinite(row["train_loss"]) for row in rows[:-1])


def test_step_of_divergence_is_the_first_non_finite_one() -> None:
    losses = torch.tensor([1.0, 2.0, float("nan"), float("inf")])
    with pytest.raises(loop.DivergedError, match=r"step 53$"):
        loop._check(losses, 50)
    loop._check(losses[:2], 50)


def test_non_finite_validation_is_divergence(make_data: Make, tmp_path: Path) -> None:
    """Batch statistics can overflow while the loss in training stays finite."""
    trainable = DeepFreak(make_data(), SMALL, "cpu")
    path = tmp_path / "trial.pt"
    reports(trainable, 1, path)
    content = torch.load(path)
    content["network"]["resnet.bn1.running_var"].fill_(float("nan"))
    torch.save(content, path)
    rows = reports(trainable, 2, path)
    assert rows[-1]["status"] == "diverged"
    assert rows[-1]["reason"] == "non-finite logits in validation of epoch 2"


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nmore"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
        MemoryError("no room"),
    ],
    ids=str,
)
def test_out_of_memory_is_a_result(
    error: Exception, make_data: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainable = DeepFreak(make_data(), SMALL, "cpu")

    def exhausted(*arguments: Any) -> None:
        raise error

    monkeypatch.setattr(loop, "train_epoch", exhausted)
    (row,) = reports(trainable, 2)
    assert row["status"] == "out_of_memory"
    assert row["reason"] == str(error).splitlines()[0]


def test_other_runtime_errors_are_not_swallowed(
    make_data: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainable = DeepFreak(make_data(), SMALL, "cpu")

    def broken(*arguments: Any) -> None:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(loop, "train_epoch", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        reports(trainable, 1)


def test_batches_of_one_where_normalisation_has_one_value(make_data: Make) -> None:
    trainable = DeepFreak(make_data(train=9, size=32), SMALL, "cpu")
    (row,) = reports(trainable, 1, batch_size=1)
    assert row["status"] == "infeasible"
    assert "batch_size 2 or more" in row["reason"]
    (row,) = reports(trainable, 1, batch_size=4)  # 4, 4 and 1 image: the last joins
    assert "status" not in row
    wide = DeepFreak(make_data(train=9, size=48), SMALL, "cpu")
    (row,) = reports(wide, 1, batch_size=1)
    assert "status" not in row


def test_topology_that_does_not_fit_is_infeasible(make_data: Make) -> None:
    trainable = DeepFreak(make_data(), {**SMALL, "pool": "strict"}, "cpu")
    (row,) = reports(trainable, 1, topology=8)
    assert row["status"] == "infeasible"
    assert "topology 8 does not fit 32 × 32" in row["reason"]


@pytest.mark.parametrize("mean", ["pixel", "scalar"])
def test_loaded_model_is_the_trained_one(make_data: Make, tmp_path: Path, mean: str) -> None:
    data = make_data()
    trainable = DeepFreak(data, {**SMALL, "mean": mean}, "cpu")
    reports(trainable, 2, tmp_path / "trial.pt")
    model = trainable.load(tmp_path / "trial.pt")
    assert model.classes == data.classes
    assert model.flavor == "pytorch"
    probabilities = model.predict_proba(data.validation.images)
    assert probabilities.dtype == np.float64
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    assert probabilities == pytest.approx(data.scored[-1], abs=1e-5)
    for images in (np.array(data.validation.images), np.array(data.validation.images)[:, None]):
        served = model.native(torch.tensor(images))
        assert served.dtype == torch.float64
        assert served.numpy() == pytest.approx(probabilities, abs=1e-6)
    assert model.predict_proba(data.validation.images[:0]).shape == (0, 5)
    with pytest.raises(ValueError, match=r"takes uint8 of shape \(n, 32, 32\)"):
        model.predict_proba(np.zeros((2, 16, 16), np.uint8))


def test_load_refuses_in_one_line(make_data: Make, tmp_path: Path) -> None:
    trainable = DeepFreak(make_data(), SMALL, "cpu")
    with pytest.raises(ValueError, match=r"checkpoint none\.pt: there is no such file"):
        trainable.load(tmp_path / "none.pt")
    (tmp_path / "bad.pt").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match=r"checkpoint bad\.pt is corrupt"):
        trainable.load(tmp_path / "bad.pt")


def test_evaluation_batch_does_not_matter(make_data: Make) -> None:
    data = make_data()
    rows = [reports(DeepFreak(data, {**SMALL, "evaluation_batch": n}, "cpu"), 1) for n in (3, 200)]
    assert rows[0][0]["validation_loss"] == pytest.approx(rows[1][0]["validation_loss"], rel=1e-5)


def test_refuses_devices_budgets_and_seeds(make_data: Make) -> None:
    with pytest.raises(ValueError, match="device tpu: DeepFreak runs on cpu or cuda"):
        DeepFreak(make_data(), SMALL, "tpu")
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="torch finds no CUDA device"):
            DeepFreak(make_data(), SMALL, "cuda")
    trainable = DeepFreak(make_data(), SMALL, "cpu")
    with pytest.raises(ValueError, match="budget 0"):
        reports(trainable, 0)
    with pytest.raises(ValueError, match="seed -1"):
        reports(trainable, 1, seed=-1)
    with pytest.raises(ValueError, match="parameter momentum"):
        reports(trainable, 1, momentum=2.0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_learns_and_continues_on_a_gpu(make_data: Make, tmp_path: Path) -> None:
    path = tmp_path / "trial.pt"
    data = make_data(120, 60)
    reports(DeepFreak(data, SMALL, "cuda"), 2, path)
    rows = reports(DeepFreak(data, SMALL, "cuda"), 10, path)
    assert [row.get("replayed", False) for row in rows] == [True] * 2 + [False] * 8
    assert max(row["validation_accuracy"] for row in rows[-4:]) > 0.55
    model = DeepFreak(data, SMALL, "cuda").load(path)
    assert model.predict_proba(data.validation.images) == pytest.approx(data.scored[-1], abs=1e-4)
