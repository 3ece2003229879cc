from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
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
