"""The file of a fitted pipeline: arrays and plain values, of which nothing is ever run.

A zip archive holds `model.json` (what the steps are, and their parameters) and one `.npy` file
for each array that was learned.
"""

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from trainables.classical.forest import ArrayForest, check_trees
from trainables.classical.forest_kernel import NODE
from trainables.classical.machine import MatrixSVC
from trainables.classical.scaling import TargetScaler
from trainables.features.transformers import GLCM, LBP, BagOfVisualWords, Extractor

FORMAT = "classical-1"
LEVEL = 1
"""Of zlib: a forest of a thousand trees is written in a second or two."""

Plain = Mapping[str, Any]
Arrays = Mapping[str, NDArray[Any]]

_DESCRIPTION = "model.json"
# Pickles of protocol 2 to 5; zlib streams, as joblib compresses.
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"x\x01", b"x^", b"x\x9c", b"x\xda")
_UNREADABLE = (
    OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError,
    NotImplementedError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def save_pipeline(pipeline: Pipeline, path: Path) -> None:
    """Write extractor, scaler and classifier, complete or not at all, creating the folder.

    Equal models give equal files.

    Raises:
        OSError: The file cannot be written.
    """
    extractor, scaler, classifier = (step for _, step in pipeline.steps)
    described, arrays = _described(extractor, scaler, classifier)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as stream:
            _write(stream, described, arrays)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load_pipeline(path: Path) -> Pipeline:
    """Read what `save_pipeline` wrote. Whatever the file holds, nothing in it is run.

    Raises:
        ValueError: The file is missing, damaged, no such model, or a pickle, as earlier versions
            wrote them.
    """
    if not path.exists():
        raise ValueError(f"{path}: there is no such model; train it first")
    if is_pickle(path):
        raise ValueError(
            f"{path}: a pickle, as earlier versions wrote it, and reading one runs any code in "
            "it; train the model again, or name it to automl.predict with --trust-pickle"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            described, arrays = _read(archive)
        return _built(described, arrays)
    except _UNREADABLE as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ValueError(f"{path}: not a readable model ({reason}); train it again") from error


def is_pickle(path: Path) -> bool:
    """Whether a file begins as a pickle does, or as one that joblib compressed."""
    try:
        with path.open("rb") as stream:
            return stream.read(2) in _PICKLES
    except OSError:
        return False


def _write(stream: IO[bytes], described: Plain, arrays: Arrays) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        # Without a date of its own an entry has that of the format's first day.
        archive.writestr(zipfile.ZipInfo(_DESCRIPTION), json.dumps(described, sort_keys=True))
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)


def _read(archive: zipfile.ZipFile) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    described = json.loads(archive.read(_DESCRIPTION))
    if not isinstance(described, dict) or described.get("format") != FORMAT:
        raise ValueError(f"not of format {FORMAT}")
    arrays = {}
    for name in archive.namelist():
        if name != _DESCRIPTION:
            with archive.open(name) as file:
                arrays[Path(name).stem] = np.lib.format.read_array(file, allow_pickle=False)
                # Only at the end of an entry is its sum checked.
                if file.read(1):
                    raise ValueError(f"{name} goes on behind its array")
    return described, arrays


def _described(
    extractor: Extractor, scaler: StandardScaler, classifier: Any
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    arrays = {f"scaler_{name}": getattr(scaler, f"{name}_") for name in _SCALER}
    kinds: dict[str, dict[str, Any]] = {}
    for role, step, known in (
        ("extractor", extractor, _EXTRACTORS),
        ("classifier", classifier, _CLASSIFIERS),
    ):
        kind = _kind(step, {name: make for name, (make, _) in known.items()})
        kinds[role] = {"kind": kind, "parameters": _plain(step.get_params(deep=False))}
        arrays |= {f"{role}_{name}": getattr(step, f"{name}_") for name in known[kind][1]}
    if isinstance(classifier, MatrixSVC):
        kinds["classifier"]["gamma"] = float(classifier.gamma_)
    else:
        kinds["classifier"]["single"] = bool(classifier.single_)
    seen = np.ravel(scaler.n_samples_seen_)[0]
    kinds["scaler"] = {
        "kind": _kind(scaler, _SCALERS),
        "with_mean": bool(scaler.with_mean),
        "samples": int(seen),
    }
    return {"format": FORMAT, **kinds}, arrays


def _built(described: Plain, arrays: Arrays) -> Pipeline:
    make = _SCALERS[described["scaler"]["kind"]]
    scaler = make(with_mean=bool(described["scaler"]["with_mean"]))
    for name in _SCALER:
        setattr(scaler, f"{name}_", _checked(arrays, f"scaler_{name}", "f", 1))
    width = len(scaler.scale_)
    if any(len(getattr(scaler, f"{name}_")) != width for name in _SCALER):
        raise ValueError("the scaler's arrays differ in length")
    scaler.n_features_in_ = width
    scaler.n_samples_seen_ = int(described["scaler"]["samples"])
    steps = [
        ("extractor", _step(described, arrays, "extractor", _EXTRACTORS)),
        ("scaler", scaler),
        ("classifier", _step(described, arrays, "classifier", _CLASSIFIERS)),
    ]
    classifier = steps[-1][1]
    if isinstance(classifier, MatrixSVC):
        classifier.gamma_ = float(described["classifier"]["gamma"])
        _check_machine(classifier, width)
    else:
        classifier.single_ = bool(described["classifier"]["single"])
        classifier.n_features_in_ = width
        check_trees(classifier)
    if len(steps[0][1].get_feature_names_out()) != width:
        raise ValueError(f"the extractor does not give {width} features")
    return Pipeline(steps)


def _step(described: Plain, arrays: Arrays, role: str, known: Mapping[str, Any]) -> Any:
    make, learned = known[described[role]["kind"]]
    parameters = dict(described[role]["parameters"])
    if isinstance(weights := parameters.get("class_weight"), dict):
        parameters["class_weight"] = {int(index): weight for index, weight in weights.items()}
    step = make(**parameters)
    for name, (kind, dimensions) in learned.items():
        setattr(step, f"{name}_", _checked(arrays, f"{role}_{name}", kind, dimensions))
    return step


def _checked(arrays: Arrays, name: str, kind: Any, dimensions: int) -> NDArray[Any]:
    array = arrays[name]
    expected = {"f": np.dtype("<f8"), "i": np.dtype("<i8")}.get(kind, kind)
    if array.dtype != expected or array.ndim != dimensions:
        raise ValueError(f"{name} is {array.dtype} of {array.ndim} dimensions")
    return np.ascontiguousarray(array)


def _check_machine(machine: MatrixSVC, width: int) -> None:
    classes, (vectors, columns) = len(machine.classes_), machine.vectors_.shape
    pairs = classes * (classes - 1) // 2
    shapes = (machine.coefficients_.shape, machine.intercepts_.shape)
    if columns != width or shapes != ((vectors, pairs), (pairs,)):
        raise ValueError("the machine's arrays do not belong together")


def _kind(step: Any, known: Mapping[str, Any]) -> str:
    for name, make in known.items():
        if type(step) is make:
            return name
    raise TypeError(f"a {type(step).__name__} has no file of this format")


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as JSON has them."""
    found: dict[str, Any] = json.loads(json.dumps(values, default=lambda number: number.item()))
    return found


_SCALER = ("mean", "var", "scale")
_SCALERS: Mapping[str, Any] = {"training": StandardScaler, "target": TargetScaler}
# By kind: the class, and what it learns, as (type, dimensions) of arrays.
_EXTRACTORS: Mapping[str, tuple[Any, Mapping[str, Any]]] = {
    "glcm": (GLCM, {}),
    "lbp": (LBP, {}),
    "sift": (BagOfVisualWords, {"codebook": ("f", 2)}),
}
_CLASSIFIERS: Mapping[str, tuple[Any, Mapping[str, Any]]] = {
    "rf": (
        ArrayForest,
        {"classes": ("i", 1), "nodes": (NODE, 1), "roots": ("i", 1), "values": ("f", 2)},
    ),
    "svm": (
        MatrixSVC,
        {
            "classes": ("i", 1),
            "vectors": ("f", 2),
            "coefficients": ("f", 2),
            "intercepts": ("f", 1),
        },
    ),
}
