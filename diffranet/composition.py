"""Hydra at the border: the configuration tree of the command, and its complaints in one line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from diffranet.errors import DataError
from diffranet.options import did_you_mean, flatten

CONFIG = "simulate"
PATH_KEYS = ("out", "data.options.crystal.structure_factors")
"""Their values are taken as they are written; Hydra's grammar would trip over odd file names."""


def conf_dir() -> Path:
    """The folder of the configuration tree, in a checkout or beside an installed package."""
    home = Path(__file__).resolve().parent.parent
    packaged = home / "automl" / "conf"
    return packaged if packaged.is_dir() else home / "conf"


def compose_config(words: Sequence[str]) -> DictConfig:
    """Compose the command's configuration.

    Args:
        words: Overrides in Hydra's grammar, ``key=value``.

    Raises:
        DataError: A key, a group's choice or a value's spelling is wrong.
    """
    for word in words:
        if "=" not in word and not word.startswith("~"):
            raise DataError(f"{word!r}: options are written option=value; see --help")
    try:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            config: DictConfig = compose(CONFIG, overrides=[_quoted(word) for word in words])
            return config
    except (HydraException, OmegaConfBaseException) as error:
        raise DataError(_explain(error)) from None


def plain(config: DictConfig) -> dict[str, object]:
    """A composed configuration as plain containers, every reference resolved.

    Raises:
        DataError: A value is missing or refers to nothing.
    """
    try:
        values = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise DataError(_explain(error)) from None
    assert isinstance(values, dict)
    return {str(key): value for key, value in values.items()}


def spelt(config: DictConfig, *, resolve: bool) -> str:
    """A composed configuration as YAML.

    Raises:
        DataError: A value refers to nothing.
    """
    try:
        return OmegaConf.to_yaml(config, resolve=resolve)
    except OmegaConfBaseException as error:
        raise DataError(_explain(error)) from None


def groups() -> dict[str, list[str]]:
    """Choices of the groups that the command takes from the tree."""
    return {
        group: sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))
        for group in ("scale", "data")
    }


def _quoted(word: str) -> str:
    key, _, value = word.partition("=")
    if key == "domains" and "," in value and value[:1] not in "['\"":
        return f"{key}=[{value}]"
    if key not in PATH_KEYS or value in ("", "null", "???") or value[:1] in "'\"":
        return word
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{key}='{escaped}'"


def _explain(error: Exception) -> str:
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        known = error.options or groups().get(group, ())
        return f"{group}={choice}: no such {group}; {did_you_mean(choice, known)}"
    if isinstance(error, OverrideParseException):
        key = error.override.partition("=")[0]
        return f"{error.override}: cannot be read; put odd values in quotes: {key}=\"'…'\""
    text = " ".join(str(error).split())
    if found := re.search(r"Could not (?:override|delete from config\.?) '([^']+)'", text):
        key = re.sub(r"[@=].*", "", found.group(1))
        return f"{key}: no such key; {_near_key(key)}"
    if found := re.search(r"Missing mandatory value: (\S+)", text):
        key = found.group(1).rstrip(".")
        return f"{key}: missing; give {key}=… on the command line"
    return f"configuration: {text}"


def _near_key(key: str) -> str:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        raw = OmegaConf.to_container(compose(CONFIG), resolve=False)
    assert isinstance(raw, dict)
    leaves = [*flatten({str(name): value for name, value in raw.items()})]
    keys = {leaf.rsplit(".", depth)[0] for leaf in leaves for depth in range(leaf.count(".") + 1)}
    if near := get_close_matches(key, keys, n=1, cutoff=0.8):
        return f"did you mean {near[0]!r}?"
    # The same last word elsewhere: beam.wavelength stands for data.options.beam.wavelength.
    last = key.rpartition(".")[2]
    close = get_close_matches(last, {other.rpartition(".")[2] for other in keys}, n=1)
    meant = sorted((k for k in keys if close and k.rpartition(".")[2] == close[0]), key=_preference)
    if meant:
        return f"did you mean {meant[0]!r}?"
    parent = key.rpartition(".")[0]
    beside = sorted(other for other in keys if other.rpartition(".")[0] == parent)
    return did_you_mean(key, beside or sorted(k for k in keys if "." not in k))


def _preference(key: str) -> tuple[bool, int, str]:
    """What can be overridden in a data set comes first, then what is short."""
    return key.startswith("scale."), key.count("."), key
