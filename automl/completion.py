"""Tab completion of the command's two forms: ``automl`` and ``python -m automl.run``.

Hydra completes an installed program, and a script that is named by its file; of a module it knows
nothing. ``eval "$(automl -sc install=bash)"`` installs both.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

PROGRAM = "automl"
_FLAGS = ("-sc", "--shell-completion")
_AS_MODULE = re.compile(r"^\s*\S*python[\d.]*\s+-m\s+automl\.run\b")

# Other uses of Python fall back to Bash's own completion.
_MODULE_IN_BASH = """
automl_module_completion()
{
    local words=($COMP_LINE)
    [ "${words[1]} ${words[2]}" == "-m automl.run" ] || return
    local choices=$(COMP_LINE=$COMP_LINE "${words[0]}" -m automl.run -sc query=bash 2> /dev/null)
    COMPREPLY=($(compgen -W "$choices" -- "${words[$COMP_CWORD]}"))
}
complete -o nospace -o bashdefault -o default -F automl_module_completion python python3"""
_NO_MODULE_IN_BASH = "complete -r python python3; unset -f automl_module_completion"


def is_completion(words: Sequence[str]) -> bool:
    """Tell whether a command line is a shell's: it installs completion, or asks for candidates."""
    return any(word in _FLAGS for word in words)


@contextmanager
def completion(words: Sequence[str]) -> Iterator[None]:
    """Let Hydra answer a shell within; what it says of the program is then said of the module."""
    line = os.environ.get("COMP_LINE")
    if line is not None:
        os.environ["COMP_LINE"] = _AS_MODULE.sub(PROGRAM, line)
    try:
        yield
    finally:
        if line is not None:
            os.environ["COMP_LINE"] = line
    if "install=bash" in words:
        print(_MODULE_IN_BASH)
    elif "uninstall=bash" in words:
        print(_NO_MODULE_IN_BASH)
