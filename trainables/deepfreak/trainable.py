"""DeepFreak as a trainable: what the orchestrator calls."""

import gc
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from trainables.deepfreak import checkpoint as checkpoints
from trainables.deepfreak import fitted, loop, probe
from trainables.deepfreak.checkpoint import Checkpoint, CheckpointError
from trainables.deepfreak.data import TrialData
from trainables.deepfreak.fitted import FittedModel
from trainables.deepfreak.geometry import geometry
from trainables.deepfreak.hyperparameters import Hyperparameters, check_names, check_values
from trainables.deepfreak.identity import completed
from trainables.deepfreak.mean_image import stored_mean
from trainables.deepfreak.memory import kept_bytes, training_bytes
from trainables.deepfreak.options import Options
from trainables.deepfreak.run import InfeasibleError, Run, Workbench
from trainables.deepfreak.stopping import HopelessError, check_progress
from trainables.deepfreak.topologies import SEARCHED, topology

SMALL_BATCH = 2
SMALL_BATCH_NOTE = (
    "validated with running statistics, which batches of {} do not estimate well; cures: "
    "normalisation=group or evaluation_statistics=image (docs/deepfreak.md)"
)


class DeepFreak:
    """Trains topologies of Table 9 and continues them from checkpoints.

    A run is a function of (configuration, seed, options, data): interrupted and continued, or
    promoted to a larger budget, it gives the same weights as in one piece, bit for bit on the CPU
    with one thread.
    """

    resumable = True
    unpickles = False

    @classmethod
    def check(
        cls,
        options: Mapping[str, Any],
        space_parameters: Collection[str],
        image_shape: tuple[int, int] | None,
    ) -> None:
        """Refuse, before anything is created, what cannot work.

        Args:
            options: the trainable's options.
            space_parameters: names of the space's hyperparameters. If it is a mapping of names to
                legal values, only the topologies of the space have to fit the images; of bare
                names, all thirteen.
            image_shape: (rows, columns), or None where it is not known yet.

        Raises:
            ValueError: an unknown or illegal option; an unknown or missing hyperparameter; a
                topology that does not fit the images.
        """
        parsed = Options.parse(options)
        check_names(frozenset(space_parameters), parsed.defaults)
        check_values(parsed.defaults)
        if image_shape is None:
            return
        unfit = {}
        for number in _topologies(space_parameters, parsed):
            column = topology(number).resized(parsed.width, parsed.blocks)
            try:
                geometry(column, image_shape, parsed.pool)
            except ValueError as error:
                unfit[number] = str(error)
        if len(unfit) == 1:
            raise ValueError(*unfit.values())
        if unfit:
            raise ValueError(
                f"topologies {', '.join(map(str, unfit))} do not fit {image_shape[0]} × "
                f"{image_shape[1]} images: their second pool is larger than the map before it; "
                "set option pool: scaled, use larger images (Table 9 is made for 512 × 512) or "
                "take them out of the space"
            )

    def __init__(self, data: TrialData, options: Mapping[str, Any], device: str) -> None:
        """Set up what all trials of this process share: images on the device, mean image.

        On the CPU one thread is used: trials are what runs in parallel.

        Args:
            data: the splits; nothing but its attributes is asked of it.
            options: see `options.Options`.
            device: `cpu` or `cuda`.

        Raises:
            ValueError: an unknown device, or illegal options.
        """
        self._options = Options.parse(options)
        self._device = _device(device)
        _set_up(self._device, self._options)
        mean = stored_mean(data, self._options.mean)
        self._bench = Workbench(data, self._options, self._device, mean)

    def train(
        self,
        configuration: Mapping[str, Any],
        *,
        seed: int,
        budget: int,
        checkpoint: Path | None,
    ) -> Iterator[dict[str, Any]]:
        """Train for `budget` epochs, or from the checkpoint's epoch up to `budget`.

        Args:
            configuration: hyperparameters; see `hyperparameters.Hyperparameters`.
            seed: of initialisation, order and augmentation.
            budget: epochs, those of the checkpoint included.
            checkpoint: file to continue from, if it is there, and to write to; None keeps nothing.
                It is on disk before the report of its epoch is given.

        Yields:
            One report per epoch: epoch (from 1), train_loss, train_accuracy, learning_rate,
            seconds and what the data's `score` returns. Epochs that the checkpoint holds are
            reported again with `replayed: True`. A failure ends the reports with one that has
            `status` (diverged, hopeless, out_of_memory or infeasible) and `reason`. `note`, in the
            first report, says why a checkpoint was not used, may not be continued exactly, or why
            the validation is not to be trusted.

        Raises:
            ValueError: an unknown, missing or illegal hyperparameter, seed or budget.
        """
        hyperparameters = Hyperparameters.parse(configuration, self._options.defaults)
        if budget < 1:
            raise ValueError(f"budget {budget}: must be at least one epoch")
        if seed < 0:
            raise ValueError(f"seed {seed}: must not be negative")
        notes: list[str] = []
        for report in self._reports(hyperparameters, seed, budget, checkpoint, notes):
            yield {**report, "note": "; ".join(notes)} if notes else {**report}
            notes.clear()

    def load(self, checkpoint: Path) -> FittedModel:
        """The network of a checkpoint, ready to classify.

        Raises:
            ValueError: the checkpoint is missing, damaged or of another format.
        """
        return fitted.load(checkpoint, self._device, self._options.evaluation_batch)

    @classmethod
    def restore(
        cls,
        checkpoint: Path,
        options: Mapping[str, Any],
        *,
        classes: tuple[str, ...],
        device: str,
    ) -> FittedModel:
        """The network of a checkpoint, without the data that it learned.

        Args:
            checkpoint: what `train` wrote.
            options: see `options.Options`.
            classes: names of the classes.
            device: `cpu` or `cuda`.

        Raises:
            ValueError: the checkpoint is missing, damaged or of other classes; no such device.
        """
        place = _device(device)
        model = fitted.load(checkpoint, place, Options.parse(options).evaluation_batch)
        if model.classes != classes:
            raise ValueError(
                f"checkpoint {checkpoint.name} tells {', '.join(model.classes)} apart, not "
                f"{', '.join(classes)}"
            )
        return model

    def _reports(
        self,
        hyperparameters: Hyperparameters,
        seed: int,
        budget: int,
        path: Path | None,
        notes: list[str],
    ) -> Iterator[dict[str, Any]]:
        run: Run | None = None
        epoch = 0
        try:
            run = Run(self._bench, hyperparameters, seed)
            if path is not None and path.exists():
                try:
                    notes += _note(_take_up(path, run), run, budget)
                except CheckpointError as error:
                    notes.append(f"{error}; training starts anew")
                    run = Run(self._bench, hyperparameters, seed)
            if run.epoch == 0 and _small_batches(hyperparameters):
                notes.append(SMALL_BATCH_NOTE.format(hyperparameters.batch_size))
            for epoch, report in enumerate(run.history[:budget], 1):
                yield {**report, "replayed": True}
                self._check_progress(run, epoch, budget)
            while run.epoch < budget:
                epoch = run.epoch + 1
                report = run.advance()
                if path is not None and (
                    epoch % self._options.checkpoint_every == 0 or epoch == budget
                ):
                    checkpoints.write(path, run.checkpoint())
                yield report
                self._check_progress(run, epoch, budget)
            return
        except InfeasibleError as error:
            failure = {"status": "infeasible", "reason": str(error)}
        except loop.DivergedError as error:
            failure = {"status": "diverged", "reason": str(error)}
        except HopelessError as error:
            failure = {"status": "hopeless", "reason": str(error)}
        except (MemoryError, RuntimeError) as error:
            exhausted = _out_of_memory(error)
            if exhausted is None:
                raise
            failure = {"status": "out_of_memory", "reason": _first_line(exhausted)}
            del exhausted
        # Freed only here: while the exception was alive, its frames held the tensors.
        run = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        yield {"epoch": epoch, **failure}

    def _check_progress(self, run: Run, epoch: int, budget: int) -> None:
        # At the end of its budget a trial has its result; there is nothing left to save.
        if epoch < budget:
            share, patience = self._bench.largest_share, self._options.hopeless_epochs
            check_progress(run.history[:epoch], share, patience)

    @classmethod
    def memory(
        cls,
        options: Mapping[str, Any],
        configuration: Mapping[str, Any],
        image_shape: tuple[int, int],
        classes: int,
    ) -> int:
        """Bytes that a trial takes of a GPU; see `memory.training_bytes`.

        Raises:
            ValueError: illegal options or hyperparameters, or a topology that does not fit.
        """
        parsed = Options.parse(options)
        wanted = Hyperparameters.parse(configuration, parsed.defaults)
        return training_bytes(
            wanted.topology,
            wanted.batch_size,
            image_shape,
            parsed,
            classes,
            wanted.evaluation_statistics,
        )

    @classmethod
    def probe(
        cls,
        data: TrialData,
        options: Mapping[str, Any],
        device: str,
        configurations: Sequence[Mapping[str, Any]],
        *,
        images: tuple[int, int],
        seconds: float,
    ) -> dict[str, Any]:
        """Price configurations for a preview; see `probe.probe`."""
        parsed, place = Options.parse(options), _device(device)
        _set_up(place, parsed)
        return probe.probe(data, parsed, place, configurations, images=images, seconds=seconds)

    @classmethod
    def kept_memory(
        cls, options: Mapping[str, Any], image_shape: tuple[int, int], images: int
    ) -> int:
        """Bytes that a process keeps on a GPU between trials; see `memory.kept_bytes`."""
        Options.parse(options)
        return kept_bytes(images, image_shape)

    def release(self) -> None:
        """Give back what an ended trial left in the GPU's allocator, for other processes."""
        if self._device.type == "cuda":
            gc.collect()  # networks that an exception's frames tied into a circle
            torch.cuda.empty_cache()


