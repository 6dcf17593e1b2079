"""Superset's settings here; Superset reads the names in capitals.

Its metadata is SQLite in SUPERSET_HOME, as is its default.
"""

import os
from pathlib import Path

SECRET_KEY = (Path(os.environ["SUPERSET_HOME"]) / "secret_key").read_text(encoding="utf-8")

# Nothing is cached: the marts answer in milliseconds, and a refresh is seen at once.
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}

# Every request is logged into that SQLite: whoever meets another writer waits instead of failing.
SQLALCHEMY_ENGINE_OPTIONS = {"connect_args": {"timeout": 60}}
