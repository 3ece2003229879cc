import pickle
import warnings
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks
from sklearn.utils.validation import check_is_fitted

from trainables.features.transformers import GLCM, LBP, BagOfVisualWords, Extractor

EXTRACTORS = [GLCM([5, 1], [0, 90]), LBP(8, 2), BagOfVisualWords(6, seed=3)]


@pytest.fixture(params=EXTRACTORS, ids=lambda extractor: type(extractor).__name__)
def extractor(request: pytest.FixtureRequest) -> Extractor:
    return clone(request.param)


def test_every_column_has_a_name_of_its_own(extractor: Extractor, splits: SimpleNamespace) -> None:
    table = extractor.fit_transform(splits.train.images)
    names = extractor.get_feature_names_out()
    assert table.shape == (len(splits.train.images), len(names))
    assert len(set(names)) == len(names)
    assert np.isfinite(table).all()


def test_clone_keeps_parameters_and_forgets_the_fit(
    extractor: Extractor, splits: SimpleNamespace
) -> None:
    extractor.fit(splits.train.images)
    copy = clone(extractor)
    assert copy.get_params() == extractor.get_params()
    if isinstance(copy, BagOfVisualWords):
        with pytest.raises(NotFittedError):
            copy.transform(splits.train.images)
    else:
        check_is_fitted(copy)


def test_other_images_are_refused(extractor: Extractor, splits: SimpleNamespace) -> None:
    extractor.fit(splits.train.images)
    with pytest.raises(ValueError, match="images must have shape"):
        extractor.transform(splits.train.images[0])
    with pytest.raises(ValueError, match="images must be uint8"):
        extractor.fit(splits.train.images / 255)


def test_no_image_gives_no_row(extractor: Extractor, splits: SimpleNamespace) -> None:
    extractor.fit(splits.train.images)
    assert extractor.transform(splits.train.images[:0]).shape == (
        0,
        len(extractor.get_feature_names_out()),
    )


API_CHECKS = [
    estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
    estimator_checks.check_estimator_repr,
    estimator_checks.check_estimator_tags_renamed,
    estimator_checks.check_get_params_invariance,
    estimator_checks.check_mixin_order,
    estimator_checks.check_no_attributes_set_in_init,
    estimator_checks.check_parameters_default_constructible,
    estimator_checks.check_set_params,
    estimator_checks.check_valid_tag_types,
]


@pytest.mark.parametrize("check", API_CHECKS, ids=lambda check: check.__name__)
def test_scikit_learns_checks_that_need_no_table(
    extractor: Extractor, check: Callable[[str, Extractor], None]
) -> None:
    check(type(extractor).__name__, extractor)


def test_check_estimator(extractor: Extractor) -> None:
    # It makes no images: most checks need a table, and what they check is below.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        results = estimator_checks.check_estimator(extractor)
    assert {result["status"] for result in results} == {"passed"}


def test_fitting_again_changes_nothing_and_images_stay(
    extractor: Extractor, splits: SimpleNamespace
) -> None:
    images = splits.train.images.copy()
    first = extractor.fit(images).transform(images)
    parameters = extractor.get_params()
    np.testing.assert_array_equal(extractor.fit(images).transform(images), first)
    np.testing.assert_array_equal(clone(extractor).fit_transform(images), first)
    np.testing.assert_array_equal(images, splits.train.images)
    assert extractor.get_params() == parameters


def test_rows_do_not_depend_on_other_rows(extractor: Extractor, splits: SimpleNamespace) -> None:
    images = splits.validation.images
    whole = extractor.fit(splits.train.images).transform(images)
    np.testing.assert_array_equal(extractor.transform(images[::-1]), whole[::-1])
    np.testing.assert_array_equal(extractor.transform(images[1:3]), whole[1:3])


def test_pickled(extractor: Extractor, splits: SimpleNamespace) -> None:
    extractor.fit(splits.train.images)
    copy = pickle.loads(pickle.dumps(extractor))
    images = splits.validation.images
    np.testing.assert_array_equal(copy.transform(images), extractor.transform(images))


def test_names_pass_through_a_pipeline(extractor: Extractor, splits: SimpleNamespace) -> None:
    pipeline = make_pipeline(extractor, StandardScaler()).fit(splits.train.images)
    assert list(pipeline.get_feature_names_out()) == list(extractor.get_feature_names_out())


def test_read_only_and_16_bit_images(extractor: Extractor, splits: SimpleNamespace) -> None:
    images = splits.train.images.copy()
    images.setflags(write=False)
    expected = extractor.fit(images).transform(images)
    if isinstance(extractor, BagOfVisualWords):
        with pytest.raises(ValueError, match="SIFT needs uint8"):
            extractor.transform(images.astype(np.uint16))
    else:
        np.testing.assert_array_equal(extractor.transform(images.astype(np.uint16)), expected)
