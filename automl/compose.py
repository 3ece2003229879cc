"""Hydra at the border: its tree, the command line, and its complaints in one line."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra import compose, initialize_config_dir
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from automl.arguments import complaint
from automl.complaints import explanation
from automl.completion import PROGRAM, completion, is_completion
from automl.errors import UserError
from automl.settings import flatten

BORDER_ERRORS = (HydraException, OmegaConfBaseException)
# Of every parameter, not only of those that a space's file lists there.
_KEPT = ("space.only.", "space.only={")
_MULTIRUN = ("-m", "--multirun")


@dataclass(frozen=True)
class Job:
    """One search as the command line has it.

    Attributes:
        overrides: Its overrides, as text.
        config: The composed configuration, in plain containers.
    """

    overrides: tuple[str, ...]
    config: Mapping[str, Any]


@dataclass(frozen=True)
class Command:
    """What a command line asks for; no jobs where Hydra answered by itself (``--cfg job``)."""

    jobs: tuple[Job, ...] = ()
    multirun: bool = False


def conf_dir() -> Path:
    """Return the folder of the configuration tree, in a checkout or an installed wheel."""
    here = Path(__file__).resolve().parent
    packaged = here / "conf"
    return packaged if packaged.is_dir() else here.parent / "conf"


def plain(config: DictConfig) -> dict[str, Any]:
    """Return the composed configuration as plain containers, every reference resolved.

    Raises:
        UserError: A value that the user must give is missing.
    """
    try:
        values = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except MissingMandatoryValue as error:
        key = getattr(error, "full_key", None) or "a value"
        raise UserError(f"{key}: missing; give {key}=… on the command line") from error
    assert isinstance(values, dict)
    return {str(key): value for key, value in values.items()}


def compose_command(words: Sequence[str]) -> Command:
    """Let Hydra read the command line, and return the searches that it asks for.

    All of them are composed before the first one runs. Running them is not left to Hydra: its
    launcher has no word for a search that was stopped, and its callbacks hear of no Ctrl-C.

    Args:
        words: The command line behind the program's name, in any order of flags and overrides;
            ``sys.argv`` is set to it.

    Raises:
        UserError: A search cannot be composed.
        HydraException: Or it is Hydra that refuses (one of ``BORDER_ERRORS``).
    """
    jobs: list[Job] = []
    refused: list[UserError] = []
    modes: list[RunMode] = []

    def collect(composed: DictConfig) -> None:
        # What is raised in here Hydra also prints.
        asked = HydraConfig.get()
        modes.append(asked.mode)
        try:
            jobs.append(Job(tuple(map(str, asked.overrides.task)), plain(composed)))
        except BORDER_ERRORS as error:
            refused.append(explain(error, words))
        except UserError as error:
            refused.append(error)

    words = _flags_first(words)
    words = [f"++{word}" if word.startswith(_KEPT) else word for word in words]
    asked_by_shell = is_completion(words)
    if not asked_by_shell:
        _check_flags(words)
    multirun = any(word in _MULTIRUN for word in words) and not asked_by_shell
    program = sys.argv[0]
    application = hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")
    with tempfile.TemporaryDirectory() as scratch:
        # Hydra's own record of a multirun is of no use to anyone: each search has its config.yaml.
        folder = scratch.replace("'", "\\'")
        extra = [f"hydra.sweep.dir='{folder}'"] if multirun else []
        # A shell is told the program's name, whichever way it was called.
        sys.argv = [PROGRAM if asked_by_shell else program, *words, *extra]
        try:
            with completion(words) if asked_by_shell else nullcontext():
                application(collect)()
        except UserError:
            raise
        except Exception as error:
            # Whatever a wrong file makes YAML and OmegaConf raise besides Hydra's own errors.
            raise explain(error, words) from error
        finally:
            sys.argv = [program, *words]
    if refused:
        raise refused[0]
    if multirun and not jobs:
        raise UserError(
            "multirun: no search is left; write values out, not glob(…), and leave hydra/launcher "
            "and hydra/sweeper as they are: a search has its own workers"
        )
    return Command(tuple(jobs), multirun or RunMode.MULTIRUN in modes)


def compose_plain(overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Compose the tree with overrides, outside of a Hydra application."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return plain(compose("config", overrides=list(overrides)))


def shipped_space(name: str) -> dict[str, Any] | None:
    """Return a space as its file in the tree has it; None if the tree has none of that name."""
    path = conf_dir() / "space" / f"{name}.yaml"
    if not path.is_file():
        return None
    values = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    assert isinstance(values, dict)
    return {str(key): value for key, value in values.items()}


def explain(error: Exception, words: Sequence[str] = ()) -> UserError:
    """Return a refusal in one line for what composing raised.

    Args:
        error: Hydra's, OmegaConf's, or that of a file of the tree.
        words: The command line, whose choices say which keys there are.
    """
    return UserError(
        explanation(error, lambda: _known_keys(words), lambda key: _choices_with(key, words))
    )


def _flags_first(words: Sequence[str]) -> list[str]:
    """Return the words in the order that Hydra's parser wants: no flag between overrides."""
    overrides = [w for w in words if not w.startswith("-") and (w[:1] in ("+", "~") or "=" in w)]
    return [word for word in words if word not in overrides] + overrides


