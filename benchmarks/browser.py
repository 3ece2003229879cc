"""When a page of a local server shows a text, in a browser without a window."""

from __future__ import annotations

import http.client
import http.server
import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_TOLD = "/told-by-the-page"
# Milliseconds since the page was asked for; looked at four times a frame's length apart.
_PROBE = """<script>(function look() {
  const text = document.body ? document.body.innerText : "";
  if (WORDS.every((word) => text.includes(word)))
    fetch("TOLD", {method: "POST", body: String(performance.now())});
  else setTimeout(look, 20);
})()</script>"""
_DROPPED = {"content-length", "content-security-policy", "transfer-encoding", "connection"}


def find_browser() -> str | None:
    """Return the path of a Chromium or Chrome, None where there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def seconds_until(browser: str, url: str, words: list[str], profile: str, timeout: float) -> float:
    """Return how long a page takes until all the words stand in it, from the first request.

    The page is fetched through a relay on this machine that adds a script to it, which looks
    for the words; what the relay costs is in the figure.

    Args:
        browser: See `find_browser`.
        url: The page, with its fragment.
        words: Of its text.
        profile: Folder with the browser's cache and settings; a new one is a first visit.
        timeout: In seconds.

    Raises:
        TimeoutError: The words did not appear.
    """
    parts = urlsplit(url)
    with _relay(parts.netloc, words) as (address, told):
        page = f"http://{address}{parts.path}#{parts.fragment}"
        process = subprocess.Popen(
            [
                *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
                *("--no-first-run", "--disable-background-networking", "--window-size=1600,1000"),
                *(f"--user-data-dir={profile}", "--remote-debugging-port=0", page),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            if not told.wait(timeout):
                raise TimeoutError(f"{url}: no {', '.join(words)} within {timeout:g} s")
        finally:
            process.terminate()
            process.wait()
        return told.milliseconds / 1000


class _Told(threading.Event):
    milliseconds = 0.0


@contextmanager
def _relay(server: str, words: list[str]) -> Iterator[tuple[str, _Told]]:
    told = _Told()
    probe = _PROBE.replace("WORDS", json.dumps(words)).replace("TOLD", _TOLD).encode()

    class Relay(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass_on(None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path != _TOLD:
                self._pass_on(body)
                return
            told.milliseconds = float(body)
            told.set()
            self._answer(200, [], b"")

        def _pass_on(self, body: bytes | None) -> None:
            upstream = http.client.HTTPConnection(server)
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in ("host", "origin", "referer", "accept-encoding")
            }
            upstream.request(self.command, self.path, body, headers)
            found = upstream.getresponse()
            content = found.read()
            upstream.close()
            if found.headers.get_content_type() == "text/html":
                content = content.replace(b"<head>", b"<head>" + probe, 1)
            kept = [pair for pair in found.getheaders() if pair[0].lower() not in _DROPPED]
            self._answer(found.status, kept, content)

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            # The browser may have gone by now.
            with suppress(OSError):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Relay) as running:
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{running.server_address[1]}", told
        running.shutdown()


@contextmanager
def new_profile() -> Iterator[str]:
    """Give a folder for a browser that was never used."""
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as folder:
        yield folder
