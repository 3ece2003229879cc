import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchspaces import SpaceError, canonical_json, configuration_id

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False)
)
CONFIGURATIONS = st.dictionaries(st.text(), SCALARS | st.lists(SCALARS, max_size=3), max_size=5)


def test_the_identity_is_the_hash_of_the_sorted_json() -> None:
    # printf '{"a":[1,2],"b":0.1,"c":null}' | sha256sum
    assert configuration_id({"c": None, "b": 0.1, "a": [1, 2]}) == "7a336289f14c"


@given(CONFIGURATIONS)
def test_json_round_trip_and_key_order_keep_the_identity(configuration: dict) -> None:
    identity = configuration_id(configuration)
    assert len(identity) == 12
    assert configuration_id(json.loads(json.dumps(configuration))) == identity
    assert configuration_id(dict(reversed(configuration.items()))) == identity


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_every_bit(value: float) -> None:
    assert float(json.loads(canonical_json(value))) == value


def test_equal_numbers_are_one_configuration_but_true_is_not_one() -> None:
    assert configuration_id({"c": 1}) == configuration_id({"c": 1.0})
    assert len({canonical_json(value) for value in (1, True, "1", [1], None, 1.5)}) == 6


def test_neighbouring_floats_are_two_configurations() -> None:
    assert configuration_id({"x": 0.1}) != configuration_id({"x": float(np.nextafter(0.1, 1))})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.int64(3), {1, 2}, b"x", object()])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(SpaceError, match="value"):
        configuration_id({"x": value})


@pytest.mark.parametrize("key", [0, None, 1.5])
def test_keys_are_strings(key: object) -> None:
    with pytest.raises(SpaceError, match="are strings"):
        configuration_id({"inner": {key: 1}})
