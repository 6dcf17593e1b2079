"""What stands under the title of every list, before anybody believes a number of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reports import wording
from reports.numbers import day, instant
from reports.prepared import PreparedList


@dataclass(frozen=True)
class Note:
    """A line under the title of a list."""

    text: str
    is_warning: bool = False


def note_lines(prepared: PreparedList) -> Iterator[Note]:
    """What a reader must know first: of which day it is, how far the books and sources go."""
    language, known = prepared.language, prepared.provenance
    yield Note(
        f"{wording.AS_OF[language].format(day=day(known.as_of, language))} · "
        + wording.KNOWN_AT[language].format(instant=instant(known.known_at, language))
    )
    for name in prepared.only:
        yield Note(wording.ONLY[language].format(name=name))
    for books in known.books:
        last = books.last_bank_entry
        yield Note(
            wording.LAST_BANK_ENTRY[language].format(
                company=books.company,
                day=day(last, language) if last else wording.NO_BANK_ENTRY[language],
            )
        )
    for old in known.old_sources:
        yield Note(
            wording.OLD_SOURCE[language].format(
                source=old.source, instant=instant(old.read_at, language)
            ),
            is_warning=True,
        )
