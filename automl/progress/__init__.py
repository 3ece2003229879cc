"""What a person sees while a search runs: a live table on a terminal, plain lines elsewhere."""

from automl.progress.display import Progress

__all__ = ["Progress"]
