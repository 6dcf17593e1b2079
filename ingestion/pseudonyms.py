"""The installation's own secret, which stands behind employees' pseudonyms."""

from __future__ import annotations

import secrets

from ingestion.home import Home

OWNER_ONLY = 0o600
FOLDER_OF_OWNER_ONLY = 0o700


def pseudonym_key(home: Home) -> str:
    """The secret, made once and readable by its owner only.

    With another key every pseudonym changes; without one, anybody could recompute them from a
    list of names.
    """
    path = home.pseudonym_key
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        temporary.touch(mode=OWNER_ONLY)
        temporary.write_text(secrets.token_hex(32), encoding="ascii")
        temporary.rename(path)
    return path.read_text(encoding="ascii").strip()
