"""What an installation on a server is made of."""

from __future__ import annotations

from pathlib import Path

from ingestion.home import PROJECT


def entries(file: Path) -> set[str]:
    """What a file of ignored names lists, whether below the checkout or anywhere in it."""
    lines = file.read_text(encoding="utf-8").splitlines()
    names = (line.strip("/").removeprefix("**/") for line in lines)
    return {name for name in names if name and not name.startswith("#")}


def test_an_image_holds_neither_state_nor_secrets_of_the_checkout() -> None:
    kept_out = entries(PROJECT / ".dockerignore")
    assert kept_out >= {".adv", ".git", ".venv", "*.env"}
    assert entries(PROJECT / ".gitignore") - kept_out == set()
