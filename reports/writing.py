"""Writes a list: asks the marts, lays it out, and puts the file in its place whole."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from ingestion.errors import ConfigurationError
from reports.lists.registry import LISTS
from reports.marts import read_marts
from reports.prepared import PreparedList, prepare
from reports.request import ListRequest
from reports.whole import check_folder, put_whole

FORMATS = {
    ".xlsx": ("reports.formats.excel", "write_excel"),
    ".pdf": ("reports.formats.pdf", "write_pdf"),
    ".csv": ("reports.formats.comma_separated", "write_csv"),
}
"""Module and function of each format, loaded when it is wanted."""


def read_list(marts: Path, request: ListRequest) -> PreparedList:
    """A list as the marts tell it now, which may be written to any number of files.

    Args:
        marts: published marts (`Home.marts`), or a file that `adv rebuild --into` made.
        request: which list, and whose rows of it.

    Raises:
        ConfigurationError: no such day, or nobody of such a name.
        NothingPublishedError: there are no marts yet.
        WarehouseError: they are none that lists can be made of.

    """
    with read_marts(marts) as connection:
        return prepare(connection, LISTS[request.name], request)


def write_list(prepared: PreparedList, target: Path) -> None:
    """Write a list to a file, in the format that its ending names.

    Args:
        prepared: the list.
        target: a file ending in .xlsx, .pdf or .csv; one that is there is replaced in one step.

    Raises:
        ConfigurationError: no such format, or too many lines for it.
        StorageError: the file cannot be written.

    """
    write = _writer(target)
    put_whole(target, lambda file: write(prepared, file))


def check_target(target: Path) -> None:
    """See that a list can be written there, before anything that takes long.

    Raises:
        ConfigurationError: no such format or folder.

    """
    _writer(target)
    check_folder(target)


def _writer(target: Path) -> Callable[[PreparedList, Path], None]:
    if target.suffix.lower() not in FORMATS:
        raise ConfigurationError(
            f"{target.name} should end in one of {', '.join(FORMATS)}: the format."
        )
    module, function = FORMATS[target.suffix.lower()]
    writer: Callable[[PreparedList, Path], None] = getattr(import_module(module), function)
    return writer
