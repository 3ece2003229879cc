import pytest

from trainables.deepfreak.geometry import geometry, smallest_image
from trainables.deepfreak.topologies import SEARCHED, TABLE_9, main, topology

# Of the released implementation at 512 × 512: stages, second pool's output, parameters, forward
# multiplications in 1e9, smallest image.
PUBLISHED = {
    0: ((128, 64, 32, 16), 10, 24_525_765, 20.943, 193),
    1: ((128, 64, 32, 16), 4, 23_665_605, 20.942, 257),
    2: ((128, 64, 32, 16), 2, 23_542_725, 20.942, 385),
    3: ((64, 32, 16, 8), 2, 23_542_725, 5.440, 385),
    4: ((64, 32, 16, 8), 2, 23_542_725, 5.236, 385),
    5: ((64, 32, 16, 8), 1, 23_512_005, 5.440, 385),
    6: ((128, 64, 32, 16), 1, 23_512_005, 20.942, 449),
    7: ((64, 32, 16, 8), 1, 23_512_005, 5.440, 449),
    8: ((128, 64, 22, 8), 2, 23_542_725, 14.140, 433),
    9: ((128, 64, 32, 16), 10, 501_373, 0.350, 193),
    10: ((128, 64, 32, 16), 5, 405_373, 0.350, 193),
    11: ((128, 64, 32, 11), 2, 23_542_725, 18.996, 385),
    12: ((128, 64, 32, 16), 4, 1_520_373, 1.347, 257),
    13: ((128, 64, 32, 16), 5, 1_543_413, 1.347, 193),
}


def test_table_9_has_the_default_and_thirteen_variants() -> None:
    assert [column.number for column in TABLE_9] == list(range(14))
    assert tuple(range(1, 14)) == SEARCHED
    assert topology(0).name == "default"
    assert len(set(TABLE_9)) == 14


@pytest.mark.parametrize("number", PUBLISHED)
def test_geometry_at_512(number: int) -> None:
    stages, pooled, parameters, gmac, smallest = PUBLISHED[number]
    found = geometry(topology(number), (512, 512))
    assert found.stages == tuple((side, side) for side in stages)
    assert found.second_pool == (pooled, pooled)
    assert found.parameters == parameters
    assert found.macs / 1e9 == pytest.approx(gmac, abs=5e-4)
    assert smallest_image(topology(number)) == smallest


@pytest.mark.parametrize("number", PUBLISHED)
def test_strict_refuses_one_pixel_below_the_smallest_image(number: int) -> None:
    side = smallest_image(topology(number))
    geometry(topology(number), (side, side))
    with pytest.raises(ValueError, match=rf"topology \w+ does not fit.*at least {side} pixels"):
        geometry(topology(number), (side - 1, side))
    with pytest.raises(ValueError, match="does not fit"):
        geometry(topology(number), (side, side - 1))


@pytest.mark.parametrize("number", PUBLISHED)
def test_scaled_equals_strict_at_512_and_fits_everywhere(number: int) -> None:
    assert geometry(topology(number), (512, 512), "scaled") == geometry(
        topology(number), (512, 512)
    )
    for shape in ((16, 16), (33, 33), (128, 128), (256, 200), (700, 700)):
        found = geometry(topology(number), shape, "scaled")
        assert min(found.second_pool_kernel) >= 1
        assert min(found.second_pool) >= 1


def test_scaled_keeps_the_pools_of_1_2_and_6_apart_at_128() -> None:
    kernels = [geometry(topology(n), (128, 128), "scaled").second_pool_kernel for n in (1, 2, 6)]
    assert kernels == [(2, 2), (3, 3), (4, 4)]


def test_single_value_maps() -> None:
    # Below these sizes one image leaves one value per channel.
    for number, side in ((3, 65), (4, 65), (5, 65), (7, 65), (8, 73), (11, 49), (0, 33), (10, 33)):
        assert not geometry(topology(number), (side, side), "scaled").single_value
        assert geometry(topology(number), (side - 1, side - 1), "scaled").single_value


def test_width_and_blocks() -> None:
    thin = topology(13).resized(0.125, (1, 1, 1, 1))
    assert (thin.filters, thin.blocks) == (4, (1, 1, 1, 1))
    assert topology(1).resized(0.125, (3, 4, 6, 3)).filters == 8
    assert topology(5).resized(1.0, (3, 4, 6, 3)) == topology(5)


@pytest.mark.parametrize("number", [-1, 14])
def test_unknown_topology(number: int) -> None:
    with pytest.raises(ValueError, match=f"0 \\(default\\) to 13, not {number}"):
        topology(number)


def test_command_prints_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 15
    assert "24,525,765" in lines[1]
    assert "14.140" in lines[9]
    main(["--image-size", "256"])
    assert "does not fit: images of at least 433 pixels" in capsys.readouterr().out


def test_command_refuses_nonsense(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--width", "0"])
    assert "must be positive" in capsys.readouterr().err
