"""What this package refuses, and how it says so."""

from __future__ import annotations


class DataError(ValueError):
    """Bad options, a bad folder or a bad image; the message is one line and names the culprit."""


class SealedSplitError(PermissionError):
    """A test split was asked of a data set that is still sealed."""
