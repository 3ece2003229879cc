"""Whether a table can be written where it is wanted, found out before any work."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from automl.errors import UserError

PARQUET = ".parquet"


def rows_beside(out: Path) -> Path:
    """Return the CSV file that keeps the rows of a Parquet file until they are complete."""
    return out.with_name(f"{out.name}.rows.csv")


def check_place(out: Path) -> None:
    """Refuse a table that cannot be written; nothing is created.

    What shows only as rows are written, such as a full disk, is left to the writing.

    Args:
        out: A ``.csv`` or ``.parquet`` file; it may be there, or lack folders above it.

    Raises:
        UserError: It is a folder, a Parquet file that is there, or refused by the system.
    """
    _check(out)
    if out.suffix.lower() == PARQUET:
        if os.access(out, os.F_OK):
            raise UserError(
                f"--out: {out} is there and a Parquet file cannot be continued; choose another "
                "file, or use .csv"
            )
        _check(rows_beside(out))


def _check(path: Path) -> None:
    # With os.path, which answers where pathlib would raise: below a folder that is closed to us.
    if os.path.isdir(path):  # noqa: PTH112
        raise UserError(f"--out: {path} is a folder; name a file in it")
    if os.access(path, os.F_OK):
        place, wanted = path, os.R_OK | os.W_OK
    else:
        place = next(above for above in path.parents if os.path.lexists(above))
        wanted = os.W_OK | os.X_OK
        if not os.path.isdir(place):  # noqa: PTH112
            raise _refusal(place, errno.EEXIST)
    if not os.access(place, wanted):
        is_read_only = os.statvfs(place).f_flag & os.ST_RDONLY
        raise _refusal(place, errno.EROFS if is_read_only else errno.EACCES)


def _refusal(place: Path, why: int) -> UserError:
    return UserError(f"{place}: cannot be written ({os.strerror(why)})")
