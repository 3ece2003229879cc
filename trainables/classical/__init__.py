"""RF and SVM on image features, the paper's classical approaches (sections 4.1, 4.2, Table 8)."""

from trainables.classical.fitted import FittedModel
from trainables.classical.trainable import Classical

__all__ = ["Classical", "FittedModel"]
