"""The report of a search: one self-contained HTML page beside the paper's tables."""

from automl.report.build import build_report

__all__ = ["build_report"]
