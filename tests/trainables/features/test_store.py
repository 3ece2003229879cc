import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest

import trainables
from trainables.features.store import FeatureStore, StoreError

Compute = Callable[[list[int]], Sequence[np.ndarray]]

# A process that asks for blocks, logs what it computes and takes its time over it.
PROCESS = """
import os, signal, sys, time
from pathlib import Path
import numpy as np
from trainables.features.store import FeatureStore

root, seconds, names = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3].split(",")

def compute(missing):
    with (root / "log").open("a") as log:
        log.write(" ".join(map(str, missing)) + "\\n")
    time.sleep(seconds)
    return [np.full(3, value) for value in missing]

blocks = FeatureStore(root / "store").blocks(
    "digest", "table-1", {name: int(name) for name in names}, compute)
assert [block.tolist() for block in blocks] == [[int(name)] * 3 for name in names], blocks
"""

KILLED_WHILE_WRITING = """
import os, signal
def half(stream, block, allow_pickle):
    stream.write(b"\\x93NUMPY half of it")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
import numpy
numpy.lib.format.write_array = half
"""


def start(root: Path, seconds: float, names: str, before: str = "") -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(Path(trainables.__file__).parents[1])}
    command = [sys.executable, "-c", before + PROCESS, str(root), str(seconds), names]
    return subprocess.Popen(command, env=environment)


def logged(root: Path) -> list[str]:
    return sorted((root / "log").read_text().split())


def wait_for_log(root: Path, lines: int) -> None:
    deadline = monotonic() + 30
    while not (root / "log").exists() or len((root / "log").read_text().splitlines()) < lines:
        assert monotonic() < deadline, "the process has computed nothing"
        sleep(0.01)


def recording(calls: list[list[int]]) -> Compute:
    def compute(missing: list[int]) -> list[np.ndarray]:
        calls.append(missing)
        return [np.full(3, value) for value in missing]

    return compute


def never(missing: list[int]) -> list[np.ndarray]:
    raise AssertionError(f"{missing} computed twice")


def test_only_what_is_missing_is_computed(store: FeatureStore) -> None:
    calls: list[list[int]] = []
    store.blocks("digest", "table-1", {"a": 1, "b": 2}, recording(calls))
    blocks = store.blocks("digest", "table-1", {"c": 3, "a": 1, "b": 2}, recording(calls))
    assert calls == [[1, 2], [3]]
    assert [block.tolist() for block in blocks] == [[3] * 3, [1] * 3, [2] * 3]


def test_blocks_are_mapped_read_only(store: FeatureStore) -> None:
    store.blocks("digest", "table-1", {"a": 1}, recording([]))
    (block,) = store.blocks("digest", "table-1", {"a": 1}, never)
    assert isinstance(block, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        block[0] = 2


@pytest.mark.parametrize(
    ("digest", "table", "name"),
    [("other", "table-1", "a"), ("digest", "table-2", "a"), ("digest", "table-1", "b")],
)
def test_digest_version_and_parameters_are_the_identity(
    store: FeatureStore, digest: str, table: str, name: str
) -> None:
    calls: list[list[int]] = []
    store.blocks("digest", "table-1", {"a": 1}, recording(calls))
    store.blocks(digest, table, {name: 2}, recording(calls))
    assert calls == [[1], [2]]


def test_empty_block(store: FeatureStore) -> None:
    store.blocks("digest", "table-1", {"a": 1}, lambda _: [np.empty((0, 4))])
    (block,) = store.blocks("digest", "table-1", {"a": 1}, never)
    assert block.shape == (0, 4)


def test_a_failed_computation_leaves_nothing_and_no_lock(store: FeatureStore) -> None:
    with pytest.raises(ZeroDivisionError):
        store.blocks("digest", "table-1", {"a": 1}, lambda _: [np.zeros(1 // 0)])
    assert not list(store.root.rglob("*.npy"))
    store.blocks("digest", "table-1", {"a": 1}, recording([]))


def test_a_damaged_block_is_made_anew_and_said_so(store: FeatureStore) -> None:
    store.blocks("digest", "table-1", {"a": 1}, recording([]))
    (path,) = store.root.rglob("a.npy")
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.warns(UserWarning, match=r"a\.npy is damaged"):
        (block,) = store.blocks("digest", "table-1", {"a": 1}, recording([]))
    assert block.tolist() == [1, 1, 1]


@pytest.mark.parametrize("name", ["../up", "", "a/b", ".hidden"])
def test_names_stay_inside_the_store(store: FeatureStore, name: str) -> None:
    with pytest.raises(StoreError, match="cannot be a file name"):
        store.blocks(name, "table-1", {"a": 1}, never)


def test_unwritable_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = FeatureStore(tmp_path / "file" / "features")
    with pytest.raises(StoreError, match=r"cannot read .*Not a directory.*another cache folder"):
        store.blocks("digest", "table-1", {"a": 1}, never)


def test_full_disk_is_one_line_and_leaves_no_file(
    store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(StoreError, match=r"cannot write .*: No space left on device"):
        store.blocks("digest", "table-1", {"a": 1}, recording([]))
    assert not [path for path in store.root.rglob("a.*") if path.suffix != ".lock"]


def test_two_processes_compute_a_block_once(tmp_path: Path) -> None:
    processes = [start(tmp_path, 1.0, "1,2") for _ in range(2)]
    assert [process.wait(30) for process in processes] == [0, 0]
    assert logged(tmp_path) == ["1", "2"]


def test_overlapping_requests_do_not_deadlock_and_share(tmp_path: Path) -> None:
    processes = [start(tmp_path, 0.5, names) for names in ("1,2,3", "3,4,1", "2,4")]
    assert [process.wait(30) for process in processes] == [0, 0, 0]
    assert logged(tmp_path) == ["1", "2", "3", "4"]


def test_a_killed_owner_blocks_nobody(tmp_path: Path) -> None:
    owner = start(tmp_path, 60, "1")
    wait_for_log(tmp_path, lines=1)
    waiting = start(tmp_path, 0, "1")
    sleep(0.2)
    assert waiting.poll() is None
    assert len(logged(tmp_path)) == 1
    owner.kill()
    assert owner.wait(10) == -signal.SIGKILL
    assert waiting.wait(30) == 0
    assert logged(tmp_path) == ["1", "1"]


def test_a_writer_killed_in_mid_write_leaves_no_block(tmp_path: Path) -> None:
    writer = start(tmp_path, 0, "1", before=KILLED_WHILE_WRITING)
    assert writer.wait(30) == -signal.SIGKILL
    assert list((tmp_path / "store").rglob("1.partial"))
    assert not list((tmp_path / "store").rglob("*.npy"))
    assert start(tmp_path, 0, "1").wait(30) == 0
    assert not list((tmp_path / "store").rglob("*.partial"))
