"""What goes wrong in a way that the user can mend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from automl.disclosure import hidden


class UserError(Exception):
    """Bad input. Its message is one line: what is wrong, where, and what to do.

    The command prints it and exits with status 2; nothing has been created or lost.
    """


class SearchError(Exception):
    """A search that began and cannot go on; what it has computed stays in its ledger.

    Attributes:
        advice: What to do about it.
    """

    advice = "the same command goes on from the ledger"


class AllFailedError(SearchError):
    """No trial of a search finished, and failed trials stay results: it has no other end."""

    advice = "mend the cause and begin another search, with another name= or seed="


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what the system refuses while a search's files are written into one line.

    Raises:
        SearchError: A file cannot be written.
    """
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        raise SearchError(f"{where}: cannot be written ({error.strerror or error})") from error


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was meant, None where that would be a guess."""
    # Here alone: the package loads NumPy, for which whoever asks for --help need not wait.
    from searchspaces import errors

    return errors.nearest(word, known)


def near_miss(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for a close match, else the list of what is known."""
    names = sorted(known)
    if near := nearest(word, names):
        return f"; did you mean '{near}'?"
    return f"; known: {', '.join(names)}" if names else ""


def one_line(error: BaseException) -> str:
    """Return an exception's message on one line, without credentials."""
    text = hidden(" ".join(str(error).split()))
    return text or type(error).__name__
