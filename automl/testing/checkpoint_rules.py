"""Rules on what a trainable leaves at its checkpoint, and on going on from there."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from automl.testing.contract import ContractError, call, require
from automl.testing.trainable_case import Bench, Report, TrainableCase, difference

_CLOSE = 1e-6


def trains_without_a_checkpoint(case: TrainableCase, folder: Path) -> None:
    """``checkpoint=None`` keeps nothing and reports the same."""
    kept = Bench(case, folder).trained(folder / "trial")
    found = difference(kept, Bench(case, folder).trained(None))
    require(found is None, f"with and without a checkpoint the reports differ: {found}")


def load_gives_probabilities(case: TrainableCase, folder: Path) -> None:
    """A loaded model gives (n, k) probabilities for any number of images."""
    bench = Bench(case, folder)
    bench.trained(folder / "trial")
    # Loading is another process's work.
    loader = Bench(case, folder)
    model = call("load", loader.trainable.load, folder / "trial")
    classes = tuple(getattr(model, "classes", ()))
    require(classes == loader.data.classes, f"the model's classes are {classes}, not the data's")
    require(isinstance(getattr(model, "flavor", None), str), "the model's flavor is no text")
    require(hasattr(model, "native"), "the model has no native")
    images = loader.data.validation.images
    for count in (len(images), 1):
        table = np.asarray(call("predict_proba", model.predict_proba, images[:count]))
        wanted = (count, len(classes))
        require(table.shape == wanted, f"predict_proba gave the shape {table.shape}, not {wanted}")
        require(
            np.issubdtype(table.dtype, np.floating) and bool(np.isfinite(table).all()),
            f"predict_proba gave {table.dtype} values that are not all finite floats",
        )
        require(float(table.min()) >= 0.0, "predict_proba gave negative probabilities")
        worst = float(np.abs(table.sum(axis=1) - 1.0).max())
        require(worst <= _CLOSE, f"rows of predict_proba miss a sum of 1 by {worst:.2g}")


def load_agrees_with_the_report(case: TrainableCase, folder: Path) -> None:
    """A loaded model scores on the validation split what the last report says."""
    last = Bench(case, folder).trained(folder / "trial")[-1]
    _require_agreement(Bench(case, folder), folder / "trial", last)


def load_refuses_what_is_no_model(case: TrainableCase, folder: Path) -> None:
    """A missing or damaged checkpoint raises, so that the model can be made again."""
    bench = Bench(case, folder)
    bench.trained(folder / "trial")
    _overwrite(folder / "trial")
    for path, what in ((folder / "nothing", "missing"), (folder / "trial", "damaged")):
        try:
            bench.trainable.load(path)
        except Exception:  # however it refuses
            continue
        raise ContractError(f"load of a {what} checkpoint returned a model; raise ValueError")


def restore_agrees_with_load(case: TrainableCase, folder: Path) -> None:
    """Without the search's images the same model comes; a damaged or missing file is refused."""
    bench = Bench(case, folder)
    bench.trained(folder / "trial")
    restore, options = case.trainable.restore, dict(case.options)
    how: dict[str, Any] = {"classes": bench.data.classes, "device": case.device}
    model = call("restore", restore, folder / "trial", options, **how)
    images = bench.data.validation.images
    found = call("predict_proba", model.predict_proba, images)
    same = np.allclose(found, _predictions(bench, folder / "trial"), rtol=0.0, atol=_CLOSE)
    require(same, "a restored model predicts otherwise than a loaded one")
    unpickles = getattr(case.trainable, "unpickles", None)
    require(isinstance(unpickles, bool), f"unpickles is {unpickles!r}; say True or False")
    _overwrite(folder / "trial")
    for path, what in ((folder / "nothing", "missing"), (folder / "trial", "damaged")):
        try:
            restore(path, options, **how)
        except Exception:  # however it refuses
            continue
        raise ContractError(f"restore of a {what} checkpoint returned a model; raise ValueError")


def checkpoint_precedes_its_report(case: TrainableCase, folder: Path) -> None:
    """Whoever has a report can load the model that it is about."""
    bench, loader = Bench(case, folder), Bench(case, folder)

    def listen(report: Report) -> None:
        epoch = report["epoch"]
        if not (folder / "trial").exists():
            raise ContractError(f"there is no checkpoint when the report of epoch {epoch} comes")
        _require_agreement(loader, folder / "trial", report)

    bench.trained(folder / "trial", listen=listen)


def interrupted_equals_uninterrupted(case: TrainableCase, folder: Path) -> None:
    """Broken off, or ended by a smaller budget, and continued elsewhere: the same, exactly."""
    whole = Bench(case, folder).trained(folder / "whole")
    expected = _predictions(Bench(case, folder), folder / "whole")
    for epoch in range(1, case.budget):
        for what, how in (
            ("broken off", {"stop_after": epoch}),
            ("ended by its budget", {"budget": epoch}),
        ):
            path = folder / f"{what.replace(' ', '-')}-{epoch}"
            Bench(case, folder).trained(path, **how)
            again = Bench(case, folder)
            found = difference(whole, again.trained(path))
            require(found is None, f"{what} at epoch {epoch} and continued: {found}")
            same = np.array_equal(expected, _predictions(again, path))
            require(same, f"{what} at epoch {epoch} and continued: the model predicts otherwise")


def damaged_checkpoint_is_begun_anew(case: TrainableCase, folder: Path) -> None:
    """What cannot be read is trained again, with equal reports, and a note says so."""
    whole = Bench(case, folder).trained(folder / "trial")
    for what, damage in (("cut short", _cut), ("overwritten", _overwrite)):
        damage(folder / "trial")
        again = Bench(case, folder).trained(folder / "trial")
        found = difference(whole, again)
        require(found is None, f"a checkpoint that was {what}: {found}")
        notes = [report["note"] for report in again if report.get("note")]
        require(bool(notes), f"a checkpoint that was {what}: no report has a note about it")


def _require_agreement(bench: Bench, checkpoint: Path, report: Report) -> None:
    scores = bench.data.score(_predictions(bench, checkpoint))
    for key, value in scores.items():
        told = report.get(key, value)
        require(
            math.isclose(told, value, rel_tol=_CLOSE, abs_tol=_CLOSE),
            f"epoch {report.get('epoch')} reports {key} {told}, its checkpoint has {value}",
        )


def _predictions(bench: Bench, checkpoint: Path) -> Any:
    model = call("load", bench.trainable.load, checkpoint)
    return call("predict_proba", model.predict_proba, bench.data.validation.images)


def _cut(path: Path) -> None:
    for file in _files(path):
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2])


def _overwrite(path: Path) -> None:
    if not path.exists():
        raise ContractError(f"train left nothing at its checkpoint, {path.name}")
    for file in _files(path):
        file.write_bytes(b"\x00damaged")


def _files(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