def _device(name: str) -> torch.device:
    if name not in ("cpu", "cuda"):
        raise ValueError(f"device {name}: DeepFreak runs on cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device cuda: torch finds no CUDA device; use cpu")
    return torch.device(name)


def _set_up(device: torch.device, options: Options) -> None:
    if device.type == "cpu":
        if options.cuda_graphs:
            raise ValueError("option cuda_graphs: there are none on the CPU; leave it false")
        torch.set_num_threads(1)
        return
    if options.deterministic:
        # cuBLAS reads it when it is first used.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(options.deterministic)
    torch.backends.cudnn.benchmark = not options.deterministic


def _topologies(space_parameters: Collection[str], options: Options) -> tuple[int, ...]:
    if "topology" not in space_parameters:
        return (int(options.defaults["topology"]),)
    if isinstance(space_parameters, Mapping):
        return tuple(int(number) for number in space_parameters["topology"])
    return SEARCHED


def _take_up(path: Path, run: Run) -> Checkpoint:
    saved = checkpoints.read(path)
    try:
        identity = completed(saved.identity)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"checkpoint {path.name} is of a run that this version does not know: {error}"
        ) from error
    checkpoints.check_identity(path, identity, run.identity())
    run.restore(saved)
    return saved


def _note(saved: Checkpoint, run: Run, budget: int) -> list[str]:
    if saved.epoch >= budget or saved.versions == run.versions:
        return []
    before, now = (
        ", ".join(f"{name} {version}" for name, version in versions.items())
        for versions in (saved.versions, run.versions)
    )
    return [f"continues a checkpoint of {before} with {now}: last bits may differ"]


def _small_batches(hyperparameters: Hyperparameters) -> bool:
    return (
        hyperparameters.batch_size <= SMALL_BATCH
        and hyperparameters.normalisation == "batch"
        and hyperparameters.evaluation_statistics == "running"
    )


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _out_of_memory(error: BaseException) -> BaseException | None:
    """The exception that says so: this one, or the one during whose handling it was raised.

    A CUDA graph whose recording ran out of memory may complain of the recording in the end.
    """
    # Neither the CPU's allocator nor CUDA's libraries have an exception type of their own.
    named = ("DefaultCPUAllocator", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, torch.cuda.OutOfMemoryError | MemoryError):
            return found
        if any(name in str(found) for name in named):
            return found
        found = found.__cause__ or found.__context__
    return None
