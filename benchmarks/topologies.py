"""Every topology of Table 9 trained at scale=demo: images/s, accuracy, memory.

python -m benchmarks.topologies [topologies=0,1,...] [batch=8] [rate=0.007] [epochs=9] [scale=demo]
    [short=true]

Each trains by itself, with one thread, momentum 0.9 and weight decay 3e-5, for the demo's largest
budget. Images/s are of training and validation together, each counted once; memory is the peak of
its process. Beside them stands what one trial is estimated to need on a GPU at full width, with
the paper's 512 x 512 images.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from automl.compose import compose_plain
from automl.plugins import training_data
from benchmarks import deepfreak_words
from benchmarks.process import python
from benchmarks.words import Command, positive, switch, whole
from diffranet.dataset import SimulatedDiffraNet
from trainables.deepfreak.memory import training_bytes
from trainables.deepfreak.options import Options
from trainables.deepfreak.topologies import TABLE_9, topology
from trainables.deepfreak.trainable import DeepFreak

FULL = (512, 512)
CHILD = """
import json, sys
from benchmarks.topologies import trained
print(json.dumps(trained(*json.loads(sys.argv[1]))))
"""


def trained(
    packed: str, options: dict[str, Any], configuration: dict[str, Any], epochs: int
) -> Any:
    """Train one configuration; return the reports without what is the data's."""
    folder = Path(packed)
    data = training_data(SimulatedDiffraNet.open(folder), "synthetic", folder.parents[1])
    with tempfile.TemporaryDirectory() as scratch:
        trial = Path(scratch) / "trial.ckpt"
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
    short: bool = False,
    topologies: Sequence[int] | None = None,
    batch: int = 8,
    rate: float = 0.007,
    epochs: int | None = None,
    scale: str | None = None,
) -> None:
    topologies = topologies or ((10,) if short else tuple(range(len(TABLE_9))))
    scale = scale or ("smoke" if short else "demo")
    config = compose_plain(["search=deepfreak_bohb", f"scale={scale}"])
    cache = Path(config["paths"]["cache"]).expanduser().absolute()
    data = SimulatedDiffraNet.prepare(
        config["data"]["options"], cache=cache, workers=config["workers"]
    )
    epochs = epochs or (1 if short else int(config["trainable"]["budget"]["max"]))
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
        done = python(["-c", CHILD, json.dumps(task)], env={"OMP_NUM_THREADS": "1"})
        print(row(number, json.loads(done.output.splitlines()[-1]), done.peak, batch), flush=True)


command = Command(
    main,
    {
        "topologies": deepfreak_words.topologies,
        "batch": whole(),
        "rate": positive,
        "epochs": whole(),
        "scale": str,
        "short": switch,
    },
)

if __name__ == "__main__":
    raise SystemExit(command())
