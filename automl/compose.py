"""Hydra at the border: where its tree lies, and its complaints in one line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from automl.errors import UserError, near_miss, one_line
from automl.settings import flatten

BORDER_ERRORS = (HydraException, OmegaConfBaseException)


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


def compose_plain(overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Compose the tree with overrides, outside of a Hydra application."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return plain(compose("config", overrides=list(overrides)))


def explain(error: Exception) -> UserError:
    """Return a refusal in one line for what Hydra or OmegaConf raised."""
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        return UserError(
            f"{group}={choice}: no such {group}{near_miss(choice, error.options or ())}"
        )
    text = one_line(error)
    found = re.search(r"Could not (?:override|delete from config\.?) '([^']+)'", text)
    if found:
        key = re.sub(r"[@=].*", "", found.group(1))
        return UserError(f"{key}: no such key{_near_key(key)}")
    missing = re.search(r"Missing mandatory value: (\S+)", text)
    if missing:
        key = missing.group(1).rstrip(".")
        return UserError(f"{key}: missing; give {key}=… on the command line")
    return UserError(f"configuration: {text}")


def _near_key(key: str) -> str:
    """Return a hint at the key that was meant, or the keys beside it."""
    keys = set(flatten(compose_plain()))
    keys |= {path.name for path in conf_dir().iterdir() if path.is_dir()}
    keys |= {key.rsplit(".", depth)[0] for key in keys for depth in range(1, key.count(".") + 1)}
    parent, _, leaf = key.rpartition(".")
    close = difflib.get_close_matches(leaf, {other.rpartition(".")[2] for other in keys}, n=1)
    meant = [other for other in keys if close and other.rpartition(".")[2] == close[0]]
    if meant:
        # Of several sections that have such a key, the one nearest to where it was looked for.
        root = key.partition(".")[0]
        nearest = min(meant, key=lambda other: (not other.startswith(root), len(other), other))
        return f"; did you mean '{nearest}'?"
    beside = [other for other in keys if other.rpartition(".")[0] == parent]
    return near_miss(key, beside or [other for other in keys if "." not in other])
