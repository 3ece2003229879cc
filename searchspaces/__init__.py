"""Search spaces: declared once in YAML, compiled to ConfigSpace and to hyperopt.

The values that leave this package are plain Python. A configuration is a dictionary of the active
parameters, in declaration order, and is identified by `configuration_id`.
"""

from searchspaces.configspace_encoding import (
    Encoding,
    from_configspace,
    to_configspace,
    to_hpbandster,
    to_values,
)
from searchspaces.errors import SpaceError
from searchspaces.fitting import Fitted, fit
from searchspaces.grammar import parse_space
from searchspaces.hyperopt_encoding import (
    from_hyperopt,
    from_hyperopt_vals,
    to_hyperopt,
    to_hyperopt_vals,
)
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
    "configuration_id",
    "fit",
    "from_configspace",
    "from_hyperopt",
    "from_hyperopt_vals",
    "parse_space",
    "plain",
    "sample",
    "to_configspace",
    "to_hpbandster",
    "to_hyperopt",
    "to_hyperopt_vals",
    "to_values",
]
