"""Which GPU a process sees, by what the driver's tool and the environment say."""

from __future__ import annotations

import pytest

from automl.gpu import GIB, Gpu, visible_gpu

LISTED = "0, GPU-aaaa-1, 143771\n1, GPU-bbbb-2, 81559\n2, GPU-cccc-3, [N/A]\n"


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Put a tool that prints a text in the place of nvidia-smi."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def make(text, status=0):
        path = tmp_path / "nvidia-smi"
        path.write_text(f"#!/bin/sh\nprintf '{text}'\nexit {status}\n")
        path.chmod(0o755)

    return make


@pytest.mark.parametrize(
    ("visible", "name"),
    [
        (None, "GPU-aaaa-1"),
        ("0", "GPU-aaaa-1"),
        ("1", "GPU-bbbb-2"),
        ("1,0", "GPU-bbbb-2"),
        (" GPU-bbbb", "GPU-bbbb-2"),
        ("2", None),  # Of memory unknown.
        ("7", None),
        ("", None),
        ("MIG-1/2", None),
    ],
)
def test_the_first_visible_one_is_taken(visible, name, tool, monkeypatch):
    tool(LISTED)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    found = visible_gpu(None)
    assert (found and found.name) == name
    if name == "GPU-bbbb-2":
        assert found.capacity == 81559 * 2**20


def test_a_memory_that_is_given_is_believed_and_the_name_stays(tool, monkeypatch):
    tool(LISTED)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert visible_gpu(2.5) == Gpu("GPU-bbbb-2", int(2.5 * GIB))


@pytest.mark.parametrize(
    ("visible", "name"), [(None, "index-0"), ("3,4", "index-3"), ("MIG-1/2", "index-MIG-1_2")]
)
def test_without_the_tool_a_memory_must_be_given(visible, name, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert visible_gpu(None) is None
    assert visible_gpu(1.0) == Gpu(name, GIB)


def test_a_tool_that_fails_or_babbles_is_as_none(tool):
    tool("no devices were found\n", 9)
    assert visible_gpu(None) is None
    tool("no devices were found\n")
    assert visible_gpu(None) is None
