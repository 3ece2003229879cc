"""A command line whose complaints take one line, with the option that was meant."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from typing import Any, NoReturn

from automl.errors import UserError


class CommandLine(argparse.ArgumentParser):
    """Parses as its base does, and raises what that would print.

    Raises:
        UserError: An option is unknown, bad or lacks its value.
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, and refuse an empty word: of a path it would be the folder one is in."""
        words = list(sys.argv[1:] if args is None else args)
        for before, word in zip(["", *words], words, strict=False):
            if word == "" or (word.startswith("--") and word.endswith("=")):
                after = f" behind {before}" if word == "" and before else ""
                what = word or "''"
                raise UserError(f"{what}{after} names nothing; give it a value or leave it out")
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise UserError(complaint(self, message))


def complaint(parser: argparse.ArgumentParser, message: str) -> str:
    """Return argparse's complaint in one line; of an unknown option the one that was meant."""
    found = re.match(r"unrecognized arguments: (-\S+)", message)
    if found is None:
        return f"{' '.join(message.split())}; --help lists the options"
    flag = found.group(1).partition("=")[0]
    known = re.findall(r"(?<![\w-])--?([a-z][\w-]*)", parser.format_usage())
    close = difflib.get_close_matches(flag.lstrip("-"), known, n=1)
    hint = f"did you mean '--{close[0]}'?" if close else "--help lists the options"
    return f"{flag}: no such option; {hint}"
