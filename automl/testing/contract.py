"""What a broken contract is, and how rules say so."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from automl.errors import one_line

# In names that no option, parameter, domain or split has.
UNKNOWN = "no_such_thing"


class ContractError(AssertionError):
    """A rule is broken; the message is one line: what was found, and what the rule wants."""


def require(holds: bool, text: str) -> None:
    """Raise a :class:`ContractError` with the text unless the rule holds."""
    if not holds:
        raise ContractError(text)


def rule_name(rule: Callable[..., None]) -> str:
    """Return a rule's name, as an id for pytest."""
    return rule.__name__


def call(what: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call something that must not raise.

    Raises:
        ContractError: It raised; what it raised is the cause.
    """
    try:
        return function(*args, **kwargs)
    except Exception as error:
        raise raised(what, error) from error


def raised(what: str, error: BaseException) -> ContractError:
    """Return what to raise where something raised that must not."""
    return ContractError(f"{what} raised {type(error).__name__}: {one_line(error)}")


def require_refusal(
    what: str, kinds: tuple[type[Exception], ...], words: Collection[str], function: Any, *args: Any
) -> None:
    """Require that a call is refused, in one line that has the words.

    Args:
        what: The call, in a message's words.
        kinds: Exceptions that count as a refusal.
        words: What the refusal has to name.
        function: What is called.
        args: With what.

    Raises:
        ContractError: Nothing was raised, another exception, or several lines.
    """
    try:
        function(*args)
    except kinds as error:
        text = str(error).strip()
    except Exception as error:
        raise raised(what, error) from error
    else:
        names = " or ".join(kind.__name__ for kind in kinds)
        raise ContractError(f"{what} raised nothing; raise {names}")
    require("\n" not in text and text != "", f"{what}: the refusal is not one line: {text!r}")
    for word in words:
        require(word in text, f"{what}: the refusal does not name '{word}': {text}")
