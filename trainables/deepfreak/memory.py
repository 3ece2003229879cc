"""What a trial needs of a GPU's memory, computed without a GPU.

The network is run on torch's meta device, which has shapes and no numbers, so that every
topology can be priced in a fraction of a second on any machine. No figure here has been measured
on a GPU: the reserves below are assumptions on the safe side.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from trainables.deepfreak.geometry import Pool, Shape, Topology, geometry
from trainables.deepfreak.network import ResNet
from trainables.deepfreak.normalisation import STATISTICS_VALUES, EvaluationStatistics
from trainables.deepfreak.options import Options
from trainables.deepfreak.topologies import topology as column_of

PEAK = 1.5
"""Peak of a training step over what it saves for its backward pass. Tensors alone come to 0.93 to
1.03 times that (counted on the meta device at batch 8); resident memory of training
steps on a CPU was 1.15 to 1.85 times that, the larger factors at the smallest sizes."""
PER_PARAMETER = 16
"""Bytes: weight, gradient and momentum in float32, and as much again for copies of other types."""
WORKSPACE = 512 * 2**20
"""Bytes assumed for cuDNN's and cuBLAS's workspaces and what the allocator loses to fragments."""
CONTEXT = 512 * 2**20
"""Bytes assumed for a process's CUDA context and loaded kernels."""
# Fewer than there are channels (at least four): what begins with it is of the batch. Not one, which
# batch normalisation refuses on 1 × 1 maps.
_BATCH = 3


@dataclass(frozen=True)
class Activations:
    """Bytes of a network's activations in float32.

    Attributes:
        saved: what the forward pass keeps for the backward pass, for each image.
        saved_once: what it keeps whatever the batch, such as the batch's statistics.
        alive: the most that lives at once in a pass without gradients, for each image.
        largest_map: values of an image's largest map.
    """

    saved: int
    saved_once: int
    alive: int
    largest_map: int

    def saved_by(self, batch_size: int) -> int:
        """Return what is kept of a batch."""
        return self.saved_once + batch_size * self.saved


def training_bytes(
    topology: int,
    batch_size: int,
    image_shape: Shape,
    options: Options,
    classes: int = 5,
    evaluation_statistics: EvaluationStatistics = "running",
) -> int:
    """Estimate the most GPU memory that a trial takes, training and validation.

    The larger of 1.5 × what a step saves for its backward pass, and that once (the allocator keeps
    it) with the largest activations of validation; 16 bytes a parameter; and a workspace. A CUDA
    graph keeps its step's memory to itself, so that a shorter last batch comes on top. Images and
    the CUDA context stay from trial to trial: see `kept_bytes`.

    Args:
        topology: column of Table 9.
        batch_size: images per step.
        image_shape: (rows, columns) of an image.
        options: of the search. With `precision: bfloat16` what is saved takes half; with
            `cuda_graphs` twice, but for one image.
        classes: outputs of the network.
        evaluation_statistics: `target` may validate in larger batches. What else normalisation may
            be makes less than a thousandth of difference.

    Returns:
        Bytes.

    Raises:
        ValueError: the topology does not fit the images.
    """
    column = column_of(topology).resized(options.width, options.blocks)
    found = activations(column, image_shape, options.pool, classes)
    share = 2 if options.precision == "bfloat16" else 1
    saved = found.saved_by(batch_size) // share
    peak = int(PEAK * saved)
    if options.cuda_graphs:
        peak += found.saved_by(batch_size - 1) // share
    images = options.evaluation_batch
    if evaluation_statistics == "target":
        images = max(images, STATISTICS_VALUES // found.largest_map)
    validation = saved + images * found.alive
    parameters = geometry(column, image_shape, options.pool, classes).parameters
    return max(peak, validation) + PER_PARAMETER * parameters + WORKSPACE


def kept_bytes(images: int, image_shape: Shape) -> int:
    """Return what a process keeps on the GPU between trials: context, and images of a byte a pixel.

    Args:
        images: training and validation images together.
        image_shape: (rows, columns) of an image.
    """
    rows, columns = image_shape
    return CONTEXT + images * rows * columns


def saved_bytes(
    column: Topology, batch_size: int, image_shape: Shape, pool: Pool = "strict"
) -> int:
    """Return the bytes that one training step keeps for its backward pass, parameters apart.

    Raises:
        ValueError: the topology does not fit the images.
    """
    return activations(column, image_shape, pool, 5).saved_by(batch_size)


@lru_cache(maxsize=1024)
def activations(column: Topology, image_shape: Shape, pool: Pool, classes: int) -> Activations:
    """Measure the activations of a topology on the meta device.

    Raises:
        ValueError: the topology does not fit the images.
    """
    network = _network(column, image_shape, pool, classes)
    saved, saved_once = _saved(network, image_shape)
    return Activations(saved, saved_once, _alive(network, image_shape), network.largest_map)


def _network(column: Topology, image_shape: Shape, pool: Pool, classes: int) -> ResNet:
    with torch.device("meta"):
        return ResNet(column, image_shape, classes, pool)


def _saved(network: ResNet, image_shape: Shape) -> tuple[int, int]:
    """Bytes of the distinct storages that autograd keeps, for each image and once for all.

    Parameters and buffers are not counted.
    """
    own = {_storage(tensor) for tensor in (*network.parameters(), *network.buffers())}
    kept: dict[StorageWeakRef, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        kept[_storage(tensor)] = tensor
        return tensor

    network.train()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        nn.functional.cross_entropy(
            network(_images(image_shape)), torch.zeros(_BATCH, dtype=torch.long, device="meta")
        )
    found = {True: 0, False: 0}
    for storage, tensor in kept.items():
        if storage not in own:
            found[tensor.shape[:1] == (_BATCH,)] += tensor.untyped_storage().nbytes()
    return found[True] // _BATCH, found[False]


def _alive(network: ResNet, image_shape: Shape) -> int:
    network.eval()
    images = _images(image_shape)
    living = _Living()
    with torch.no_grad(), living:
        network(images)
    return -(-living.peak // _BATCH)


def _images(image_shape: Shape) -> Tensor:
    return torch.empty(_BATCH, 1, *image_shape, device="meta")


def _storage(tensor: Tensor) -> StorageWeakRef:
    return StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call]


class _Living(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up, after each operation, the storages that operations have made and that still live.

    Its `peak` is in bytes.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._made: dict[StorageWeakRef, int] = {}

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._made[_storage(leaf)] = leaf.untyped_storage().nbytes()
        for made in [made for made in self._made if made.expired()]:  # type: ignore[no-untyped-call]
            del self._made[made]
        self.peak = max(self.peak, sum(self._made.values()))
        return result
