"""Rows as a Parquet file. MLflow brings pyarrow, which writes it."""

from __future__ import annotations

import os
from pathlib import Path

from automl.errors import writing
from automl.prediction.rows import Columns

NUMBERS = ("frame", "confidence")


def convert(rows: Path, out: Path, columns: Columns) -> None:
    """Write the rows of a CSV file to a Parquet file, which is whole or absent.

    ``frame`` is int32, probabilities and ``confidence`` are float64, ``diffraction`` is boolean,
    all other columns are text; what a row with an error lacks is null.

    Raises:
        SearchError: The file cannot be written.
    """
    import pyarrow
    from pyarrow import csv, parquet

    types = dict.fromkeys(columns.names, pyarrow.string())
    types |= dict.fromkeys(columns.probabilities, pyarrow.float64())
    types |= {"frame": pyarrow.int32(), "confidence": pyarrow.float64()}
    types |= {"diffraction": pyarrow.bool_()}
    options = csv.ConvertOptions(
        column_types=types,
        true_values=["yes"],
        false_values=["no"],
        null_values=[""],
        strings_can_be_null=True,
    )
    parsing = csv.ParseOptions(newlines_in_values=True)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    with writing(out):
        try:
            table = csv.read_csv(rows, parse_options=parsing, convert_options=options)
            parquet.write_table(table, partial)
            partial.replace(out)
        finally:
            partial.unlink(missing_ok=True)
