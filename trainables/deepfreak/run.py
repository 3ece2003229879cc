"""The mutable state of one trial: network, optimiser and finished epochs."""

import time
from typing import Any

import torch

from trainables.deepfreak import augmentation, loop, schedule, seeding
from trainables.deepfreak.checkpoint import Checkpoint, CheckpointError
from trainables.deepfreak.data import TrialData
from trainables.deepfreak.geometry import geometry
from trainables.deepfreak.hyperparameters import Hyperparameters
from trainables.deepfreak.images import DeviceImages
from trainables.deepfreak.network import build
from trainables.deepfreak.options import Options
from trainables.deepfreak.seeding import Stream
from trainables.deepfreak.topologies import topology


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
            mean: to subtract, () or (h, w), on the CPU.
        """
        self.data = data
        self.options = options
        self.device = device
        self.mean = mean
        self.train_images = DeviceImages(data.train.images, device)
        self.validation_images = DeviceImages(data.validation.images, device)
        self.labels = torch.tensor(data.train.labels, dtype=torch.int64, device=device)


class Run:
    """One configuration with one seed, trained epoch by epoch."""

    def __init__(self, bench: Workbench, hyperparameters: Hyperparameters, seed: int) -> None:
        """Build the network and its optimiser.

        Raises:
            InfeasibleError: the topology does not fit the images, or batch normalisation would
                have a single value per channel.
        """
        data, options = bench.data, bench.options
        column = topology(hyperparameters.topology).resized(options.width, options.blocks)
        try:
            maps = geometry(column, data.image_shape, options.pool, len(data.classes))
        except ValueError as error:
            raise InfeasibleError(str(error)) from error
        smallest = 2 if maps.single_value else 1
        if min(hyperparameters.batch_size, len(bench.labels)) < smallest:
            raise InfeasibleError(
                f"topology {column.name} leaves one value per channel of these images: batch "
                "normalisation cannot train on batches of one image, use batch_size 2 or more"
            )
        self._bounds = schedule.batch_bounds(
            len(bench.labels), hyperparameters.batch_size, smallest
        )
        self._bench = bench
        self._hyperparameters = hyperparameters
        self._seed = seed
        generator = seeding.torch_generator(seed, Stream.INITIALISATION)
        network = build(
            column, data.image_shape, len(data.classes), options.pool, bench.mean, generator
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
        data = self._bench.data
        return {
            "configuration": self._hyperparameters.as_dict(),
            "seed": self._seed,
            "options": self._bench.options.of_training(),
            "data": data.train.digest,
            "classes": list(data.classes),
            "image_shape": list(data.image_shape),
        }

    def advance(self) -> dict[str, Any]:
        """Train and validate one epoch and return its report.

        Raises:
            DivergedError: a loss or a logit is not finite.
        """
        begun = time.perf_counter()
        bench, options = self._bench, self._bench.options
        rate = schedule.learning_rate(
            self._hyperparameters.learning_rate,
            self.epoch,
            every=options.decay_epochs,
            rate=options.decay_rate,
            released=options.released_lr,
        )
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        try:
            trained = loop.train_epoch(
                self.network,
                self._optimizer,
                bench.train_images,
                bench.labels,
                self._order(),
                self._bounds,
                self._symmetries(),
            )
        except loop.DivergedError as error:
            raise loop.DivergedError(f"{error} of epoch {self.epoch + 1}") from error
        try:
            probabilities = loop.predict(
                self.network, bench.validation_images, options.evaluation_batch
            )
        except loop.DivergedError as error:
            raise loop.DivergedError(f"{error} in validation of epoch {self.epoch + 1}") from error
        report = {
            "epoch": self.epoch + 1,
            "train_loss": trained.loss,
            "train_accuracy": trained.accuracy,
            **{name: float(value) for name, value in bench.data.score(probabilities).items()},
            "learning_rate": rate,
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

    def _order(self) -> torch.Tensor:
        generator = seeding.numpy_generator(self._seed, Stream.ORDER, self.epoch)
        order = generator.permutation(len(self._bench.labels))
        return torch.from_numpy(order).to(self._bench.device)

    def _symmetries(self) -> torch.Tensor | None:
        if self._bench.options.augment == "none":
            return None
        rows, columns = self._bench.data.image_shape
        generator = seeding.numpy_generator(self._seed, Stream.AUGMENTATION, self.epoch)
        drawn = augmentation.draw(generator, len(self._bench.labels), rows == columns)
        return torch.from_numpy(drawn).to(self._bench.device)
