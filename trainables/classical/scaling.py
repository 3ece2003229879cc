"""Features brought to a common scale by the statistics of the images at hand."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

FEWEST = 2
"""Images that have a deviation."""


class TargetScaler(StandardScaler):
    """Standardises features by the mean and deviation of the images that are classified together.

    No label is looked at. What adaptive batch normalisation does within a network (AdaBN, Li et
    al. 2016) is done here to a feature vector; it is the first half of CORAL (Sun, Feng & Saenko
    2016), which also aligns how features go together. It takes the images of a domain to be of
    the classes that training had, about as often: where a domain has more blanks, its mean is
    nearer to theirs.

    `fit` keeps the statistics of training; they serve fewer than `FEWEST` images, which have
    none of their own.
    """

    per_split = True

    def transform(self, X: NDArray[np.float64], copy: bool | None = None) -> NDArray[np.float64]:
        """Features (n, features) of mean 0 and deviation 1 over the n of this call."""
        if len(X) < FEWEST:
            scaled: Any = super().transform(X, copy=copy)
        else:
            scaled = StandardScaler(with_mean=self.with_mean).fit(X).transform(X, copy=copy)
        return np.asarray(scaled)
