"""The ledger on a disk without room, and under a power cut."""

from __future__ import annotations

import errno
import os

import pytest

from automl.errors import SearchError
from automl.ledger import Ledger, read_events


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_what_a_full_disk_refuses_is_as_if_never_written(call, tmp_path, monkeypatch):
    with Ledger(tmp_path) as ledger:
        first = ledger.append("resumed")
        with monkeypatch.context() as patch:
            patch.setattr(os, call, full)
            with pytest.raises(SearchError, match=r"ledger\.jsonl: cannot be written \(No space"):
                ledger.append("finished", number=1, loss=0.5)
        assert ledger.events == [first]
        second = ledger.append("resumed")
    assert read_events(tmp_path / "ledger.jsonl")[0] == [first, second]


@pytest.mark.parametrize("taken_back", [True, False])
def test_half_a_line_never_stays(taken_back, tmp_path, monkeypatch):
    write = os.write
    with Ledger(tmp_path) as ledger:
        ledger.append("resumed")
        whole = ledger.path.read_bytes()
        calls = iter([lambda fd, data: write(fd, data[:7]), full])
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", lambda *words: next(calls)(*words))
            if not taken_back:
                patch.setattr(os, "ftruncate", full)
            with pytest.raises(SearchError, match="No space"):
                ledger.append("noted", number=1, text="half")
        assert ledger.path.read_bytes() == whole + (b"" if taken_back else b'{"event')
    Ledger(tmp_path).close()
    assert (tmp_path / "ledger.jsonl").read_bytes() == whole


@pytest.mark.parametrize("tail", [b"\0" * 300, b'{"event":"res', b"\xff\xfe"])
def test_what_a_power_cut_leaves_behind_the_last_line_is_dropped(tail, tmp_path):
    with Ledger(tmp_path) as ledger:
        event = ledger.append("resumed")
    path = tmp_path / "ledger.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    with Ledger(tmp_path) as ledger:
        assert ledger.events == [event]
    assert path.read_bytes() == whole


def test_every_result_is_synced_and_with_it_all_before(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size))
    with Ledger(tmp_path) as ledger:
        synced.clear()
        for event in ("asked", "started", "reported", "finished", "asked", "failed"):
            ledger.append(event)
            if event in ("finished", "failed"):
                assert synced.pop() == ledger.path.stat().st_size
        assert synced == []
