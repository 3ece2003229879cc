from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from trainables.deepfreak.losses import Criterion, target_distributions

CLASSES = ("blank", "no-crystal", "weak", "good", "strong")
ORDERED = ("weak", "good", "strong")


def targets(**changes):
    asked = {"loss": "cross_entropy", "smoothing": 0.0, "ordered": ORDERED, "sharpness": 2.0}
    return target_distributions(CLASSES, **{**asked, **changes})


def logits_and_labels():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(9, 5, generator=generator), torch.arange(9) % 5


def test_the_paper_s_loss_is_torch_s_bit_for_bit() -> None:
    logits, labels = logits_and_labels()
    assert targets() is None
    assert torch.equal(Criterion(None)(logits, labels), functional.cross_entropy(logits, labels))


@settings(deadline=None)
@given(st.floats(0.001, 0.9))
def test_label_smoothing_is_torch_s(share: float) -> None:
    logits, labels = logits_and_labels()
    expected = functional.cross_entropy(logits, labels, label_smoothing=share)
    found = Criterion(targets(smoothing=share))(logits, labels)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_ordinal_targets_by_hand() -> None:
    rows = targets(loss="ordinal", sharpness=2.0)
    far, near = torch.exp(torch.tensor(-4.0)).item(), torch.exp(torch.tensor(-2.0)).item()
    middle, end = 1 + 2 * near, 1 + near + far
    assert rows[:2].tolist() == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0]]
    assert rows[2].tolist() == pytest.approx([0, 0, 1 / end, near / end, far / end])
    assert rows[3].tolist() == pytest.approx([0, 0, near / middle, 1 / middle, near / middle])
    assert rows[4].tolist() == pytest.approx([0, 0, far / end, near / end, 1 / end])


@settings(deadline=None)
@given(
    st.permutations(CLASSES),
    st.permutations(CLASSES),
    st.integers(2, 5),
    st.floats(0, 0.9),
    st.floats(0.1, 30),
)
def test_targets_are_distributions_that_fall_with_the_distance(
    classes, order, count, smoothing, sharpness
) -> None:
    ordered = order[:count]
    rows = target_distributions(
        classes, loss="ordinal", smoothing=smoothing, ordered=ordered, sharpness=sharpness
    )
    assert torch.allclose(rows.sum(1), torch.ones(5), atol=1e-6)
    assert torch.equal(rows.argmax(1), torch.arange(5))
    for name in classes:
        row = rows[classes.index(name)]
        for other in classes:
            if other != name and not (name in ordered and other in ordered):
                assert row[classes.index(other)].item() == pytest.approx(smoothing / 5, abs=1e-6)
        if name in ordered:
            by_distance = sorted(ordered, key=lambda n: abs(ordered.index(n) - ordered.index(name)))
            falling = [row[classes.index(other)].item() for other in by_distance]
            assert all(a >= b - 1e-6 for a, b in pairwise(falling))


def test_data_without_an_ordered_class() -> None:
    with pytest.raises(ValueError, match="loss ordinal: the data have no class strong") as refusal:
        target_distributions(
            CLASSES[:4], loss="ordinal", smoothing=0, ordered=ORDERED, sharpness=2.0
        )
    assert "\n" not in str(refusal.value)
    assert "set option ordered_classes" in str(refusal.value)
