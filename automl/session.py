"""What a worker does with a task: train a trial or evaluate a model, message by message.

No Ray here: the same code runs in a test, in the driver and in a worker's actor. Whatever a
trial does, it ends in exactly one message of type ``finished``, ``failed`` or ``done``.
"""

from __future__ import annotations

import errno
import math
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from automl import registry
from automl.admission import UNKNOWN, find_admission, is_shared
from automl.errors import one_line
from automl.labels import Labelling, labelled
from automl.objective import Objective
from automl.objective.latency import latency_ms
from automl.plugins import FittedModel, Images, OpenData, Trainable, training_data
from automl.predictions import to_digits
from automl.scoring import confusion_matrix, predicted_labels

Message = dict[str, Any]

UNLOADABLE = "unloadable"  # status of an evaluation whose model cannot be read
LATENCY = "latency_ms"  # the metric that holds a model's latency
TOGETHER = "judges images by the others given with them: one image alone has no latency"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass(frozen=True)
class WorkerSpec:
    """What every worker of a search needs; plain, so that it can cross to another process."""

    data_name: str
    packed: str
    trainable_name: str
    options: Mapping[str, Any]
    select: str
    cache: str
    device: str
    # Seconds that a trial may take, and the folder where a killed worker says where it hung.
    trial_seconds: float | None = None
    hung: str = ""
    # GiB of the GPU that trials share; None: what the driver's tool says.
    gpu_memory: float | None = None
    labels: Labelling = "full"
    # Fields of the search's Objective.
    objective: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """One unit of work for a worker; plain, so that it can cross to another process."""

    kind: Literal["train", "evaluate"]
    number: int
    configuration_id: str = ""
    configuration: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    budget: int = 0
    checkpoint: str | None = None
    # Epochs of this configuration and seed that the ledger has already.
    known_epochs: int = 0
    splits: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain containers."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Task:
        """Undo :meth:`to_dict`, also after JSON."""
        splits = tuple((domain, split) for domain, split in values["splits"])
        return cls(**{**values, "splits": splits})


