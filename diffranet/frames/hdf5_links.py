"""Where the pixels of an HDF5 stack really lie: in its file, or in files that it names.

An HDF5 file cannot carry code: filters are libraries of this machine, found by number. But it can
name other files of this machine, as a detector's master file does. Those of its own folder, and
of folders below, are read; a file from a stranger does not choose what else is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diffranet.errors import DataError


def refuse_strangers(stack: Any, path: Path) -> None:
    """Refuse a stack with pixels outside of the folder of its file.

    Args:
        stack: An open dataset of h5py, perhaps reached through links.
        path: The file that was named.

    Raises:
        DataError: Naming the file that the stack leads to.
    """
    if stack.external:
        raise DataError(f"{path}:{stack.name} keeps its pixels as raw bytes of other files")
    # Links are followed from the name of a file and from what that name is a link to.
    folders = {path.absolute().parent.resolve(), path.resolve().parent}
    sources = stack.virtual_sources() if stack.is_virtual else []
    named = [one.file_name for one in sources if one.file_name != "."]
    # What HDF5 opened it has by its path; what it is yet to open stands beside the file.
    places = {stack.file.filename: {Path(stack.file.filename).resolve()}}
    places |= {name: {(folder / name).resolve() for folder in folders} for name in named}
    for name, found in places.items():
        if not any(file.is_relative_to(folder) for file in found for folder in folders):
            raise DataError(
                f"{path} leads to {name}, outside of its folder; name that file itself, or put "
                "the two together"
            )
