"""Searches side by side: what differs between them, what each found, and what that proves."""

from automl.comparison.build import compare

__all__ = ["compare"]