class Session:
    """Holds what is dear to set up (mapped images, the trainable) and serves task after task.

    On a GPU, trials whose trainable says what memory they need wait for room beside those of other
    workers. One that runs out of memory all the same is tried once more, alone, from its
    checkpoint on; if it runs out again it is ``infeasible``.

    Args:
        spec: What every worker of the search needs.
        watch: Given a trial's number, returns a context in which the trial is timed; it has ended
            when the trial's last message comes. The time in which a trial waits for room is not
            within, nor does ``trial_seconds`` count it; each attempt has that time for itself.
    """

    def __init__(
        self, spec: WorkerSpec, watch: Callable[[int], AbstractContextManager[None]] | None = None
    ) -> None:
        self._spec = spec
        self._watch = watch or (lambda _: nullcontext())
        dataset = registry.find("datasets", spec.data_name)
        self._data: OpenData = labelled(dataset.open(Path(spec.packed)), spec.labels)
        self._objective = Objective(**spec.objective)
        self._visible = training_data(self._data, spec.select, Path(spec.cache))
        trainable = registry.find("trainables", spec.trainable_name)
        # First, as the trainable may put images there.
        self._admission = find_admission(
            spec.device, spec.gpu_memory, trainable, spec.options, self._visible
        )
        is_unknown = self._admission is None and is_shared(spec.device, trainable)
        self._note = UNKNOWN if is_unknown else None
        self._trainable: Trainable = trainable(self._visible, spec.options, spec.device)

    def load(self, checkpoint: Path) -> FittedModel:
        """Return the model of a checkpoint; raises whatever its trainable does."""
        return self._trainable.load(checkpoint)

    def example(self) -> Images:
        """Return one image (1, h, w) uint8, of the validation split."""
        return self._visible.validation.images[:1]

    def prepare(self, item: Mapping[str, Any]) -> str | None:
        """Make one item of the trainable's preparations; return None, or why it cannot be made."""
        preparing: Any = self._trainable
        try:
            preparing.prepare(item)
        except Exception as error:
            # Whatever a user's trainable raises is said in one line.
            return _disk_full(error) or f"{type(error).__name__}: {one_line(error)}"
        return None

    def run(self, task: Task) -> Iterator[Message]:
        """Do a task; yield its messages, the last of which has ``"last": True``."""
        yield from _told(self._train(task) if task.kind == "train" else self._evaluate(task))

    def _train(self, task: Task) -> Iterator[Message]:
        if self._note is not None:
            yield {"type": "note", "text": self._note, "last": False}
            self._note = None
        admission = self._admission
        if admission is None:
            yield from self._attempt(task, nullcontext())
            return
        needed = admission.needed(task.configuration)
        refusal = admission.refusal(needed)
        if refusal is not None:
            yield _failed("infeasible", refusal)
            return
        reason = ""
        # Beside others an estimate that is too low, or fragments, may be to blame.
        for place in (admission.reserved(needed), admission.alone()):
            if reason:
                yield {"type": "note", "text": f"tried again alone: {reason}", "last": False}
            for message in self._attempt(task, place):
                if message["type"] == "report":
                    task = replace(task, known_epochs=message["epoch"])
                if message.get("status") == "out_of_memory":
                    reason = message["reason"]
                    break
                yield message
            else:
                return
        yield _failed("infeasible", admission.exhausted(needed, reason))

    def _attempt(self, task: Task, place: AbstractContextManager[None]) -> Iterator[Message]:
        """Train while a place on the device is held; it is given back before the last message."""
        last: Message = {}
        # Waiting for the place is not the trial's time.
        with place, self._watch(task.number):
            try:
                with closing(_told(self._reports(task))) as messages:
                    for message in messages:
                        if message["last"]:
                            last = message
                            break
                        yield message
            finally:
                release = getattr(self._trainable, "release", None)
                if release is not None:
                    release()
        yield last

    def _reports(self, task: Task) -> Iterator[Message]:
        limit = self._spec.trial_seconds
        begin = time.monotonic()
        reports = self._trainable.train(
            dict(task.configuration),
            seed=task.seed,
            budget=task.budget,
            checkpoint=Path(task.checkpoint) if task.checkpoint else None,
        )
        for report in reports:
            status = report.pop("status", None)
            if status is not None:
                yield _failed(status, str(report.get("reason", "no reason given")))
                return
            epoch = int(report.pop("epoch"))
            report.pop("replayed", None)
            if note := report.pop("note", None):
                yield {"type": "note", "text": str(note), "last": False}
            metrics = {key: _plain(value) for key, value in report.items()}
            if epoch >= task.budget:
                # Let the trainable finish what it does after its last report, such as saving.
                for _ in reports:
                    pass
                yield from self._last(task, epoch, metrics)
                return
            if epoch > task.known_epochs:
                yield {"type": "report", "epoch": epoch, "metrics": metrics, "last": False}
            if limit is not None and time.monotonic() - begin > limit:
                yield _failed("timed_out", f"more than {limit:g} s at epoch {epoch}")
                return
        yield _failed("crashed", f"ended before its budget of {task.budget}")

    def _last(self, task: Task, epoch: int, metrics: dict[str, Any]) -> Iterator[Message]:
        accuracy = metrics.get("validation_accuracy")
        if accuracy is None:
            yield _failed("diverged", f"validation accuracy is not finite at epoch {epoch}")
            return
        if self._objective.measures_latency:
            latency = self._latency(task)
            if latency is None:
                yield _failed("infeasible", TOGETHER)
                return
            metrics[LATENCY] = latency
        yield {
            "type": "finished",
            "epoch": epoch,
            "metrics": metrics,
            "loss": self._objective.loss(accuracy, metrics.get(LATENCY)),
            "last": True,
        }

    def _latency(self, task: Task) -> float | None:
        """Return milliseconds of one image; None for a model that needs others beside it."""
        # As it is loaded from its file, so it will be used.
        model = self.load(Path(task.checkpoint or ""))
        if getattr(model, "together", False):
            return None
        return latency_ms(model, self._visible.validation.images)

    def _evaluate(self, task: Task) -> Iterator[Message]:
        try:
            model = self.load(Path(task.checkpoint or ""))
        except Exception as error:
            # A missing or damaged file surfaces as any exception; the driver has it made again.
            yield _failed(UNLOADABLE, f"{type(error).__name__}: {one_line(error)}")
            return
        data = self._data.unsealed()
        for domain_name, split_name in task.splits:
            domain = data.domains[domain_name]
            split = data.split(domain_name, split_name)
            begin = time.perf_counter()
            probabilities = model.predict_proba(split.images)
            seconds = time.perf_counter() - begin
            predicted = predicted_labels(probabilities, domain.projection)
            yield {
                "type": "evaluated",
                "domain": domain_name,
                "split": split_name,
                "n": len(split.labels),
                "classes": list(domain.classes),
                "confusion": confusion_matrix(split.labels, predicted, len(domain.classes)),
                # Which images, not only how many: two models are compared image by image.
                "predicted": to_digits(predicted, len(domain.classes)),
                "labels": to_digits(split.labels, len(domain.classes)),
                "digest": split.digest,
                "seconds": round(seconds, 4),
                "last": False,
            }
        yield {"type": "done", "last": True}


def _told(work: Iterator[Message]) -> Generator[Message, None, None]:
    """Pass messages on; whatever is raised becomes the last of them."""
    try:
        yield from work
        return
    except MemoryError as error:
        last = _failed("out_of_memory", one_line(error))
    except Exception as error:
        # A trial may fail in any way that its code can; each is a result with its reason.
        full = _disk_full(error)
        if full is not None:
            last = {"type": "halted", "reason": full, "last": True}
        else:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(frame.filename).name}:{frame.lineno}"
            last = _failed("crashed", f"{type(error).__name__}: {one_line(error)} ({where})")
    # Only here: while the exception was alive, its frames held what the trial had allocated.
    yield last


def _failed(status: str, reason: str) -> Message:
    return {"type": "failed", "status": status, "reason": reason, "last": True}


def _disk_full(error: BaseException) -> str | None:
    """Return what to tell the user if an error comes from a disk without room, else None.

    That is no configuration's fault: the search stops, so that no trial is judged by it.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
            where = f"{cause.filename}: " if cause.filename else "a worker's files: "
            return f"{where}cannot be written ({cause.strerror}); make room"
        cause = cause.__cause__ or cause.__context__
    return None


def _plain(value: Any) -> Any:
    """Return a JSON value; a number that is not finite becomes None."""
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
