"""A trained network, ready to classify."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from trainables.deepfreak import augmentation, loop
from trainables.deepfreak import checkpoint as checkpoints
from trainables.deepfreak.data import Images, Probabilities
from trainables.deepfreak.folding import fold
from trainables.deepfreak.identity import described
from trainables.deepfreak.images import DeviceImages
from trainables.deepfreak.network import DeepFreakNetwork, ResNet
from trainables.deepfreak.normalisation import TargetBatchNorm, norm_layer
from trainables.deepfreak.topologies import topology


class ProbabilityNetwork(nn.Module):
    """A network that answers with class probabilities (n, k), float64.

    Those are averaged over `views` symmetries of each image; see `augmentation.views`.
    """

    views: int = 1  # of modules that were pickled before there was a choice

    def __init__(self, network: DeepFreakNetwork, views: int = 1) -> None:
        super().__init__()
        self.network = network
        self.views = views

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map (n, h, w) or (n, 1, h, w) grey levels in 0..255, of any type."""
        tables = [self._of_view(images, symmetry) for symmetry in range(self.views)]
        return torch.stack(tables).mean(0)

    def _of_view(self, images: torch.Tensor, symmetry: int) -> torch.Tensor:
        logits: torch.Tensor = self.network(augmentation.view(images, symmetry))
        return logits.double().softmax(1)


@dataclass(frozen=True)
class FittedModel:
    """A network and the classes it tells apart.

    Attributes:
        classes: names of the columns of the probabilities.
        image_shape: (rows, columns) of the images it takes.
        network: maps (n, h, w) or (n, 1, h, w) grey levels to (n, k) logits; in evaluation mode,
            on a CPU with its batch normalisation folded into the convolutions.
        evaluation_batch: most images of a forward pass.
        device: where `network` lives.
        views: symmetries of each image whose probabilities are averaged.
    """

    classes: tuple[str, ...]
    image_shape: tuple[int, int]
    network: DeepFreakNetwork
    evaluation_batch: int
    device: torch.device
    views: int = 1
    flavor: str = "pytorch"

    @property
    def native(self) -> nn.Module:
        """The model as one module, for whoever serves it: grey levels to probabilities."""
        return ProbabilityNetwork(self.network, self.views).eval()

    @property
    def together(self) -> bool:
        """Whether an image's probabilities depend on those it is classified together with."""
        return any(isinstance(layer, TargetBatchNorm) for layer in self.network.modules())

    def predict_proba(self, images: Images) -> Probabilities:
        """Class probabilities (n, k), float64, of (n, h, w) uint8 images classified together.

        Raises:
            ValueError: the images have another shape or type.
        """
        if images.ndim != 3 or images.shape[1:] != self.image_shape or images.dtype != np.uint8:
            raise ValueError(
                f"images: {images.dtype} of shape {images.shape}; this model takes uint8 of shape "
                f"(n, {self.image_shape[0]}, {self.image_shape[1]})"
            )
        if len(images) == 0:
            return np.empty((0, len(self.classes)))
        batches = DeviceImages(images, self.device)
        return loop.predict(self.network, batches, self.evaluation_batch, self.views)


def load(path: Path, device: torch.device, evaluation_batch: int) -> FittedModel:
    """Rebuild the network that a checkpoint holds; the file alone suffices.

    Raises:
        ValueError: the checkpoint is missing, damaged or of another format.
    """
    if not path.is_file():
        raise ValueError(f"checkpoint {path.name}: there is no such file")
    try:
        saved = checkpoints.read(path)
        identity = saved.identity
        hyperparameters, options = described(identity)
        classes = tuple(identity["classes"])
        rows, columns = identity["image_shape"]
        column = topology(hyperparameters.topology).resized(options.width, options.blocks)
        with torch.device("meta"):
            norm = norm_layer(hyperparameters.normalisation, hyperparameters.evaluation_statistics)
            resnet = ResNet(column, (rows, columns), len(classes), options.pool, norm)
            mean = torch.empty(saved.network["mean"].shape)
            network = DeepFreakNetwork(resnet, mean, options.precision, hyperparameters.grey_levels)
        network.load_state_dict(saved.network, assign=True)
    except checkpoints.CheckpointError as error:
        raise ValueError(str(error)) from error
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"checkpoint {path.name} does not describe a network: {type(error).__name__}"
        ) from error
    network.requires_grad_(False).to(device).eval()
    if device.type == "cpu" and options.precision == "float32":
        network = fold(network)
    views = augmentation.views(hyperparameters.test_time_augmentation, (rows, columns))
    return FittedModel(classes, (rows, columns), network, evaluation_batch, device, views)
