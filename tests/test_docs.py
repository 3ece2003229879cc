"""README.md and docs/: every command is run or excused, and what is named exists."""

from __future__ import annotations

import ast
import os
import re
import shlex
import signal
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LISTS = yaml.safe_load((ROOT / "tests" / "documented_commands.yaml").read_text())
STORIES = LISTS["slow"]
ROOMS = ("automl", "searchspaces", "trainables", "diffranet", "benchmarks")
SHELLS = ("bash", "sh", "console")


def as_run(entry):
    return entry.get("as", entry["command"])


LISTED = [
    *(entry["command"] for entry in LISTS["quick"]),
    *(entry["command"] for story in STORIES.values() for entry in story),
    *LISTS["except"],
]


@cache
def blocks(page):
    """Fenced blocks of a page as (language, text), and the page without them."""
    fence = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    text = page.read_text()
    return fence.findall(text), fence.sub("", text)


def commands(page):
    """The commands of a page, without comments, prompts and line ends within."""
    for language, text in blocks(page)[0]:
        if language in SHELLS:
            for line in text.replace("\\\n", " ").splitlines():
                command = re.sub(r"(^|\s+)#\s.*$", "", line).removeprefix("$ ").strip()
                if command:
                    yield " ".join(command.split())


def inline(page):
    """What stands between backticks in a page's text."""
    return re.findall(r"`([^`\n]+)`", blocks(page)[1])


def named(page):
    return str(page.relative_to(ROOT))


def test_every_command_of_the_pages_is_in_one_list_and_no_other_is():
    shown = {command: named(page) for page in PAGES for command in commands(page)}
    twice = [command for command, n in Counter(LISTED).items() if n > 1]
    assert not twice
    new = {command: page for command, page in shown.items() if command not in LISTED}
    assert not new, "run them in a story of tests/documented_commands.yaml, or say there why not"
    assert not set(LISTED) - set(shown), "no page shows these any more"


def test_commands_stand_in_blocks_that_say_so():
    for page in PAGES:
        for language, text in blocks(page)[0]:
            if language not in (*SHELLS, "python"):
                assert "python -m" not in text.replace("benchmarks/      python -m", ""), page


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["automl"])
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    before = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("entry", LISTS["quick"], ids=lambda entry: entry["command"])
def test_cheap_commands_work(entry, here, capsys, monkeypatch):
    from automl import run
    from diffranet import simulate

    words = shlex.split(as_run(entry))
    program = words[0] if words[0] != "python" else words[2]
    main = {"automl": run.main, "automl.run": run.main, "diffranet.simulate": simulate.main}
    rest = words[1:] if words[0] != "python" else words[3:]
    monkeypatch.setattr(sys, "argv", [program, *rest])
    try:
        status = main[program](rest)
    except SystemExit as end:
        status = end.code
    assert not status
    assert capsys.readouterr().out
    assert not list(here.iterdir())


def concrete(command):
    """A command with something in the place of what a reader fills in."""
    return command.replace("warm_start=NAME", "warm_start=paper").replace(" …", "")


def searches():
    """Every command line of a search that the pages show, in blocks or within text."""
    found = {command for page in PAGES for command in commands(page)}
    found |= {text for page in PAGES for text in inline(page) if text.startswith("python -m")}
    for command in sorted(found):
        # The example's own tree is not in this one.
        if command.startswith("python -m automl.run") and "--config-dir" not in command:
            yield command


@pytest.mark.slow
def test_every_search_of_the_pages_composes(here):
    from automl.compose import compose_command
    from automl.multirun import plan_searches

    seen = 0
    for command in searches():
        words = shlex.split(concrete(command))[3:]
        if not {"--help", "--cfg"} & set(words):
            assert plan_searches(compose_command(words).jobs), command
            seen += 1
    assert seen > 30
    assert not list(here.iterdir())


def module_file(name):
    path = ROOT.joinpath(*name.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.exists()), None)


def test_every_module_that_is_to_be_run_exists():
    for page in PAGES:
        for text in (*commands(page), *inline(page)):
            for module in re.findall(r"python -m ([\w.]+)", text):
                if module.partition(".")[0] in ROOMS:
                    file = module_file(module)
                    assert file, f"{named(page)}: {text}"
                    runnable = file.name != "__init__.py" or (file.parent / "__main__.py").exists()
                    assert runnable, f"{named(page)}: {text}"


def test_every_make_target_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        for text in (*commands(page), *inline(page)):
            for target in re.findall(r"^make ([a-z]+)", text):
                assert target in targets, f"{named(page)}: {text}"


def test_every_excused_command_has_a_reason():
    assert all(reason and len(reason) > 3 for reason in LISTS["except"].values())


def slug(heading):
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


@cache
def anchors(page):
    return {slug(line) for line in re.findall(r"^#+ (.+)$", blocks(page)[1], re.MULTILINE)}


