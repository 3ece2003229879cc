"""The hyperparameters beyond Table 10: each alone, together, interrupted, and left out."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from trainables.deepfreak import seeding
from trainables.deepfreak.activation import Activation, fused, plain
from trainables.deepfreak.checkpoint import read
from trainables.deepfreak.network import build
from trainables.deepfreak.seeding import Stream
from trainables.deepfreak.topologies import topology
from trainables.deepfreak.trainable import DeepFreak

Make = Callable[..., Any]

SMALL = {"width": 0.125, "blocks": [1, 1, 1, 1], "pool": "scaled", "cycle_epochs": 3}
TABLE_10 = {
    "topology": 10, "learning_rate": 0.01, "momentum": 0.9, "weight_decay": 1e-5, "batch_size": 8,
}  # fmt: skip
TERMS: list[dict[str, Any]] = [
    {"normalisation": "group"},
    {"evaluation_statistics": "image"},
    {"evaluation_statistics": "target"},
    {"rate_schedule": "one_cycle"},
    {"label_smoothing": 0.1},
    {"loss": "ordinal"},
    {"symmetries": "dihedral"},
    {"intensity_range": 0.6},
    {"grey_levels": "equalised"},
    {"grey_levels": "local_contrast"},
    {"test_time_augmentation": "symmetries"},
]
EVALUATION = {"evaluation_statistics", "test_time_augmentation"}  # of no account in training
ALL = {
    "normalisation": "group", "rate_schedule": "one_cycle", "label_smoothing": 0.1,
    "loss": "ordinal", "symmetries": "dihedral", "intensity_range": 0.6,
    "grey_levels": "local_contrast", "test_time_augmentation": "symmetries",
}  # fmt: skip
SIDE = 48  # leaves a last map of more than one value


def name_of(value: Any) -> str:
    return ",".join(map(str, value.values())) if isinstance(value, dict) else str(value)


def reports(
    data: Any, budget: int, path: Path | None = None, options: Any = None, **changes: Any
) -> list[dict[str, Any]]:
    trainable = DeepFreak(data, {**SMALL, **(options or {})}, "cpu")
    configuration = {**TABLE_10, **changes}
    return list(trainable.train(configuration, seed=0, budget=budget, checkpoint=path))


def timeless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k not in ("seconds", "replayed")} for row in rows]


def weights(path: Path) -> dict[str, torch.Tensor]:
    return read(path).network


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("activation", [plain, fused])
def test_without_them_training_is_table_10_s_bit_for_bit(
    make_data: Make, tmp_path: Path, activation: Activation
) -> None:
    data = make_data(size=SIDE)
    reports(data, 2, tmp_path / "trial.pt", options={"fused": activation is fused})
    column = topology(10).resized(0.125, (1, 1, 1, 1))
    generator = seeding.torch_generator(0, Stream.INITIALISATION)
    mean = weights(tmp_path / "trial.pt")["mean"]
    network = build(column, (SIDE, SIDE), 5, "scaled", mean, generator, activation=activation)
    network = network.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(
        network.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-5, fused=True
    )
    images, labels = torch.tensor(np.array(data.train.images)), torch.tensor(data.train.labels)
    for epoch in range(2):
        order = seeding.numpy_generator(0, Stream.ORDER, epoch).permutation(24)
        for chosen in torch.from_numpy(order).split(8):
            optimizer.zero_grad()
            logits = network(images[chosen])
            torch.nn.functional.cross_entropy(logits, labels[chosen]).backward()
            optimizer.step()
    assert equal(network.state_dict(), weights(tmp_path / "trial.pt"))


@pytest.mark.parametrize("changes", [*TERMS, ALL], ids=name_of)
def test_interrupted_equals_uninterrupted(
    make_data: Make, tmp_path: Path, changes: dict[str, Any]
) -> None:
    data = make_data(size=SIDE)
    whole = reports(data, 4, tmp_path / "whole", **changes)
    assert len(whole) == 4
    for interrupted in (1, 3):
        path = tmp_path / f"cut-{interrupted}"
        reports(data, interrupted, path, **changes)
        rows = reports(data, 4, path, **changes)
        assert timeless(rows) == timeless(whole)
        assert equal(weights(path), weights(tmp_path / "whole"))
        assert "note" not in rows[0]


@pytest.mark.parametrize("changes", TERMS, ids=name_of)
def test_each_term_changes_what_it_should(
    make_data: Make, tmp_path: Path, changes: dict[str, Any]
) -> None:
    data = make_data(size=SIDE)
    paper, changed = tmp_path / "paper", tmp_path / "changed"
    (before,), (after,) = reports(data, 1, paper), reports(data, 1, changed, **changes)
    assert before["validation_loss"] != after["validation_loss"]
    evaluation_only = EVALUATION.issuperset(changes)
    assert equal(weights(paper), weights(changed)) == evaluation_only
    assert (before["train_loss"] == after["train_loss"]) == evaluation_only


@pytest.mark.parametrize("changes", [{}, *TERMS, ALL], ids=name_of)
def test_validation_and_the_loaded_model_agree(
    make_data: Make, tmp_path: Path, changes: dict[str, Any]
) -> None:
    data = make_data(size=SIDE)
    reports(data, 1, tmp_path / "trial.pt", **changes)
    trainable = DeepFreak(data, {**SMALL, "evaluation_batch": 3}, "cpu")
    model = trainable.load(tmp_path / "trial.pt")
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    probabilities = model.predict_proba(data.validation.images)
    assert probabilities == pytest.approx(data.scored[-1], abs=1e-5)
    assert np.array_equal(model.predict_proba(data.validation.images), probabilities)
    served = model.native(torch.tensor(np.array(data.validation.images)))
    assert served.numpy() == pytest.approx(probabilities, abs=1e-5)
    copied = pickle.loads(pickle.dumps(model.native))  # as a model store keeps it
    assert torch.equal(copied(torch.tensor(np.array(data.validation.images))), served)
    assert equal(model.network.state_dict(), before)


@pytest.mark.parametrize(
    ("changes", "together"),
    [({"normalisation": "group"}, False), ({"evaluation_statistics": "image"}, False),
     ({"evaluation_statistics": "running"}, False), ({"evaluation_statistics": "target"}, True)],
    ids=name_of,
)  # fmt: skip
def test_only_target_statistics_depend_on_the_other_images(
    make_data: Make, tmp_path: Path, changes: dict[str, Any], together: bool
) -> None:
    data = make_data(size=SIDE)
    reports(data, 1, tmp_path / "trial.pt", **changes)
    model = DeepFreak(data, SMALL, "cpu").load(tmp_path / "trial.pt")
    images = data.validation.images
    alone = np.concatenate([model.predict_proba(images[i : i + 1]) for i in range(len(images))])
    same = np.allclose(alone, model.predict_proba(images), atol=1e-5)
    assert same != together


def test_probabilities_are_the_mean_over_the_symmetries(make_data: Make, tmp_path: Path) -> None:
    data = make_data(size=SIDE)
    model = {}
    for kind in ("none", "symmetries"):
        reports(data, 1, tmp_path / kind, test_time_augmentation=kind)
        model[kind] = DeepFreak(data, SMALL, "cpu").load(tmp_path / kind)
    images = np.array(data.validation.images)
    found = model["symmetries"].predict_proba(images)
    sides = [images, images.transpose(0, 2, 1)]
    views = [np.rot90(side, turns, (1, 2)) for side in sides for turns in range(4)]
    each = [model["none"].predict_proba(np.ascontiguousarray(view)) for view in views]
    assert found == pytest.approx(np.mean(each, axis=0), abs=1e-6)
    assert np.std(each, axis=0).max() > 1e-4
    turned = model["symmetries"].predict_proba(np.ascontiguousarray(views[5]))
    assert turned == pytest.approx(found, abs=1e-6)


def test_models_pickled_before_there_was_a_choice_serve_on(make_data: Make, tmp_path: Path) -> None:
    data = make_data(size=SIDE)
    reports(data, 1, tmp_path / "trial.pt")
    module = DeepFreak(data, SMALL, "cpu").load(tmp_path / "trial.pt").native
    images = torch.tensor(np.array(data.validation.images))
    expected = module(images)
    del module.views, module.network._grey_levels
    assert torch.equal(pickle.loads(pickle.dumps(module))(images), expected)


def test_one_cycle_reports_the_rate_of_an_epoch_s_last_step(make_data: Make) -> None:
    rows = reports(make_data(), 4, rate_schedule="one_cycle")
    rates = [row["learning_rate"] for row in rows]
    assert rates[2] == pytest.approx(1e-6)
    assert rates[3] == rates[2]
    assert 0.01 > rates[0] > rates[1] > rates[2]


def test_ordinal_needs_its_classes(make_data: Make) -> None:
    data = make_data(classes=("blank", "no-crystal", "a", "b", "c"))
    (row,) = reports(data, 1, loss="ordinal")
    assert row["status"] == "infeasible"
    assert "the data have no class weak or good or strong" in row["reason"]
    rows = reports(data, 1, options={"ordered_classes": ["a", "b", "c"]}, loss="ordinal")
    assert "status" not in rows[0]


def test_single_values(make_data: Make) -> None:
    """At 32 pixels the last map has one value per channel."""
    (row,) = reports(make_data(), 1, normalisation="group", batch_size=1)
    assert "status" not in row
    for batch_size in (1, 8):
        (row,) = reports(make_data(), 1, evaluation_statistics="image", batch_size=batch_size)
        assert row["status"] == "infeasible"
        assert "one value per channel" in row["reason"]
    (row,) = reports(make_data(), 1, evaluation_statistics="target")
    assert "status" not in row


@pytest.mark.parametrize("batch_size", [1, 2, 4])
def test_small_batches_are_said_once(make_data: Make, tmp_path: Path, batch_size: int) -> None:
    data, path = make_data(size=SIDE), tmp_path / "trial.pt"
    rows = reports(data, 2, path, batch_size=batch_size)
    if batch_size == 4:
        assert "note" not in rows[0]
        return
    assert f"running statistics, which batches of {batch_size}" in rows[0]["note"]
    assert "normalisation=group or evaluation_statistics=image" in rows[0]["note"]
    assert "note" not in rows[1]
    assert "note" not in reports(data, 3, path, batch_size=batch_size)[0]
    for cure in ({"normalisation": "group"}, {"evaluation_statistics": "image"}):
        assert "note" not in reports(data, 1, batch_size=batch_size, **cure)[0]
    path.write_bytes(b"nonsense")
    note = reports(data, 1, path, batch_size=batch_size)[0]["note"]
    assert "training starts anew; validated with running statistics" in note
    assert "\n" not in note


def test_hopeless_trials_end_with_their_figures(make_data: Make, tmp_path: Path) -> None:
    """All images are of one class: nothing is better than always answering it."""
    data, path = make_data(size=SIDE), tmp_path / "trial.pt"
    data.train.labels.setflags(write=True)
    data.train.labels[:] = 0
    options = {"hopeless_epochs": 2}
    rows = reports(data, 5, path, options)
    assert [row["epoch"] for row in rows] == [1, 2, 2]
    assert rows[-1]["status"] == "hopeless"
    assert "in the last 2 of 2 epochs; the largest class has 1.0000 of the" in rows[-1]["reason"]
    again = reports(data, 5, path, options)
    assert timeless(again) == timeless(rows)
    assert [row.get("replayed") for row in again] == [True, True, None]
    assert "status" not in reports(data, 2, path, options)[-1]
    assert len(reports(data, 5)) == 5


def as_earlier_versions_wrote(path: Path, **options: Any) -> None:
    content = torch.load(path)
    identity = content["identity"]
    names = ("topology", "learning_rate", "momentum", "weight_decay", "batch_size")
    identity["configuration"] = {name: identity["configuration"][name] for name in names}
    for name in ("cycle_epochs", "ordered_classes", "ordinal_sharpness"):
        identity["options"].pop(name, None)
    identity["options"] |= {"augment": "none", **options}
    torch.save(content, path)


@pytest.mark.parametrize(
    ("changes", "options"), [({}, {}), ({"symmetries": "dihedral"}, {"augment": "symmetries"})]
)
def test_checkpoints_of_earlier_versions_go_on(
    make_data: Make, tmp_path: Path, changes: dict[str, Any], options: dict[str, Any]
) -> None:
    data, path = make_data(size=SIDE), tmp_path / "trial.pt"
    whole = reports(data, 3, **changes)
    reports(data, 1, path, **changes)
    as_earlier_versions_wrote(path, **options)
    model = DeepFreak(data, SMALL, "cpu").load(path)
    assert model.predict_proba(data.validation.images).shape == (10, 5)
    rows = reports(data, 3, path, **changes)
    assert timeless(rows) == timeless(whole)
    assert rows[0]["replayed"]


def test_a_checkpoint_of_a_later_version_is_not_used(make_data: Make, tmp_path: Path) -> None:
    data, path = make_data(), tmp_path / "trial.pt"
    reports(data, 1, path)
    content = torch.load(path)
    content["identity"]["configuration"]["dropout"] = 0.1
    torch.save(content, path)
    row = reports(data, 1, path)[0]
    assert "trial.pt is of a run that this version does not know: parameter dropout" in row["note"]
    assert "replayed" not in row


def test_every_point_of_the_extended_space_is_a_configuration(make_data: Make) -> None:
    file = Path(__file__).parents[3] / "conf/space/deepfreak_extended.yaml"
    parameters = yaml.safe_load(file.read_text())["parameters"]
    DeepFreak.check({"pool": "scaled"}, frozenset(parameters), (SIDE, SIDE))
    data = make_data(train=8, validation=4, size=SIDE)
    default = {name: declared["default"] for name, declared in parameters.items()}
    for name, declared in parameters.items():
        ends = declared.get("choices") or [declared["lower"], declared["upper"]]
        if name not in TABLE_10:
            for value in ends:
                rows = reports(data, 1, **{**default, **TABLE_10, name: value})
                assert "status" not in rows[0]
