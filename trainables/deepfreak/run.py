"""The mutable state of one trial: network, optimiser and finished epochs."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from trainables.deepfreak import augmentation, loop, schedule, seeding
from trainables.deepfreak.activation import Activation, fused, plain
from trainables.deepfreak.checkpoint import Checkpoint, CheckpointError
from trainables.deepfreak.data import TrialData
from trainables.deepfreak.epoch_plan import EpochPlan, plan_epoch
from trainables.deepfreak.geometry import geometry
from trainables.deepfreak.graphs import GraphedSteps
from trainables.deepfreak.hyperparameters import Hyperparameters
from trainables.deepfreak.identity import identity_of
from trainables.deepfreak.images import DeviceImages
from trainables.deepfreak.losses import Criterion, target_distributions
from trainables.deepfreak.mean_image import stored_mean
from trainables.deepfreak.network import DeepFreakNetwork, build
from trainables.deepfreak.normalisation import norm_layer
from trainables.deepfreak.options import Options
from trainables.deepfreak.seeding import Stream
from trainables.deepfreak.stepping import EagerSteps, Steps
from trainables.deepfreak.topologies import topology
from trainables.grey_levels import GreyLevels

FUSED_THREADS = 2
"""The fused kernels have one thread: with more than these, torch's own are faster."""


class InfeasibleError(Exception):
    """The configuration cannot be trained on these images; the text says why."""


class Workbench:
    """What all trials of one actor share: the data on the device and the options."""

    def __init__(
        self, data: TrialData, options: Options, device: torch.device, mean: torch.Tensor
    ) -> None:
        """Bring the images to the device.

        Args:
            data: the splits.
            options: of the search.
            device: where networks are trained.
            mean: to subtract of images as they are, () or (h, w), on the CPU.
        """
        self.data = data
        self.options = options
        self.device = device
        self._means: dict[GreyLevels, torch.Tensor] = {"none": mean}
        self.train_images = DeviceImages(data.train.images, device)
        self.validation_images = DeviceImages(data.validation.images, device)
        self.labels = torch.tensor(data.train.labels, dtype=torch.int64, device=device)
        counts = np.bincount(data.train.labels)
        self.largest_share = int(counts.max()) / len(data.train.labels)

    def mean_of(self, grey_levels: GreyLevels) -> torch.Tensor:
        """What to subtract of images with normalised grey levels, () or (h, w), on the CPU."""
        if grey_levels not in self._means:
            self._means[grey_levels] = stored_mean(self.data, self.options.mean, grey_levels)
        return self._means[grey_levels]


