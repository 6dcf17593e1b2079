"""What a printed page says."""

from __future__ import annotations

from pathlib import Path

from pypdf import PdfReader


def text_of(file: Path) -> str:
    """Its words, whatever kinds of space stand between them."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(file).pages).split())
