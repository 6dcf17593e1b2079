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

# Browsers speak to this Superset and to nobody else: its pages count their visits at a third party.
OWN = "'self'"
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": [OWN],
        "default-src": [OWN],
        "img-src": [OWN, "blob:", "data:"],
        "object-src": "'none'",
        "script-src": [OWN, "'strict-dynamic'"],
        "style-src": [OWN, "'unsafe-inline'"],
        "worker-src": [OWN, "blob:"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
