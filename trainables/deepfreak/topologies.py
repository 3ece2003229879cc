"""Table 9 of the paper: the stock ResNet-50 (number 0) and its thirteen variants.

`python -m trainables.deepfreak.topologies` prints their maps, parameters and multiplications.
"""

import argparse
from collections.abc import Sequence

from trainables.deepfreak.geometry import Topology, geometry, smallest_image

# number, filters, second pool size and stride, block strides; the first convolution (7/2) and the
# first pool (3/2) are those of the default column wherever nothing is said.
TABLE_9: tuple[Topology, ...] = (
    Topology(0, 64, 7, 1, (1, 2, 2, 2)),
    Topology(1, 64, 9, 2, (1, 2, 2, 2)),
    Topology(2, 64, 13, 2, (1, 2, 2, 2)),
    Topology(3, 64, 7, 1, (2, 2, 2, 2)),
    Topology(4, 64, 7, 1, (1, 2, 2, 2), first_convolution_stride=4),
    Topology(5, 64, 7, 2, (2, 2, 2, 2)),
    Topology(6, 64, 15, 2, (1, 2, 2, 2)),
    Topology(7, 64, 8, 1, (2, 2, 2, 2)),
    Topology(8, 64, 7, 1, (1, 2, 3, 3)),
    Topology(9, 8, 7, 1, (1, 2, 2, 2)),
    Topology(10, 8, 7, 2, (1, 2, 2, 2)),
    Topology(11, 64, 9, 2, (1, 2, 2, 3)),
    Topology(12, 16, 9, 2, (1, 2, 2, 2)),
    Topology(13, 16, 7, 2, (1, 2, 2, 2)),
)
SEARCHED = tuple(variant.number for variant in TABLE_9[1:])  # Table 10: [1, 13]


def topology(number: int) -> Topology:
    """The column of Table 9 with this number; 0 is the unmodified default.

    Raises:
        ValueError: there is no such column.
    """
    if not 0 <= number < len(TABLE_9):
        raise ValueError(
            f"topology: Table 9 has columns 0 (default) to {len(TABLE_9) - 1}, not {number}"
        )
    return TABLE_9[number]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line per column of Table 9."""
    parser = argparse.ArgumentParser(prog="python -m trainables.deepfreak.topologies")
    parser.add_argument("--image-size", type=int, default=512, help="pixels a side (512)")
    parser.add_argument("--pool", choices=("strict", "scaled"), default="strict")
    parser.add_argument("--width", type=float, default=1.0, help="multiplier of the filters (1)")
    parser.add_argument(
        "--blocks", type=int, nargs=4, default=(3, 4, 6, 3), help="bottlenecks per stage (3 4 6 3)"
    )
    chosen = parser.parse_args(arguments)
    if chosen.image_size < 1 or chosen.width <= 0 or min(chosen.blocks) < 1:
        parser.error("--image-size, --width and --blocks must be positive")
    print(
        f"{'topology':<9}{'filters':>8}{'conv':>6}{'pool':>6}{'stages':>18}{'2nd pool':>10}"
        f"{'features':>10}{'parameters':>12}{'GMAC':>9}{'smallest':>10}"
    )
    size = chosen.image_size
    for column in TABLE_9:
        variant = column.resized(chosen.width, tuple(chosen.blocks))
        head = f"{variant.name:<9}{variant.filters:>8}"
        try:
            maps = geometry(variant, (size, size), chosen.pool)
        except ValueError:
            print(f"{head}  does not fit: images of at least {smallest_image(variant)} pixels")
            continue
        print(
            f"{head}{maps.first_convolution[0]:>6}{maps.first_pool[0]:>6}"
            f"{', '.join(str(stage[0]) for stage in maps.stages):>18}"
            f"{f'{maps.second_pool[0]} × {maps.second_pool[1]}':>10}{maps.features:>10,}"
            f"{maps.parameters:>12,}{maps.macs / 1e9:>9.3f}{smallest_image(variant):>10}"
        )


if __name__ == "__main__":
    main()
