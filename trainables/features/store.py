"""Feature tables on disk, each made once whichever trial asks first.

A table is kept in blocks, one `.npy` file for each parameter value, so that asking for one more
value computes one more block. A block's path is its identity: the split's content digest, the
table's name and version, the block's parameters. Until a split's blocks are complete, its parts
are chunks, one `.npz` file each.

`python -m trainables.features.store ls|prune` shows what is kept and removes it.
"""

import fcntl
import os
import re
import shutil
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Parameters = TypeVar("Parameters")

CHUNKS = "chunks-"
"""Begins the name of a folder of chunks, which lies beside the folders of tables."""


class StoreError(RuntimeError):
    """The store cannot serve a table; the message is one line."""


class FeatureStore:
    """Blocks of feature tables under one folder, shared by concurrent processes.

    Whoever computes a block holds its lock (`flock`, which the system drops with its owner);
    others that need it wait. A block appears complete under its name or not at all.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def blocks(
        self,
        digest: str,
        table: str,
        wanted: Mapping[str, Parameters],
        compute: Callable[[list[Parameters]], Sequence[NDArray[Any]]],
    ) -> list[NDArray[Any]]:
        """The wanted blocks, memory-mapped read-only, in the order of `wanted`.

        Args:
            digest: Content digest of the split that the features describe.
            table: Name and version of the table, one path component.
            wanted: Block name, one path component, to the parameters that make it.
            compute: Makes the blocks of the parameters given, in their order. Called only
                for blocks that are not stored, all of them together where this process can
                have all their locks.

        Raises:
            StoreError: A name that is no path component, or a folder that cannot be used.
        """
        folder = self.root / _component(digest) / _component(table)
        paths = {folder / f"{_component(name)}.npy": value for name, value in wanted.items()}
        found: dict[Path, NDArray[Any]] = {}
        while missing := [path for path in paths if path not in found]:
            found |= _load_all(missing)
            with ExitStack() as locks:
                absent = [path for path in missing if path not in found]
                mine = [path for path in absent if locks.enter_context(_locked(path))]
                # Another process may have written a block between the look and the lock.
                found |= _load_all(mine)
                todo = [path for path in mine if path not in found]
                if todo:
                    made = compute([paths[path] for path in todo])
                    for path, block in zip(todo, made, strict=True):
                        _write(path, block)
            if absent and not mine:
                # All are in other hands. Holding no lock of our own, waiting cannot deadlock.
                with _locked(absent[0], wait=True):
                    pass
        return [found[path] for path in paths]

    def holds(self, digest: str, table: str, name: str) -> bool:
        """Whether a block is there; should it prove to be damaged, it is made anew when asked."""
        return self._block(digest, table, name).exists()

    def keep(self, digest: str, table: str, name: str, block: NDArray[Any]) -> None:
        """Write a block that was made elsewhere, unless it is there.

        Raises:
            StoreError: As for `blocks`.
        """
        path = self._block(digest, table, name)
        with _locked(path, wait=True):
            if _load(path) is None:
                _write(path, block)

    def chunk(
        self,
        digest: str,
        key: str,
        name: str,
        compute: Callable[[], Mapping[str, NDArray[Any]]],
    ) -> Mapping[str, NDArray[Any]]:
        """Return a part of a split's blocks to be, made by `compute` unless it is there.

        Args:
            digest: Content digest of the split.
            key: Of what is extracted, one path component.
            name: Of the part, one path component.
            compute: Makes its arrays.

        Raises:
            StoreError: As for `blocks`.
        """
        path = self._chunks(digest, key) / f"{_component(name)}.npz"
        with _locked(path, wait=True):
            known = _load_chunk(path)
            if known is None:
                known = dict(compute())
                _write_chunk(path, known)
        return known

    def drop_chunks(self, digest: str, key: str) -> None:
        """Remove the chunks of one kind."""
        shutil.rmtree(self._chunks(digest, key), ignore_errors=True)

    def _block(self, digest: str, table: str, name: str) -> Path:
        return self.root / _component(digest) / _component(table) / f"{_component(name)}.npy"

    def _chunks(self, digest: str, key: str) -> Path:
        return self.root / _component(digest) / _component(f"{CHUNKS}{key}")


def _component(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._,=+-]*", name):
        raise StoreError(f"feature store: {name!r} cannot be a file name; give letters and digits")
    return name


def _load_all(paths: Sequence[Path]) -> dict[Path, NDArray[Any]]:
    blocks = {path: _load(path) for path in paths}
    return {path: block for path, block in blocks.items() if block is not None}


def _load(path: Path) -> NDArray[Any] | None:
    try:
        block = np.lib.format.open_memmap(path, mode="r")
        with suppress(OSError):  # Says when it was last used.
            os.utime(path)
        return block
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable("read", path, error) from error
    except ValueError as error:
        warnings.warn(f"{path} is damaged ({error}) and is made anew", stacklevel=2)
        return None


def _write(path: Path, block: NDArray[Any]) -> None:
    _write_whole(path, lambda s: np.lib.format.write_array(s, block, allow_pickle=False))


def _load_chunk(path: Path) -> dict[str, NDArray[Any]] | None:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)
    except FileNotFoundError:
        return None
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        warnings.warn(f"{path} is damaged ({error}) and is made anew", stacklevel=2)
        return None
    except OSError as error:
        raise _unusable("read", path, error) from error


def _write_chunk(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    _write_whole(path, lambda stream: np.savez(stream, **dict(arrays)))  # type: ignore[arg-type]


def _write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    # One name per file: only the lock's holder writes it, and one left by a killed writer
    # is overwritten by the next.
    partial = path.with_suffix(".partial")
    try:
        # Another search that is through may have removed the folder of chunks.
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as stream:
            write(stream)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise _unusable("write", path, error) from error


@contextmanager
def _locked(path: Path, *, wait: bool = False) -> Iterator[bool]:
    """Whether the block's lock could be had; it is held until the end of the context."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.with_suffix(".lock").open("w")
    except OSError as error:
        raise _unusable("write", path, error) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = True
        except BlockingIOError:
            held = False
        yield held


def _unusable(verb: str, path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"feature store: cannot {verb} {path}: {error.strerror or error}; "
        "mend that or choose another cache folder"
    )


if __name__ == "__main__":
    from trainables.features.housekeeping import main

    sys.exit(main(sys.argv[1:]))
