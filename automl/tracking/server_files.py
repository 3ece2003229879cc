"""The files of MLflow's pages, from memory: what a browser waits for most, it gets first.

MLflow sends them in pieces of 8 KiB, each handed from a thread to the loop, and of its six
connections a browser lends most to them, so that the requests for runs wait behind.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_ADDRESS = "/static-files/static"
# The names hold a digest of what is in the files.
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_CHECKED = {"Cache-Control": "no-cache"}
# On a first visit MLflow opens its assistant for language models over a quarter of the page. It has
# no setting against that, but for this note in which the browser keeps that it was done. The
# assistant's button stays.
_NOTE = (
    "<script>try{localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1','true')}"
    "catch{}</script>"
)
# Without a page in the address MLflow greets the reader with its pages for language models.
_FIRST = "<script>if(['','#/'].includes(location.hash))location.replace(%s)</script>"


def file_routes(folder: Path, first: Callable[[], str | None]) -> list[Route]:
    """Return routes for MLflow's scripts and styles and for the one page that loads them.

    Args:
        folder: Of the built pages, as MLflow is installed.
        first: Gives the fragment of what an address without one shows; None: what MLflow shows.
    """
    files = {
        path.relative_to(folder / "static").as_posix(): path.read_bytes()
        for path in (folder / "static").rglob("*")
        if path.is_file()
    }
    before, head, after = (folder / "index.html").read_text(encoding="utf-8").partition("<head>")

    async def send_file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            return Response(status_code=404)
        return Response(files[name], media_type=mimetypes.guess_type(name)[0], headers=_FOREVER)

    def send_page(_: Request) -> Response:
        # Not in the loop: it may wait for the store.
        fragment = first()
        script = "" if fragment is None else _FIRST % json.dumps(fragment)
        return HTMLResponse(f"{before}{head}{_NOTE}{script}{after}", headers=_CHECKED)

    return [Route(f"{_ADDRESS}/{{name:path}}", send_file), Route("/", send_page)]
