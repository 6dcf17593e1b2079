"""Fills Typst templates in: data is handed over as such, and never becomes markup."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import typst

from ingestion.home import PROJECT


@cache
def _compiler() -> typst.Compiler:
    # The fonts of the package alone: a page looks the same on every machine.
    return typst.Compiler(root=PROJECT, ignore_system_fonts=True)


def typeset(template: Path, data: dict[str, Any], target: Path) -> None:
    """Write a PDF from a template and its data."""
    _compiler().compile(template, output=target, sys_inputs={"data": json.dumps(data)})
