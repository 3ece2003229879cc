"""Every topology of Table 9 trained at scale=demo: images/s, accuracy, memory.

python -m benchmarks.topologies [topologies=0,1,...] [batch=8] [rate=0.007] [epochs=9] [scale=demo]

Each trains by itself, with one thread, momentum 0.9 and weight decay 3e-5, for the demo's largest
budget. Images/s are of training and validation together, each counted once; memory is the peak of
its process. Beside them stands what one trial is estimated to need on a GPU at full width, with
the paper's 512 x 512 images.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from automl.compose import BORDER_ERRORS, compose_plain, explain
from automl.errors import UserError
from automl.plugins import training_data
from benchmarks.process import python
from diffranet.dataset import SimulatedDiffraNet
from trainables.deepfreak.memory import training_bytes
from trainables.deepfreak.options import Options
from trainables.deepfreak.topologies import TABLE_9, topology
from trainables.deepfreak.trainable import DeepFreak

FULL = (512, 512)
CHILD = "child="


def trained(
    packed: Path, options: dict[str, Any], configuration: dict[str, Any], epochs: int
) -> Any:
    """Train one configuration; return the reports without what is the data's."""
    data = training_data(SimulatedDiffraNet.open(packed), "synthetic", packed.parents[1])
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "trial.ckpt"
        trainable = DeepFreak(data, options, "cpu")
        reports = list(trainable.train(configuration, seed=0, budget=epochs, checkpoint=trial))
    images = len(data.train.labels) + len(data.validation.labels)
    return {"images": images, "reports": reports}


def row(number: int, found: Any, peak: int, batch: int) -> str:
    """One line of the table."""
    column = topology(number)
    last = found["reports"][-1]
    if "status" in last:
        return f"{column.name:<9}{last['status']}: {last['reason']}"
    seconds = sorted(report["seconds"] for report in found["reports"])
    rate = found["images"] / seconds[len(seconds) // 2]
    best = max(report["validation_accuracy"] for report in found["reports"])
    full = training_bytes(number, batch, FULL, Options())
    accuracies = f"{100 * last['validation_accuracy']:>10.1f}{100 * best:>10.1f}"
    return f"{column.name:<9}{rate:>10.0f}{accuracies}{peak / 1e6:>12.0f}{full / 1e9:>16.1f}"


def main(
    topologies: Sequence[int], batch: int, rate: float, epochs: int | None, scale: str
) -> None:
    config = compose_plain(["search=deepfreak_bohb", f"scale={scale}"])
    cache = Path(config["paths"]["cache"]).expanduser().absolute()
    data = SimulatedDiffraNet.prepare(
        config["data"]["options"], cache=cache, workers=config["workers"]
    )
    epochs = epochs or int(config["trainable"]["budget"]["max"])
    print(f"scale={scale}: {epochs} epochs, batch {batch}, learning rate {rate:g}, one thread")
    print(
        f"{'topology':<9}{'images/s':>10}{'last, %':>10}{'best, %':>10}{'process, MB':>12}"
        f"{'at 512, GPU, GB':>16}"
    )
    for number in topologies:
        configuration = {
            "topology": number, "learning_rate": rate, "momentum": 0.9, "weight_decay": 3e-5,
            "batch_size": batch,
        }  # fmt: skip
        task = [str(data.packed), config["trainable"]["options"], configuration, epochs]
        done = python(
            ["-m", "benchmarks.topologies", CHILD + json.dumps(task)], env={"OMP_NUM_THREADS": "1"}
        )
        print(row(number, json.loads(done.output.splitlines()[-1]), done.peak, batch), flush=True)


def arguments(words: Sequence[str]) -> dict[str, Any]:
    """Read ``key=value`` words as `main` takes them; raise UserError naming the bad one."""
    given: dict[str, Any] = {
        "topologies": [column.number for column in TABLE_9],
        "batch": 8, "rate": 0.007, "epochs": None, "scale": "demo",
    }  # fmt: skip
    readers: dict[str, Any] = {
        "topologies": lambda text: [topology(int(number)).number for number in text.split(",")],
        "batch": int, "rate": float, "epochs": int, "scale": str,
    }  # fmt: skip
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or key not in readers:
            raise UserError(f"{word}: expected KEY=VALUE with one of {', '.join(readers)}")
        try:
            given[key] = readers[key](text)
        except ValueError as error:
            raise UserError(f"{word}: {error}") from error
    return given


def command(words: Sequence[str]) -> int:
    """Run the benchmark; return the exit code."""
    if words and words[0].startswith(CHILD):
        packed, options, configuration, epochs = json.loads(words[0].removeprefix(CHILD))
        print(json.dumps(trained(Path(packed), options, configuration, epochs)))
        return 0
    try:
        main(**arguments(words))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except BORDER_ERRORS as error:
        print(explain(error), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(command(sys.argv[1:]))
