"""When a page of a server shows a text, in a browser without a window."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_READS, _WRITES = 3, 4  # the file descriptors of --remote-debugging-pipe
_EMPTY = "about:blank"
_LOOK_EVERY = 0.02

Ask = Callable[[str, Mapping[str, Any]], dict[str, Any]]


def find_browser() -> str | None:
    """Return the path of a Chromium or Chrome, None where there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def seconds_until(
    browser: str, url: str, words: list[str], visits: int, timeout: float
) -> list[float]:
    """Return how long each visit of a page takes until all the words stand in it.

    The browser is open before the first visit, with an empty cache, and stays open: later visits
    find in its cache what the server lets it keep. An empty page comes before each.

    Args:
        browser: See `find_browser`.
        url: The page, with its fragment.
        words: Of its text.
        visits: How many, at least one.
        timeout: Of each, in seconds.

    Raises:
        TimeoutError: The words did not appear.
    """
    with _opened(browser) as ask:
        return [_visit(ask, url, words, timeout) for _ in range(visits)]


def _visit(ask: Ask, url: str, words: list[str], timeout: float) -> float:
    ask("Page.navigate", {"url": _EMPTY})
    _wait(ask, f"location.href === {json.dumps(_EMPTY)}", timeout)
    begin = time.perf_counter()
    ask("Page.navigate", {"url": url})
    text = "(document.body ? document.body.innerText : '')"
    _wait(ask, f"{json.dumps(words)}.every((word) => {text}.includes(word))", timeout, url)
    return time.perf_counter() - begin


def _wait(ask: Ask, condition: str, timeout: float, what: str = _EMPTY) -> None:
    deadline = time.perf_counter() + timeout
    while True:
        # Between two documents there is none to ask, and the answer has no value.
        answer = ask("Runtime.evaluate", {"expression": condition, "returnByValue": True})
        if answer.get("result", {}).get("value") is True:
            return
        if time.perf_counter() > deadline:
            raise TimeoutError(f"{what}: not there within {timeout:g} s: {condition}")
        time.sleep(_LOOK_EVERY)


@contextmanager
def _opened(browser: str) -> Iterator[Ask]:
    """Start a browser that was never used; yield what asks its one page (DevTools protocol)."""
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()

    def place() -> None:
        # Beyond 4 first: one of the pipes may hold the other's place.
        copies = os.dup2(to_read, 100), os.dup2(from_write, 101)
        os.dup2(copies[0], _READS)
        os.dup2(copies[1], _WRITES)

    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
                *("--no-first-run", "--disable-background-networking", "--window-size=1600,1000"),
                *(f"--user-data-dir={profile}", "--remote-debugging-pipe", _EMPTY),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=place,
        )
        os.close(to_read)
        os.close(from_write)
        with os.fdopen(to_write, "wb", 0) as sink, os.fdopen(from_read, "rb") as source:
            try:
                yield _page(sink, source)
            finally:
                process.terminate()
                process.wait()


def _page(sink: Any, source: Any) -> Ask:
    number = 0

    def ask(method: str, values: Mapping[str, Any], session: str | None = None) -> dict[str, Any]:
        nonlocal number
        number += 1
        message = {"id": number, "method": method, "params": values}
        if session is not None:
            message["sessionId"] = session
        sink.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads(_message(source))
            if answer.get("id") == number:  # else an event, which nobody asked for
                return dict(answer.get("result", {}))

    pages = [each for each in ask("Target.getTargets", {})["targetInfos"] if each["type"] == "page"]
    target = {"targetId": pages[0]["targetId"], "flatten": True}
    session = ask("Target.attachToTarget", target)["sessionId"]
    return lambda method, values: ask(method, values, session)


def _message(source: Any) -> bytes:
    found = bytearray()
    while (byte := source.read(1)) != b"\0":
        if not byte:
            raise EOFError("the browser has ended")
        found += byte
    return bytes(found)