def _check_flags(words: Sequence[str]) -> None:
    parser = get_args_parser()

    def refuse(message: str) -> NoReturn:
        raise UserError(complaint(parser, message))

    # Hydra's own would print its whole usage.
    parser.error = refuse
    given = parser.parse_args(list(words))
    for word in given.overrides:
        if not word.partition("=")[0].lstrip("+~"):
            raise UserError(f"{word!r}: options are written key=value; --help lists them")
    if given.config_dir == "":
        raise UserError("--config-dir: names no folder; name yours")
    if given.config_dir is not None and not Path(given.config_dir).is_dir():
        raise UserError(f"--config-dir: there is no folder {given.config_dir}; name yours")


def _known_keys(words: Sequence[str]) -> set[str]:
    """Return the dotted keys of the tree with the groups' choices that some words make."""
    groups = _groups(words)
    try:
        return _keys_with(_choices(words)) | groups
    except BORDER_ERRORS:  # a choice is wrong as well
        return _keys_with(()) | groups


def _choices_with(key: str, words: Sequence[str]) -> list[str]:
    """Return the choices of a key's group, in place of that which some words make, with the key."""
    group = key.partition(".")[0]
    if group not in _groups(words):
        return []
    files = {path.stem for tree in _trees(words) for path in (tree / group).glob("*.yaml")}
    others = [word for word in _choices(words) if word.partition("=")[0] != group]
    found = []
    for choice in (f"{group}={name}" for name in sorted(files)):
        try:
            known = _keys_with([*others, choice])
        except BORDER_ERRORS:  # it does not go with the others
            continue
        if any(one == key or one.startswith(f"{key}.") for one in known):
            found.append(choice)
    return found


def _keys_with(choices: Sequence[str]) -> set[str]:
    return set(flatten(_compose_raw(choices)))


def _trees(words: Sequence[str]) -> list[Path]:
    own = _own_dir(words)
    return [conf_dir()] + ([own] if own else [])


def _groups(words: Sequence[str]) -> set[str]:
    trees = _trees(words)
    return {path.name for tree in trees for path in tree.iterdir() if path.is_dir()} - {"hydra"}


def _choices(words: Sequence[str]) -> list[str]:
    """Return the choices of groups that some words make, and where else groups are looked for."""
    groups = _groups(words)
    choices = [word for word in words if word.partition("=")[0] in groups]
    if own := _own_dir(words):
        quoted = str(own).replace("\\", "\\\\").replace("'", "\\'")
        choices.append(f"hydra.searchpath=['file://{quoted}']")
    return choices


def _own_dir(words: Sequence[str]) -> Path | None:
    """Return the tree that ``--config-dir`` adds, in whichever way it is written."""
    given = get_args_parser().parse_known_args(list(words))[0].config_dir
    return Path(given).absolute() if given and Path(given).is_dir() else None


def _compose_raw(overrides: Sequence[str]) -> dict[str, Any]:
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        values = OmegaConf.to_container(compose("config", overrides=list(overrides)))
    assert isinstance(values, dict)
    return {str(key): value for key, value in values.items()}
