"""What every benchmark's command makes of its words, and which benchmarks `make bench` runs."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from automl.compose import compose_plain
from automl.errors import SearchError, UserError
from benchmarks.__main__ import BENCHMARKS
from benchmarks.words import Command, Reader, choice, file, listed, positive, read, switch, whole

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
COLOURS = listed(choice("red", "green"))
COMMANDS = [
    path
    for path in sorted((ROOT / "benchmarks").glob("*.py"))
    if "\ncommand = Command(" in path.read_text()
]


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        (whole(), "1", 1),
        (whole(0), "0", 0),
        (positive, "0.5", 0.5),
        (positive, "1e3", 1000.0),
        (switch, "true", True),
        (switch, "false", False),
        (COLOURS, "green,red,green", ("green", "red", "green")),
        (listed(whole(), "-"), "3-4-6-3", (3, 4, 6, 3)),
        (file, "rows.json", Path("rows.json")),
        (str, "a=b", "a=b"),
    ],
)
def test_a_text_is_read(reader: Reader, text: str, value: Any) -> None:
    found = read([f"key={text}"], {"key": reader})
    assert found == {"key": value}
    assert type(found["key"]) is type(value)


@pytest.mark.parametrize(
    ("reader", "text", "reason"),
    [
        (whole(), "0", "must be a whole number of at least 1"),
        (whole(2), "1", "must be a whole number of at least 2"),
        (whole(), "2.5", "must be a whole number of at least 1"),
        (whole(), "-3", "must be a whole number of at least 1"),
        (whole(), "", "must be a whole number of at least 1"),
        (positive, "0", "must be a positive number"),
        (positive, "inf", "must be a positive number"),
        (positive, "nan", "must be a positive number"),
        (positive, "fast", "must be a positive number"),
        (switch, "yes", "must be true or false"),
        (COLOURS, "red,gren", "unknown 'gren'; did you mean 'green'?"),
        (COLOURS, "blue", "unknown 'blue'; known: green, red"),
        (listed(whole()), "1,,2", "must be a whole number of at least 1"),
        (file, "nowhere/at/all.json", "must be a file in a folder that exists"),
        (file, ".", "must be a file in a folder that exists"),
    ],
)
def test_a_text_is_refused_with_its_word(reader: Reader, text: str, reason: str) -> None:
    with pytest.raises(UserError) as refusal:
        read([f"key={text}"], {"key": reader})
    assert str(refusal.value) == f"key={text}: {reason}"


@pytest.mark.parametrize("word", ["trials", "trails=3", "=3", ""])
def test_only_known_keys_with_a_value_are_words(word: str) -> None:
    with pytest.raises(UserError) as refusal:
        read(["trials=3", word], {"trials": whole(), "short": switch})
    assert str(refusal.value) == f"{word}: expected KEY=VALUE with one of trials, short"


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (None, 0, ""),
        (UserError("no such search"), 2, "no such search\n"),
        (SearchError("line 1 is damaged"), 2, "line 1 is damaged\n"),
        (ArithmeticError("they differ"), 1, "they differ\n"),
    ],
)
def test_what_a_benchmark_raises_is_a_line_and_an_exit_code(
    raised: Exception | None, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[Any] = []

    def main(**values: Any) -> None:
        given.append(values)
        if raised is not None:
            raise raised

    command = Command(main, {"trials": whole()}, failures=(ArithmeticError,))
    assert command(["trials=3"]) == code
    assert given == [{"trials": 3}]
    assert capsys.readouterr() == ("", said)


def test_what_hydra_refuses_is_a_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    def main(scale: str) -> None:
        compose_plain([f"scale={scale}"])

    assert Command(main, {"scale": str})(["scale=smal"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("scale=smal: ")
    assert said.count("\n") == 1


def test_other_errors_are_not_hidden() -> None:
    def main() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Command(main, {}, failures=(KeyError,))([])


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.stem)
def test_every_key_is_one_that_main_takes(path: Path) -> None:
    body = ast.parse(path.read_text()).body
    (main,) = (node for node in body if isinstance(node, ast.FunctionDef) and node.name == "main")
    (call,) = (
        node.value
        for node in body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "command"
    )
    assert isinstance(call, ast.Call)
    assert isinstance(call.args[1], ast.Dict)
    keys = {key.value for key in call.args[1].keys if isinstance(key, ast.Constant)}
    taken = {argument.arg for argument in main.args.args}
    assert keys <= taken
    assert len(main.args.defaults) == len(taken), "none is always given"
    assert ("short" in keys) == ("short" in taken)


def test_the_page_says_which_are_run_together() -> None:
    found = re.findall(r"^\| `benchmarks\.(\w+).*\| ?(yes)? \|$", PAGE.read_text(), re.MULTILINE)
    assert {name for name, short in found if short} == set(BENCHMARKS)
    assert {path.stem for path in COMMANDS} <= {name for name, _ in found}
