import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables.deepfreak.schedule import batch_bounds, learning_rate
from trainables.deepfreak.seeding import Stream, numpy_generator, torch_generator


def test_learning_rate_falls_tenfold_every_ten_epochs_from_epoch_zero() -> None:
    rates = [learning_rate(0.5, e, every=10, rate=0.1, released=False) for e in range(31)]
    assert rates[:10] == [0.5] * 10
    assert rates[10:20] == pytest.approx([0.05] * 10)
    assert rates[30] == pytest.approx(0.0005)


def test_released_learning_rate_is_a_tenth_from_the_start() -> None:
    rates = [learning_rate(0.5, e, every=10, rate=0.1, released=True) for e in (0, 9, 10)]
    assert rates == pytest.approx([0.05, 0.05, 0.005])


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
