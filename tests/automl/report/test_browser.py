"""The page as a browser draws it; only where there is one."""

import json
import re
import subprocess

import pytest

from benchmarks.browser import find_browser

pytestmark = pytest.mark.slow
BROWSER = find_browser()
# Its answer is the copy's title: what is drawn, and whether the page is wider than the window.
LOOK = """<script>addEventListener("load", () => {
  const drawn = [...document.querySelectorAll("svg")].map((figure) => {
    const box = figure.getBoundingClientRect();
    const parts = figure.querySelectorAll("path, rect, text").length;
    return Math.min(box.width, box.height) > 20 ? parts : 0;
  });
  const page = document.documentElement;
  document.title = JSON.stringify({drawn, wide: page.scrollWidth - page.clientWidth});
})</script>"""


def looked_at(page, folder, width, *flags):
    """What the page's copy answers, and the lines that the browser's console has."""
    copy = folder / "copy.html"
    copy.write_text(page.replace("</body>", f"{LOOK}</body>"))
    done = subprocess.run(
        [
            *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--enable-logging=stderr", f"--user-data-dir={folder / 'profile'}", *flags),
            *(f"--window-size={width},1000", "--dump-dom", copy.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    title = re.search(r"<title>(.*?)</title>", done.stdout).group(1)
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(title), said


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
@pytest.mark.parametrize("width", [500, 1200])
@pytest.mark.parametrize("flags", [(), ("--blink-settings=preferredColorScheme=0",)])
def test_every_figure_is_drawn_and_the_console_is_silent(
    width, flags, results_of, built, tmp_path
) -> None:
    page, _ = built(results_of(), tmp_path)
    answer, said = looked_at(page.source, tmp_path, width, *flags)
    assert said == []
    assert len(answer["drawn"]) == page.tags.count("svg")
    assert all(count and count > 5 for count in answer["drawn"])
    assert answer["wide"] == 0, "nobody has to scroll sideways"


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
def test_it_would_hear_of_an_error(results_of, built, tmp_path) -> None:
    page, _ = built(results_of(), tmp_path)
    broken = page.source.replace("</body>", "<script>throw new Error('broken')</script></body>")
    _, said = looked_at(broken, tmp_path, 1200)
    assert any("broken" in line for line in said)