def test_every_link_leads_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", blocks(page)[1]):
            if target.startswith(("http://", "https://")):
                continue
            file, _, anchor = target.partition("#")
            place = (page.parent / file).resolve() if file else page
            assert place.exists(), f"{named(page)}: {target}"
            if anchor:
                assert anchor in anchors(place), f"{named(page)}: {target}"


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text()
    for page in PAGES[1:]:
        assert page.name == "README.md" or f"]({page.name})" in index, page.name


def test_every_file_that_is_named_exists():
    tops = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"runs", "data", "mlflow"}
    for page in PAGES:
        for text in inline(page):
            top, slash, _ = text.partition("/")
            if slash and top in tops and re.fullmatch(r"[\w./-]+", text):
                # The example's paths are its own.
                places = (ROOT / text, ROOT / "examples" / "digits" / text)
                assert any(place.exists() for place in places), f"{named(page)}: {text}"


def test_every_name_of_ours_exists():
    for page in PAGES:
        for text in inline(page):
            name = re.match(r"[\w.]+", text)
            if name and "." in text and name.group().partition(".")[0] in ROOMS:
                dotted = name.group().rstrip(".")
                if not text.removeprefix(dotted).startswith(("/", "=")):
                    assert exists(dotted), f"{named(page)}: {text}"


# Groups of entry points.
NO_MODULES = ("automl.datasets", "automl.trainables")


@cache
def tags():
    """The names of tags in MLflow, which begin as modules do."""
    sources = (ROOT / "automl" / "tracking").glob("*.py")
    return {tag for path in sources for tag in re.findall(r"automl\.\w+", path.read_text())}


def exists(dotted):
    """Whether a dotted name is a tag, a module, or something defined in one."""
    if dotted in NO_MODULES or dotted in tags():
        return True
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        if file := module_file(".".join(parts[:end])):
            if end == len(parts):
                return True
            wanted = parts[end]
            return any(
                wanted == getattr(node, "name", None)
                or wanted in {alias.asname or alias.name for alias in getattr(node, "names", ())}
                or wanted in {getattr(t, "id", None) for t in getattr(node, "targets", ())}
                for node in ast.parse(file.read_text()).body
                if not isinstance(node, ast.Global)
            )
    return ROOT.joinpath(*parts).is_dir()


@cache
def keys():
    """Every dotted key that some search has, and those of the simulation's own tree."""
    from automl.compose import compose_plain, conf_dir
    from automl.settings import flatten

    found = set(yaml.safe_load((conf_dir() / "simulate.yaml").read_text()))
    for group in ("algorithm", "objective", "tracking", "cluster"):
        for path in (conf_dir() / group).glob("*.yaml"):
            found |= set(flatten(yaml.safe_load(path.read_text()), f"{group}."))
    for words in (["search=deepfreak_bohb"], ["search=classical_grid", "labels=full"]):
        found |= set(flatten(compose_plain(words)))
    return found | {"data.root"} | {section for key in found for section in sections_of(key)}


def sections_of(key):
    parts = key.split(".")
    return {".".join(parts[:end]) for end in range(1, len(parts))}


# Keys below these are the user's to add.
OPEN = ("space.", "trainable.options.defaults")


def wrong(word):
    """Why a word of a page names no option or choice, if it looks as if it did."""
    from automl.compose import conf_dir

    found = re.fullmatch(r"\+?([a-z_]+(?:\.[a-z_]+)*)(?:=(.*))?", word)
    if not found:
        return None
    key, value = found.groups()
    if (conf_dir() / key).is_dir() and value:
        choices = [one for one in value.split(",") if re.fullmatch(r"[a-z]\w*", one)]
        lacking = [one for one in choices if not (conf_dir() / key / f"{one}.yaml").exists()]
        return f"no choice {lacking}" if lacking else None
    first = key.partition(".")[0]
    if "." in key and first in {name.partition(".")[0] for name in keys()} - set(ROOMS):
        known = key in keys() or key.startswith(OPEN)
        return None if known else "no such key"
    return None


def test_every_option_and_choice_that_is_named_exists():
    # docs/errors.md lists what is wrong.
    for page in (page for page in PAGES if page.name != "errors.md"):
        for text in (*commands(page), *inline(page)):
            # The example's own tree has other choices.
            for word in [] if "--config-dir" in text else text.split():
                assert not wrong(word), f"{named(page)}: {text}: {word}: {wrong(word)}"


@pytest.mark.parametrize("word", ["scale=demos", "search=a,classical_tpe", "failures.retrys=1"])
def test_what_does_not_exist_is_noticed(word):
    assert wrong(word)


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("story", STORIES)
def test_the_commands_work_one_after_the_other(story, tmp_path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    for entry in STORIES[story]:
        words = shlex.split(as_run(entry))
        if words[2] == "automl.run" and not any(word.startswith("scale=") for word in words):
            words.append("scale=smoke")
        done = subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600
        )
        shown = f"{shlex.join(words)}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, shown
        assert "Traceback" not in done.stderr, shown
