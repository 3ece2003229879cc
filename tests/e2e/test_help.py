"""What the command says of itself: --help, --cfg, --info, and Tab."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from automl import run
from automl.compose import compose_plain, conf_dir
from automl.settings import parse_settings

GROUPS = {
    folder.name: {path.stem for path in folder.glob("*.yaml")}
    for folder in conf_dir().iterdir()
    if folder.is_dir() and folder.name not in ("hydra", "local")
}


@pytest.fixture
def answer(tmp_path, monkeypatch, capsys):
    """What the command prints where nothing is to run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["run.py"])
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    before = signal.getsignal(signal.SIGTERM)
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def call(*words):
        try:
            status = run.main(words)
        except SystemExit as end:
            status = end.code
        assert not status
        shown = capsys.readouterr()
        assert shown.err == ""
        assert not list(tmp_path.iterdir())
        return shown.out

    yield call
    signal.signal(signal.SIGTERM, before)
    # --info logs to this test's own output.
    root.handlers[:] = handlers
    root.setLevel(level)


def documented(text):
    """The groups of the help and their choices; the keys with their values."""
    groups = {}
    body, _, rest = text[text.index("== Groups ==") :].partition("== Keys used most ==")
    for line in body.splitlines():
        if found := re.match(r"(\w+)  +\S", line):
            group = groups.setdefault(found.group(1), set())
        elif found := re.match(r"  (\w+)  +\S", line):
            group.add(found.group(1))
    return groups, re.findall(r"^  (\S+=\S+)  +\S", rest, re.MULTILINE)


def test_the_help_names_every_choice_there_is_and_no_other(answer):
    text = answer("--help")
    groups, keys = documented(text)
    assert groups == GROUPS
    assert len(keys) == 10
    assert max(map(len, text.splitlines())) <= 120


def test_the_keys_of_the_help_compose(answer):
    keys = documented(answer("--help"))[1]
    parts = [key for key in keys if key.startswith("space.only.extractor")]
    assert parts
    parse_settings(compose_plain(["search=classical_tpe", *parts]))
    parse_settings(compose_plain([key for key in keys if key not in parts]))


def test_what_hydra_answers_by_itself(answer):
    composed = answer("--cfg", "job", "--resolve", "search=classical_tpe")
    assert "name: classical_tpe" in composed
    assert "hydra" not in composed
    assert "${" not in composed
    assert "search: deepfreak_bohb" in answer("--info", "defaults-tree")


@pytest.mark.parametrize(
    "line", ["automl ", "python -m automl.run ", "/opt/x/.venv/bin/python3.11 -m automl.run -m "]
)
@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("search=", {f"search={name}" for name in GROUPS["search"]}),
        ("search=classical_g", {"search=classical_grid"}),
        ("sca", {"scale=", "scale."}),
        ("scale=smoke confirmation.se", {"confirmation.seeds="}),
    ],
)
def test_a_shell_is_given_candidates(answer, monkeypatch, line, word, expected):
    monkeypatch.setenv("COMP_LINE", line + word)
    assert set(answer("-sc", "query=bash").split()) == expected


def test_completion_is_installed_for_both_forms(answer):
    script = answer("-sc", "install=bash")
    assert "-F hydra_bash_completion automl\n" in script
    assert "-F automl_module_completion python python3" in script
    assert "automl_module_completion" in answer("-sc", "uninstall=bash")


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.parametrize("program", ["automl", "python -m automl.run"])
def test_bash_completes(program, tmp_path):
    words = [*program.split(), "search=classical_t"]
    function = "hydra_bash_completion" if program == "automl" else "automl_module_completion"
    script = (
        f'eval "$({program} -sc install=bash)"\n'
        f"COMP_LINE='{' '.join(words)}'; COMP_POINT=${{#COMP_LINE}}; COMP_CWORD={len(words) - 1}\n"
        f'{function}; echo "${{COMPREPLY[@]}}"'
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.strip() == "search=classical_tpe", done.stderr