class Run:
    """One configuration with one seed, trained epoch by epoch."""

    def __init__(self, bench: Workbench, hyperparameters: Hyperparameters, seed: int) -> None:
        """Build the network and its optimiser.

        Raises:
            InfeasibleError: the topology does not fit the images, normalisation would have a
                single value per channel, or the data have not the classes of an ordinal loss.
        """
        data, options = bench.data, bench.options
        column = topology(hyperparameters.topology).resized(options.width, options.blocks)
        try:
            maps = geometry(column, data.image_shape, options.pool, len(data.classes))
            targets = target_distributions(
                data.classes,
                loss=hyperparameters.loss,
                smoothing=hyperparameters.label_smoothing,
                ordered=options.ordered_classes,
                sharpness=options.ordinal_sharpness,
            )
        except ValueError as error:
            raise InfeasibleError(str(error)) from error
        smallest = 1
        if maps.single_value and hyperparameters.normalisation == "batch":
            _check_single_values(hyperparameters, column.name, len(bench.labels))
            smallest = 2
        self._bounds = schedule.batch_bounds(
            len(bench.labels), hyperparameters.batch_size, smallest
        )
        self._bench = bench
        self._views = augmentation.views(hyperparameters.test_time_augmentation, data.image_shape)
        self._hyperparameters = hyperparameters
        self._seed = seed
        self._criterion = Criterion(None if targets is None else targets.to(bench.device))
        network = build(
            column,
            data.image_shape,
            len(data.classes),
            options.pool,
            bench.mean_of(hyperparameters.grey_levels),
            seeding.torch_generator(seed, Stream.INITIALISATION),
            norm_layer(hyperparameters.normalisation, hyperparameters.evaluation_statistics),
            options.precision,
            _activation(options, bench.device),
            hyperparameters.grey_levels,
        ).to(bench.device)
        layout = torch.channels_last if options.channels_last else torch.contiguous_format
        self.network = network.to(memory_format=layout)  # type: ignore[call-overload]
        self._optimizer = torch.optim.SGD(
            self.network.parameters(),
            lr=hyperparameters.learning_rate,
            momentum=hyperparameters.momentum,
            weight_decay=hyperparameters.weight_decay,
            fused=True,
        )
        self._steps = _steps(self.network, self._optimizer, bench, self._criterion)
        self.history: list[dict[str, Any]] = []

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return len(self.history)

    @property
    def versions(self) -> dict[str, str]:
        """What computes the run; the last bits of the weights depend on it."""
        return {"torch": str(torch.__version__), "device": self._bench.device.type}

    def identity(self) -> dict[str, Any]:
        """What is being trained, as plain values: equal identities give equal networks."""
        bench = self._bench
        return identity_of(self._hyperparameters, bench.options, self._seed, bench.data)

    def plan(self) -> EpochPlan:
        """What the next epoch does: a function of (seed, epoch) alone."""
        rows, columns = self._bench.data.image_shape
        return plan_epoch(
            self._hyperparameters,
            self._bench.options,
            seed=self._seed,
            epoch=self.epoch,
            bounds=self._bounds,
            square=rows == columns,
            device=self._bench.device,
        )

    def advance(self) -> dict[str, Any]:
        """Train and validate one epoch and return its report.

        Raises:
            DivergedError: a loss or a logit is not finite.
        """
        begun = time.perf_counter()
        bench, plan = self._bench, self.plan()
        try:
            trained = loop.train_epoch(self.network, self._steps, plan)
        except loop.DivergedError as error:
            raise loop.DivergedError(f"{error} of epoch {self.epoch + 1}") from error
        try:
            probabilities = loop.predict(
                self.network,
                bench.validation_images,
                bench.options.evaluation_batch,
                self._views,
            )
        except loop.DivergedError as error:
            raise loop.DivergedError(f"{error} in validation of epoch {self.epoch + 1}") from error
        report = {
            "epoch": self.epoch + 1,
            "train_loss": trained.loss,
            "train_accuracy": trained.accuracy,
            **{name: float(value) for name, value in bench.data.score(probabilities).items()},
            "learning_rate": plan.rates[-1],
            "seconds": time.perf_counter() - begun,
        }
        self.history.append(report)
        return report

    def checkpoint(self) -> Checkpoint:
        """The present state; tensors are those of the run, not copies."""
        return Checkpoint(
            identity=self.identity(),
            network=self.network.state_dict(),
            optimizer=self._optimizer.state_dict(),
            history=self.history,
            versions=self.versions,
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take over the state of a checkpoint of the same identity.

        Raises:
            CheckpointError: the state is not this network's. The run is then of no further use.
        """
        try:
            self.network.load_state_dict(checkpoint.network)
            self._optimizer.load_state_dict(checkpoint.optimizer)
        except (KeyError, RuntimeError, ValueError, TypeError, AttributeError) as error:
            raise CheckpointError(
                f"the checkpoint's state does not fit the network: {type(error).__name__}"
            ) from error
        self.history = [dict(row) for row in checkpoint.history]


def _activation(options: Options, device: torch.device) -> Activation:
    # torch.compile fuses for itself; several threads are torch's own kernels' business.
    fits = device.type == "cpu" and torch.get_num_threads() <= FUSED_THREADS
    return fused if options.fused and fits and not options.compile else plain


def _steps(
    network: DeepFreakNetwork, optimizer: torch.optim.SGD, bench: Workbench, criterion: Criterion
) -> Steps:
    options = bench.options
    forward: Callable[[torch.Tensor], torch.Tensor] = network
    if options.compile:
        # What earlier trials of this process compiled counts towards a limit (eight of one
        # function), beyond which torch goes on without compiling.
        torch.compiler.reset()
        # Compiled on the side: state and evaluation stay those of the network itself.
        forward = torch.compile(network, dynamic=False)
    eager = EagerSteps(forward, optimizer, bench.train_images, bench.labels, criterion)
    return GraphedSteps(eager, network, optimizer) if options.cuda_graphs else eager


def _check_single_values(hyperparameters: Hyperparameters, name: str, images: int) -> None:
    """Refuse what batch normalisation cannot do with one value per channel and image."""
    if min(hyperparameters.batch_size, images) < 2:
        raise InfeasibleError(
            f"topology {name} leaves one value per channel of these images: batch normalisation "
            "cannot train on batches of one image, use batch_size 2 or more, or normalisation group"
        )
    if hyperparameters.evaluation_statistics == "image":
        raise InfeasibleError(
            f"topology {name} leaves one value per channel of these images, whose variance is "
            "nothing: evaluation_statistics image cannot normalise with it, use running or target"
        )
