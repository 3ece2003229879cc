"""The page of a comparison: it stands alone, nests, escapes, and says what it must."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from automl.comparison import compare
from automl.comparison.page import render, write_page
from automl.comparison.source import load_all

VOID = {"meta", "br", "img", "link", "input", "hr", "col"}


class Page(HTMLParser):
    """Insists that tags nest; collects ids, tags and text."""

    def __init__(self, source):
        super().__init__()
        self.source, self.open, self.ids, self.tags, pieces = source, [], [], [], []
        self.handle_data = pieces.append
        self.feed(source)
        self.close()
        assert self.open == []
        self.words = " ".join(" ".join(pieces).split())

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def compared(runs, *names):
    return compare(load_all(names, runs))


@pytest.fixture(scope="module")
def found(tmp_path_factory, write_search):
    runs = tmp_path_factory.mktemp("runs")
    write_search(runs, "base", trials=25)
    write_search(runs, "own", select="real_raw", wrong=range(9), wrong_real=(1,), trials=25)
    return compared(runs, "base", "own")


def test_the_page_stands_alone(found, tmp_path):
    written = write_page(found, tmp_path / "compare.html", tmp_path / "figures")
    page = Page((tmp_path / "compare.html").read_text(encoding="utf-8"))
    assert set(written) == {"curves", "accuracies"}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written.values())
    assert not re.search(r"https?:|//[a-z]|@import|<script|<link|<img", page.source)
    assert len(page.ids) == len(set(page.ids))
    assert set(re.findall(r"url\(#([^)]+)\)", page.source)) <= set(page.ids)
    assert page.tags.count("svg") == 2
    assert "prefers-color-scheme:dark" in page.source
    assert "@media print" in page.source
    assert sorted(p.name for p in tmp_path.iterdir()) == ["compare.html", "figures"]


def test_it_says_what_was_found(found):
    page = Page(render(found, {}))
    for piece in (
        "The same images: data digest dddddddddddd.",
        "selection domain",
        "57 of 60",
        "McNemar",
        "The domain gap",
        "76.06 %",
        "other data",
        "out-of-bag R²",
        "worker time",
    ):
        assert piece in page.words, piece


def test_text_from_elsewhere_is_shown_not_run(tmp_path, write_search):
    attack = "<script>alert(1)</script>&'\""
    name = "x&<b>"
    write_search(tmp_path, name, search=attack, kind=attack)
    write_search(tmp_path, "plain", seed=1, search=attack, kind=attack)
    write_search(tmp_path, "other", algorithm=attack)
    found = compared(tmp_path, name, "plain", "other")
    write_page(found, tmp_path / "out" / "compare.html", tmp_path / "out" / "figures")
    page = Page((tmp_path / "out" / "compare.html").read_text())
    assert "script" not in page.tags
    assert "b" not in page.tags
    assert attack in page.words


def test_searches_without_any_result(tmp_path, write_search):
    write_search(tmp_path, "one", closed=False)
    write_search(tmp_path, "two", algorithm="tpe", closed=False, data="e" * 64)
    page = Page(render(compared(tmp_path, "one", "two"), {}))
    assert "No search has opened its test images." in page.words
    assert "Not the same images" in page.words
