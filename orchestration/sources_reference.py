"""Every setting of `sources.yaml`, written from the models that check it: `docs/sources.md`.

Run as `python -m orchestration.sources_reference docs/sources.md`, which `make docs` does.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ingestion.config import cockpit, publish_to, reports, sources, sources_file, storage
from ingestion.config.connection import Connection, MariadbConnection
from ingestion.config.limits import Limits, PublicationLimits, Retention
from ingestion.config.odbc import OdbcConnection
from ingestion.config.spark import SparkSettings
from ingestion.transports.fatturapa import FatturapaOptions
from ingestion.transports.fec import FecOptions
from ingestion.transports.files import FileOptions

INTRODUCTION = """\
# Every setting of sources.yaml

Written by `make docs` from the models that check the file; do not edit.

`adv init` writes a file to begin with, with `--system` and `--transport` one for a single system;
`adv check` says by file, line and field what is wrong. What each system takes is told in
[docs/connectors](connectors/README.md). Passwords and tokens are never written here: `${NAME}`
refers to a variable of the environment. Paths are found from the folder of the file on.
"""
SECTIONS: Mapping[str, tuple[type[BaseModel], ...]] = {
    "The file": (sources_file.Sources,),
    "`publication`": (PublicationLimits,),
    "`publish_to.postgres`, beside a `connection` of PostgreSQL": (publish_to.PostgresServer,),
    "`retention`": (Retention,),
    "`reports.lists`": (reports.ListDelivery,),
    "`reports.digests`": (reports.DigestDelivery,),
    "`cockpit`": (cockpit.CockpitSettings,),
    "`cockpit.sign_in`": (cockpit.SignIn,),
    "`cockpit.people`, by the name that the proxy gives": (cockpit.Person,),
    "`spark`": (SparkSettings,),
    "Every source": (sources.SourceSettings,),
    "`limits` of a source": (Limits,),
    "Sources with `transport: postgres`": (sources.DatabaseSource, sources.PostgresSource),
    "Sources with `transport: mariadb`": (sources.DatabaseSource, sources.MariadbSource),
    "Sources with `transport: odbc`": (sources.DatabaseSource, sources.OdbcSource),
    "Sources with `transport: sqlite` or `duckdb`": (sources.OnePath, sources.DatabaseSource),
    "Sources with `transport: files`": (sources.FolderSource, sources.FileSource),
    "Sources with `transport: fec` or `fatturapa`": (sources.FolderSource, sources.FecSource),
    "Sources with `transport: rest`": (sources.RestSource,),
    "`connection` of PostgreSQL": (Connection,),
    "`connection` of MariaDB and MySQL, beside what PostgreSQL's takes": (MariadbConnection,),
    "`connection` by ODBC": (OdbcConnection,),
    "`storage` of a folder elsewhere": (storage.Storage,),
    "`options` of files": (FileOptions,),
    "`options` of accounting files (FEC)": (FecOptions,),
    "`options` of FatturaPA": (FatturapaOptions,),
}
HEAD = ("| setting | default | |", "|---|---|---|")


def page() -> str:
    """The page as a whole."""
    lines = [INTRODUCTION]
    for title, models in SECTIONS.items():
        lines += [f"## {title}", "", _first_sentence(models[-1]), "", *HEAD]
        lines += [*(_row(model, name) for model, name in _settings(models)), ""]
    return "\n".join(lines)


def _settings(models: tuple[type[BaseModel], ...]) -> Iterator[tuple[type[BaseModel], str]]:
    """The settings that these models have of their own, or from a base that is no section."""
    told = {"transport"}  # which the heading says
    for model in models:
        for name in model.model_fields:
            owner = next(each for each in model.__mro__ if name in vars(each)["__annotations__"])
            if name not in told and (owner in models or owner not in _told_elsewhere()):
                told.add(name)
                yield owner, name


@cache
def _told_elsewhere() -> frozenset[type[BaseModel]]:
    return frozenset({sources.SourceSettings, *(models[-1] for models in SECTIONS.values())})


def _row(model: type[BaseModel], name: str) -> str:
    said = " ".join(_docstrings(model).get(name, "").split()).replace("|", "\\|")
    return f"| `{name}` | {_default(model.model_fields[name])} | {said} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**must be given**"
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    if value is None or isinstance(value, BaseModel) or value in ((), {}, ""):
        return ""
    if isinstance(value, tuple):
        return ", ".join(f"`{each}`" for each in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _first_sentence(model: type[BaseModel]) -> str:
    return inspect.cleandoc(model.__doc__ or "").partition("\n\n")[0]


@cache
def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """What stands below each field in the model's own source."""
    source = inspect.getsource(sys.modules[model.__module__])
    (found,) = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == model.__name__
    ]
    return {
        field.target.id: str(text.value.value)
        for field, text in zip(found.body, found.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.parse_args().file.write_text(page(), encoding="utf-8")
