"""Text of others that a spreadsheet could take for a formula."""

from __future__ import annotations

import re

STARTS_A_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""Signs, their full-width forms, and white space that programs skip before them."""
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""What no spreadsheet can hold, and no reader needs."""


def without_formula(text: str) -> str:
    """Text that stays text: an apostrophe before what looks like the beginning of a formula."""
    plain = CONTROLS.sub("", text)
    return f"'{plain}" if STARTS_A_FORMULA.match(plain) else plain
