"""Trials in processes of their own on one device, prepared one by one and timed together."""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import torch

from benchmarks.deepfreak_data import mapped
from benchmarks.deepfreak_machine import description, hardware, rates
from benchmarks.deepfreak_sides import FailedError, Ours, Released
from benchmarks.gpu_projection import Row


@dataclass(frozen=True)
class Task:
    """What each of the trials trains.

    Attributes:
        side: ours or released.
        topology: column of Table 9.
        batch: images per step.
        steps: of an epoch.
        images: the file of images.
        options: the trainable's.
        seconds: to train for at least, in whole epochs.
    """

    side: str
    topology: int
    batch: int
    steps: int
    images: Path
    options: Mapping[str, Any]
    seconds: float


def serve(connection: Connection, device: str) -> None:
    """Answer one message after another until the other end closes."""
    if device == "cpu":
        torch.set_num_threads(1)
    side: Ours | Released | None = None
    task: Task | None = None
    while True:
        try:
            what, content = connection.recv()
        except EOFError:
            return
        answer: dict[str, Any]
        try:
            if what == "machine":
                found = rates(device, content)
                answer = {"hardware": hardware(device), "description": description(device)}
                answer |= {"flop": found.flop, "memory": found.memory}
            elif what == "prepare":
                task = content
                side = prepared(content, device)
                answer = {"status": "measured"}
            elif what == "train":
                assert side is not None
                assert task is not None
                answer = trained(side, task, device)
            else:
                answer = {}
        except FailedError as failure:
            answer = {"status": failure.status, "reason": failure.reason}
        except torch.cuda.OutOfMemoryError as error:
            answer = {"status": "out_of_memory", "reason": str(error).splitlines()[0]}
        except Exception as error:
            text = (str(error).splitlines() or [""])[0]
            answer = {"status": "failed", "reason": f"{type(error).__name__}: {text}"}
        if what != "prepare" or answer["status"] != "measured":
            side = None
        connection.send(answer)


def prepared(task: Task, device: str) -> Ours | Released:
    """A side that has done its first epoch: memory is there, graphs are captured."""
    gc.collect()
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    data = mapped(task.images, task.steps * task.batch)
    side: Ours | Released
    if task.side == "ours":
        side = Ours(data, task.topology, task.batch, task.options, device)
    else:
        workers = int(device == "cuda")  # as the released code
        png = task.images.parent / "png"
        side = Released(data, task.topology, task.batch, task.options, device, png, workers)
    side.epoch()
    return side


def trained(side: Ours | Released, task: Task, device: str) -> dict[str, Any]:
    """Whole epochs until the time is over."""
    images, elapsed = 0, 0.0
    _wait(device)
    begun = time.perf_counter()
    while elapsed < task.seconds:
        side.epoch()
        images += task.steps * task.batch
        _wait(device)
        elapsed = time.perf_counter() - begun
    peak = torch.cuda.max_memory_reserved() if device == "cuda" else None
    return {"status": "measured", "rate": images / elapsed, "peak": peak}


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


class Workers:
    """Processes on one device, started when they are first needed and replaced when they break."""

    def __init__(self, device: str, patience: float) -> None:
        """Wait at most `patience` seconds for an answer."""
        self._device = device
        self._patience = patience
        self._started: list[tuple[SpawnProcess, Connection]] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        while self._started:
            self._end(0)

    def machine(self, precision: str) -> dict[str, Any]:
        """Name, description and rates of the device.

        Raises:
            RuntimeError: it cannot be used.
        """
        self._start(1)
        (answer,) = self._ask([0], "machine", precision)
        if "reason" in answer:
            raise RuntimeError(answer["reason"])
        return answer

    def measure(self, task: Task, trials: int = 1) -> Row:
        """Images/s of so many equal trials at the same time."""
        self._start(trials)
        places = range(trials)
        answers = self._ask(places, "prepare", task)
        if all(answer["status"] == "measured" for answer in answers):
            answers = self._ask(places, "train", None)
        else:
            ready = [n for n in places if answers[n]["status"] == "measured"]
            self._ask(ready, "drop", None)
        bad = [answer for answer in answers if answer["status"] != "measured"]
        # What a failed process has done to its device is unknown.
        for place in reversed(places):
            if answers[place]["status"] in ("failed", "lost"):
                self._end(place)
        head = (task.side, task.topology, task.batch, trials)
        if bad:
            return Row(*head, bad[0]["status"], reason=bad[0]["reason"])
        peaks = [answer["peak"] for answer in answers if answer["peak"] is not None]
        total = sum(answer["rate"] for answer in answers)
        return Row(*head, images_per_second=total, peak_bytes=max(peaks, default=None))

    def _ask(self, places: Sequence[int], what: str, content: object) -> list[dict[str, Any]]:
        lost: dict[int, str] = {}
        for place in places:
            try:
                self._started[place][1].send((what, content))
            except OSError as error:
                lost[place] = str(error)
        end = time.monotonic() + self._patience
        answers = []
        for place in places:
            connection = self._started[place][1]
            reason = lost.get(place, f"no answer in {self._patience:.0f} s")
            answer = {"status": "lost", "reason": reason}
            try:
                if place not in lost and connection.poll(max(0.0, end - time.monotonic())):
                    answer = connection.recv()
            except (EOFError, OSError):
                answer["reason"] = "the process ended"
            answers.append(answer)
        return answers

    def _start(self, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        while len(self._started) < count:
            ours, theirs = context.Pipe()
            # No daemon: the released loop's loader is a child of this process.
            process = context.Process(target=serve, args=(theirs, self._device))
            process.start()
            theirs.close()
            self._started.append((process, ours))

    def _end(self, place: int) -> None:
        process, connection = self._started.pop(place)
        connection.close()
        process.join(timeout=5)
        if process.is_alive():
            process.kill()
            process.join()
