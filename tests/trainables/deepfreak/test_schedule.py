import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables.deepfreak.schedule import batch_bounds, learning_rate, one_cycle
from trainables.deepfreak.seeding import Stream, numpy_generator, torch_generator


def test_learning_rate_falls_tenfold_every_ten_epochs_from_epoch_zero() -> None:
    rates = [learning_rate(0.5, e, every=10, rate=0.1, released=False) for e in range(31)]
    assert rates[:10] == [0.5] * 10
    assert rates[10:20] == pytest.approx([0.05] * 10)
    assert rates[30] == pytest.approx(0.0005)


def test_released_learning_rate_is_a_tenth_from_the_start() -> None:
    rates = [learning_rate(0.5, e, every=10, rate=0.1, released=True) for e in (0, 9, 10)]
    assert rates == pytest.approx([0.05, 0.05, 0.005])


@pytest.mark.parametrize("steps", [1, 2, 4, 10, 37, 500])
def test_one_cycle_is_torch_s_without_its_momentum(steps: int) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3, momentum=0.7)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.3, total_steps=steps, final_div_factor=400, cycle_momentum=False
    )
    for step in range(steps):
        expected = optimizer.param_groups[0]["lr"]
        assert one_cycle(0.3, step, steps) == pytest.approx(expected, rel=1e-9)
        optimizer.step()
        if step + 1 < steps:
            scheduler.step()


@settings(deadline=None)
@given(st.floats(1e-4, 10), st.integers(1, 400), st.integers(0, 1000))
def test_one_cycle_stays_between_floor_and_highest(rate: float, steps: int, step: int) -> None:
    found = one_cycle(rate, step, steps)
    assert rate * 1e-4 <= found * (1 + 1e-12)
    assert found <= rate * (1 + 1e-12)
    if step >= steps:
        assert found == rate * 1e-4


@given(st.integers(2, 300), st.integers(2, 70), st.sampled_from([1, 2]))
def test_batches_cover_every_image_once(images: int, size: int, smallest: int) -> None:
    bounds = batch_bounds(images, size, smallest)
    assert [i for start, stop in bounds for i in range(start, stop)] == list(range(images))
    lengths = [stop - start for start, stop in bounds]
    assert min(lengths) >= smallest
    assert all(length == size for length in lengths[:-1])
    assert max(lengths) <= size + smallest - 1


def test_single_last_image_joins_the_batch_before_it_only_where_it_must() -> None:
    assert batch_bounds(9, 4) == [(0, 4), (4, 8), (8, 9)]
    assert batch_bounds(9, 4, smallest=2) == [(0, 4), (4, 9)]


@pytest.mark.parametrize(("images", "size"), [(10, 1), (1, 10)])
def test_no_division_into_pairs(images: int, size: int) -> None:
    with pytest.raises(ValueError, match="smaller than 2"):
        batch_bounds(images, size, smallest=2)


def test_streams_are_functions_of_seed_purpose_and_epoch() -> None:
    drawn = {
        (seed, stream, epoch): int(numpy_generator(seed, stream, epoch).integers(2**62))
        for seed in (0, 1)
        for stream in Stream
        for epoch in (0, 1)
    }
    assert len(set(drawn.values())) == len(drawn)
    assert drawn[1, Stream.ORDER, 1] == int(numpy_generator(1, Stream.ORDER, 1).integers(2**62))
    first = torch_generator(3, Stream.INITIALISATION)
    assert first.initial_seed() == torch_generator(3, Stream.INITIALISATION).initial_seed()
