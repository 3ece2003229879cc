"""What this package refuses, and how it says so."""

from __future__ import annotations


class DataError(ValueError):
    """Bad options, a bad folder or a bad image; the message is one line and names the culprit."""


class UnfinishedError(DataError):
    """Work that began and cannot go on; what it has made stays whole, and can be taken up."""


class SealedSplitError(PermissionError):
    """A test split was asked of a data set that is still sealed."""
