"""A list as it is asked for and written."""

from __future__ import annotations

from pathlib import Path

from reports.prepared import PreparedList
from reports.request import ListRequest
from reports.writing import read_list, write_list


def written(marts: Path, request: ListRequest, target: Path) -> PreparedList:
    """Ask the marts for a list, and write it to a file."""
    prepared = read_list(marts, request)
    write_list(prepared, target)
    return prepared
