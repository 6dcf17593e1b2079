"""What is said beside the numbers of a list: under its title, and of lines that are not shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reports import wording
from reports.numbers import day, instant, whole
from reports.prepared import PreparedList
from reports.request import Language


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


def and_more(left: int, language: Language) -> str:
    """That so many lines are not shown."""
    phrase = wording.AND_ONE_MORE if left == 1 else wording.AND_MORE
    return phrase[language].format(left=whole(left, language))


def left_out(shown: int, all_lines: int, selection: str, language: Language) -> str:
    """That only so many of all lines are printed, and by what they were chosen."""
    left = all_lines - shown
    phrase = wording.ONE_LEFT_OUT if left == 1 else wording.LEFT_OUT
    return phrase[language].format(
        shown=whole(shown, language),
        all=whole(all_lines, language),
        left=whole(left, language),
        selection=f" ({selection})" if selection else "",
    )
