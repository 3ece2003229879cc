from typing import Any

import pytest

from trainables.classical import Classical
from trainables.classical.names import PARAMETERS

TABLE_8 = frozenset(PARAMETERS)


def test_table_8_passes() -> None:
    Classical.check({}, TABLE_8, (128, 128))
    Classical.check({"store": False}, TABLE_8, None)


def test_a_space_of_one_extractor_and_one_classifier_passes() -> None:
    names = {"extractor", "classifier", "lbp_points", "lbp_radius"}
    Classical.check({}, frozenset(names | {"svm_c", "svm_gamma", "svm_class_weight"}), None)


@pytest.mark.parametrize(
    ("options", "names", "shape", "message"),
    [
        ({"stor": True}, TABLE_8, None, "unknown option 'stor'; did you mean 'store'?"),
        ({"threads": 2}, TABLE_8, None, "unknown option 'threads'; known are store"),
        ({"store": "yes"}, TABLE_8, None, "store must be true or false, not 'yes'"),
        ({"codebook": "own"}, TABLE_8, None, "codebook must be training or per_split, not 'own'"),
        ({"codebook_seed": -1}, TABLE_8, None, "codebook_seed must be 0 or a larger integer"),
        ({"backend": "cuml"}, TABLE_8, None, "backend must be sklearn or intelex, not 'cuml'"),
        ({}, TABLE_8 | {"svm_cc"}, None, "unknown parameter 'svm_cc'; did you mean 'svm_c'?"),
        ({}, TABLE_8 - {"extractor"}, None, "lacks 'extractor'; add it with choices of glcm, lbp"),
        ({}, TABLE_8 - {"svm_gamma"}, None, "lacks 'svm_gamma', which classifier 'svm' needs"),
        ({}, {"extractor", "classifier"}, None, "no parameters of glcm, lbp or sift"),
        ({}, TABLE_8, (1, 64), "1 x 64 pixels have no texture"),
    ],
)
def test_refusals(options: dict[str, Any], names: set[str], shape: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        Classical.check(options, frozenset(names), shape)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_option_is_refused_by_the_constructor_too() -> None:
    with pytest.raises(ValueError, match="unknown option 'cache'"):
        Classical(None, {"cache": 1}, "cpu")  # type: ignore[arg-type]


def test_a_backend_that_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainables.classical.options.find_spec", lambda _: None)
    with pytest.raises(ValueError, match="backend=intelex is not installed; pip install scikit-"):
        Classical.check({"backend": "intelex"}, TABLE_8, None)
