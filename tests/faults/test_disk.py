"""Disks that are full or damaged: one line and a stop, or on without what is bad."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess

import checks
import pytest
from searches import Search

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

BOHB = ("algorithm=bohb", "tracking=none")


def test_a_disk_that_is_full_at_a_checkpoint(tmp_path, baseline):
    search = Search(tmp_path, BOHB)
    search.rules({"do": "disk_full", "at": "checkpoint", "epoch": 3})
    stopped = search.run(status=1)
    checks.one_line(stopped.errors, "No space left on device")
    search.rules()
    search.run()
    checks.survived(search, baseline("bohb"), stopped.left)


@pytest.mark.parametrize("after", [1, 2, 3, 60])
@pytest.mark.parametrize("torn", [False, True])
def test_a_disk_that_is_full_at_the_ledger(after, torn, tmp_path, baseline):
    search = Search(tmp_path, BOHB)
    stopped = search.run(status=1, fault={"full": {"after": after, "torn": torn}})
    checks.one_line(stopped.errors, "No space left on device")
    search.run()
    checks.survived(search, baseline("bohb"), stopped.left)


def test_a_real_disk_that_is_full(tmp_path, baseline):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount(disk, "-t", "tmpfs", "-o", "size=80k", "tmpfs")
    try:
        search = Search(tmp_path, BOHB)
        search.home.parent.symlink_to(disk)
        stopped = search.run(status=1)
        checks.one_line(stopped.errors, "No space left on device")
        mount(disk, "-o", "remount,size=64m")
        search.run()
        checks.survived(search, baseline("bohb"), stopped.left)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def mount(place, *words):
    done = subprocess.run(["mount", *words, str(place)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a disk cannot be mounted here: {done.stderr.strip()}")


def cut_the_last_line(search):
    content = search.ledger.read_bytes()
    os.truncate(search.ledger, len(content) - 7)


def fill_with_nul(search):
    """What some file systems leave of a file that grew just before the power went."""
    cut_the_last_line(search)
    with search.ledger.open("ab") as file:
        file.write(b"\0" * 4096)


def nul_lines(search):
    with search.ledger.open("ab") as file:
        file.write(b"\0" * 100 + b"\n")


def corrupt_checkpoints(search):
    for checkpoint in search.checkpoints:
        checkpoint.write_bytes(b"\xff\x00 nothing")


def truncate_checkpoints(search):
    for checkpoint in search.checkpoints:
        os.truncate(checkpoint, checkpoint.stat().st_size // 2)


def empty_checkpoints(search):
    for checkpoint in search.checkpoints:
        os.truncate(checkpoint, 0)


def delete_checkpoints(search):
    for checkpoint in search.checkpoints:
        checkpoint.unlink()


LEDGERS = (cut_the_last_line, fill_with_nul, nul_lines)
CHECKPOINTS = (corrupt_checkpoints, truncate_checkpoints, empty_checkpoints, delete_checkpoints)


@pytest.fixture(scope="module")
def half_done(tmp_path_factory):
    """A search that was killed when bracket 0 had come to its second rung."""
    search = Search(tmp_path_factory.mktemp("half"), BOHB)
    running = search.start(fault={"kill_after": {"event": "finished", "nth": 8}})
    assert running.end() == -signal.SIGKILL
    assert search.checkpoints
    # Damaged and restored in its place: the folder is part of the configuration.
    stash = tmp_path_factory.mktemp("stash") / "copy"
    shutil.copytree(search.folder, stash)
    return search, stash


@pytest.mark.parametrize("damage", [*LEDGERS, *CHECKPOINTS])
def test_what_a_crash_may_do_to_files(damage, half_done, baseline):
    search, stash = half_done
    shutil.rmtree(search.folder)
    shutil.copytree(stash, search.folder)
    snapshot = search.events()[:-1]
    damage(search)
    search.run()
    checks.nothing_is_lost(search, [snapshot])
    assert checks.comparable(search) == checks.comparable(baseline("bohb"))
    noted = [event for event in search.events() if event["event"] == "noted"]
    assert bool(noted) == (damage in CHECKPOINTS[:3])
