"""Search spaces: declared once in YAML, compiled to ConfigSpace and to hyperopt.

The values that leave this package are plain Python. A configuration is a dictionary of the active
parameters, in declaration order, and is identified by `configuration_id`.
"""

import importlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from searchspaces.enumeration import configuration_at, number_of
from searchspaces.errors import SpaceError
from searchspaces.fitting import Fitted, fit
from searchspaces.grammar import parse_space
from searchspaces.identity import canonical_json, configuration_id
from searchspaces.parameters import (
    Categorical,
    Condition,
    FiniteParameter,
    Float,
    Integer,
    Ordinal,
    Parameter,
    Subset,
)
from searchspaces.published import Published
from searchspaces.sampling import sample
from searchspaces.space import Space
from searchspaces.values import plain

if TYPE_CHECKING:
    from searchspaces.configspace_encoding import (
        Encoding,
        from_configspace,
        to_configspace,
        to_hpbandster,
        to_values,
    )
    from searchspaces.hyperopt_encoding import (
        from_hyperopt,
        from_hyperopt_vals,
        to_hyperopt,
        to_hyperopt_vals,
    )

# ConfigSpace and hyperopt take seconds to import: only where one of these is asked for.
_ON_DEMAND = MappingProxyType(
    {
        "Encoding": "configspace_encoding",
        "from_configspace": "configspace_encoding",
        "to_configspace": "configspace_encoding",
        "to_hpbandster": "configspace_encoding",
        "to_values": "configspace_encoding",
        "from_hyperopt": "hyperopt_encoding",
        "from_hyperopt_vals": "hyperopt_encoding",
        "to_hyperopt": "hyperopt_encoding",
        "to_hyperopt_vals": "hyperopt_encoding",
    }
)

__all__ = [
    "Categorical",
    "Condition",
    "Encoding",
    "FiniteParameter",
    "Fitted",
    "Float",
    "Integer",
    "Ordinal",
    "Parameter",
    "Published",
    "Space",
    "SpaceError",
    "Subset",
    "canonical_json",
    "configuration_at",
    "configuration_id",
    "fit",
    "from_configspace",
    "from_hyperopt",
    "from_hyperopt_vals",
    "number_of",
    "parse_space",
    "plain",
    "sample",
    "to_configspace",
    "to_hpbandster",
    "to_hyperopt",
    "to_hyperopt_vals",
    "to_values",
]


def __getattr__(name: str) -> Any:
    module = _ON_DEMAND.get(name)
    if module is None:
        raise AttributeError(f"module 'searchspaces' has no attribute {name!r}")
    return getattr(importlib.import_module(f"searchspaces.{module}"), name)
