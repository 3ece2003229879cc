"""Chunks of a split become the blocks that the extractors themselves would have made."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from trainables.features import blocks, extraction, glcm, lbp, sift
from trainables.features.extraction import Wanted
from trainables.features.glcm import Offset
from trainables.features.lbp import Neighbourhood
from trainables.features.store import FeatureStore

WANTED = Wanted(
    (Offset(1, 0), Offset(2, 45)), (Neighbourhood(8, 1), Neighbourhood(4, 2)), descriptors=True
)


@pytest.fixture
def split(monkeypatch):
    rng = np.random.default_rng(5)
    images = rng.integers(0, 40, (7, 32, 32)).astype(np.uint8)
    # Blobs, for key points; none in the third image.
    images[:, 10:16, 10:16] += 180
    images[2] = 7
    monkeypatch.setattr(extraction, "CHUNK_PIXELS", 3 * 32 * 32)
    return SimpleNamespace(images=images, digest="d1")


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "features")


def read(store, block):
    (found,) = store.blocks("d1", block.table, {block.name: None}, lambda _: pytest.fail("absent"))
    return found


def test_assembled_chunks_are_what_one_call_gives(store, split):
    assert list(extraction.starts(split.images)) == [0, 3, 6]
    for start in extraction.starts(split.images):
        extraction.extract(store, split, WANTED, start)
    extraction.assemble(store, split, WANTED)

    table = glcm.glcm_properties(split.images, WANTED.offsets)
    for index, offset in enumerate(WANTED.offsets):
        np.testing.assert_array_equal(read(store, blocks.of_offset(offset)), table[:, index])
    histograms = lbp.lbp_histograms(split.images, WANTED.neighbourhoods)
    for neighbourhood, expected in zip(WANTED.neighbourhoods, histograms, strict=True):
        np.testing.assert_array_equal(read(store, blocks.of_neighbourhood(neighbourhood)), expected)
    descriptors = sift.sift_descriptors(split.images)
    assert len(set(descriptors["image"])) > 1
    np.testing.assert_array_equal(read(store, blocks.DESCRIPTORS), descriptors)

    assert not WANTED.absent(store, "d1")
    assert not list(store.root.glob("*/chunks-*"))


def test_only_what_is_absent_is_wanted(store, split):
    first = Wanted((Offset(1, 0),), (Neighbourhood(8, 1),))
    for start in extraction.starts(split.images):
        extraction.extract(store, split, first, start)
    extraction.assemble(store, split, first)
    assert WANTED.absent(store, "d1") == Wanted((Offset(2, 45),), (Neighbourhood(4, 2),), True)
    assert WANTED.absent(store, "another") == WANTED


def test_a_chunk_is_extracted_once_and_a_missing_one_while_assembling(store, split, monkeypatch):
    calls = []
    original = glcm.glcm_properties
    monkeypatch.setattr(
        glcm, "glcm_properties", lambda i, o: calls.append(len(i)) or original(i, o)
    )
    for start in (0, 3, 0):
        extraction.extract(store, split, WANTED, start)
    assert calls == [3, 3]
    extraction.assemble(store, split, WANTED)
    assert calls == [3, 3, 1]
    extraction.assemble(store, split, WANTED)
    assert calls == [3, 3, 1]


def test_a_damaged_chunk_is_made_again(store, split):
    extraction.extract(store, split, WANTED, 0)
    (chunk,) = store.root.glob("*/chunks-*/*.npz")
    chunk.write_bytes(chunk.read_bytes()[:100])
    with pytest.warns(UserWarning, match="damaged"):
        extraction.assemble(store, split, WANTED)
    assert not WANTED.absent(store, "d1")


def test_other_versions_and_other_wishes_share_no_chunks(monkeypatch):
    key = WANTED.key
    assert Wanted(WANTED.offsets).key != key
    monkeypatch.setattr(lbp, "VERSION", "another")
    assert WANTED.key != key
