"""What a preview says of time, memory and disk."""

from __future__ import annotations

from automl.formatting import counted, duration, quantity
from automl.gpu import visible_gpu
from automl.planning import Checked
from automl.probing.estimate import Estimate, estimate
from automl.probing.probe import ProbeError

_DRIVER = 410e6  # bytes that the driver was measured to hold, at most (docs/how_it_works.md)
_NAMES = {"cpu": "the CPU", "cuda": "the GPU"}


def lines(checked: Checked) -> list[str]:
    """Return the estimate for each device here that the search could use, or why there is none."""
    for key, plugin, name in (
        ("trainable", checked.trainable, checked.settings.trainable.name),
        ("data", checked.dataset, checked.settings.data.name),
    ):
        if not hasattr(plugin, "probe"):
            return [f"  no estimate of time: {key} {name} has no probe (docs/your_own.md)"]
    found = []
    for device in _devices(checked):
        try:
            found += of(estimate(checked, device), checked)
        except ProbeError as error:
            found.append(f"  no estimate of time on {_NAMES[device]}: {error}")
    return found


def of(found: Estimate, checked: Checked) -> list[str]:
    """Return the lines about an estimate."""
    probed, settings = found.probed, checked.settings
    low, high = duration(found.low), duration(found.high)
    parts = ", ".join(f"{name} {duration(seconds)}" for name, seconds in found.parts.items())
    processes = counted(probed.processes, "processes")
    text = [
        f"  estimated on {_NAMES[found.device]}: {duration(found.total)}, from {low} to {high}",
        f"    {parts}",
        f"    measured in {duration(probed.seconds)} by {processes}: {probed.basis}",
        f"    {found.searches} simulated searches with {counted(settings.workers, 'workers')}",
    ]
    total = _DRIVER + settings.workers * probed.memory
    text.append(
        f"  memory: {_size(probed.memory)} a worker, measured; {_size(total)} with the driver"
    )
    disk = []
    if not probed.data["ready"]:
        images = counted(probed.data["total"], "images")
        disk.append(f"{images} to be made ({_size(probed.data['bytes'])})")
    if probed.shared_bytes:
        disk.append(f"what trials share ({_size(probed.shared_bytes)})")
    if probed.kept_bytes:
        size = _size(probed.kept_bytes * found.checkpoints)
        disk.append(f"up to {counted(found.checkpoints, 'checkpoints')} ({size})")
    text.append(f"  disk: {'; '.join(disk) or 'nothing but the run itself'}")
    return text


def _devices(checked: Checked) -> list[str]:
    cluster = checked.settings.cluster
    if cluster.trial.gpus > 0:
        return ["cuda"]
    # A trainable that tells the memory it needs of a GPU can use one.
    here = hasattr(checked.trainable, "memory") and visible_gpu(None) is not None
    return ["cpu", "cuda"] if here else ["cpu"]


def _size(amount: float) -> str:
    for unit, one in (("GB", 1e9), ("MB", 1e6)):
        if amount >= one:
            return f"{amount / one:.1f} {unit}"
    return f"{quantity(round(amount / 1e3))} kB"
