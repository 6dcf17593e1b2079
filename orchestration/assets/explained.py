"""What Dagster's pages show of an asset beside its runs: its columns, and what explains it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg


def columns(described: Iterable[tuple[str, str, str | None]]) -> dict[str, Any]:
    """Metadata of an asset: its columns, each with type and description."""
    schema = dg.TableSchema(
        columns=[dg.TableColumn(name, kind, description) for name, kind, description in described]
    )
    return {"dagster/column_schema": schema}


def files(named: Mapping[str, Path]) -> dict[str, Any]:
    """Metadata of an asset: files of the project that are there, by what they say."""
    there = {what: path for what, path in named.items() if path.is_file()}
    return {what: dg.MetadataValue.path(str(path)) for what, path in there.items()}
