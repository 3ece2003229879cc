"""Links from MLflow's descriptions to its own pages, whose addresses are known when written."""

from __future__ import annotations

from urllib.parse import urlencode

_RUN, _EXPERIMENT = "](run:", "](experiment:"
# MLflow's pages are for language models unless the address says, or the reader chose, otherwise.
TRAINING = {"workflowType": "machine_learning"}


def to_run(text: str, page: str = "") -> str:
    """Return a Markdown link to a page of the run that the text describes."""
    return f"[{text}]({_RUN[2:]}/{page}?{urlencode(TRAINING)})"


def to_runs(text: str, search_filter: str, order_by: str) -> str:
    """Return a Markdown link to runs of the same experiment, the largest of a metric first.

    Args:
        text: What is shown.
        search_filter: In the words of MLflow's search field.
        order_by: Name of the metric.
    """
    query = urlencode(
        {
            "searchFilter": search_filter,
            "orderByKey": f"metrics.`{order_by}`",
            "orderByAsc": "false",
            **TRAINING,
        }
    )
    return f"[{text}]({_EXPERIMENT[2:]}/runs?{query})"


def resolved(text: str, experiment_id: str, run_id: str) -> str:
    """Return Markdown with its links turned into addresses."""
    experiment = f"](#/experiments/{experiment_id}"
    return text.replace(f"{_RUN}/", f"{experiment}/runs/{run_id}/").replace(_EXPERIMENT, experiment)
