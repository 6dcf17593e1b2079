"""The marts that have an oracle, by name: what the test and the command go through.

Each module here recomputes one theme's marts and names them in its `ORACLES`.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tests.oracle.oracle import Oracle

REGISTRY: dict[str, Oracle] = {
    mart: oracle
    for module in iter_modules(__path__, f"{__name__}.")
    for mart, oracle in import_module(module.name).ORACLES.items()
}
