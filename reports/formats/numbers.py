"""Numbers, days and notes as a reader of the language writes them, by the CLDR data of Babel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from reports import wording
from reports.definition import Kind
from reports.prepared import PreparedList, minor_unit
from reports.request import Language

LOCALES = {
    Language.FRENCH: "fr_FR",
    Language.ITALIAN: "it_IT",
    # Day before month, as everywhere in Europe.
    Language.ENGLISH: "en_GB",
}


@dataclass(frozen=True)
class Note:
    """A line under the title of a list."""

    text: str
    is_warning: bool = False


def day(value: date, language: Language) -> str:
    """A day, the month in words where digits could be read two ways."""
    return format_date(value, "medium", LOCALES[language])


def long_day(value: date, language: Language) -> str:
    """A day as a letter has it."""
    return format_date(value, "long", LOCALES[language])


def instant(value: datetime, language: Language) -> str:
    """An instant, to the minute."""
    return format_datetime(value, "medium", locale=LOCALES[language])


def money(value: Decimal, currency: str | None, language: Language) -> str:
    """An amount without its currency, in its minor units."""
    places = -int(minor_unit(currency).as_tuple().exponent)
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return str(format_decimal(value, pattern, LOCALES[language]))


def shown(value: Any, kind: Kind, currency: str | None, language: Language) -> str:
    """Any value of a list as text."""
    if value is None:
        return ""
    if kind is Kind.MONEY:
        return money(value, currency, language)
    if kind is Kind.DATE:
        return day(value, language)
    if kind is Kind.SHARE:
        return str(format_decimal(value * 100, "#,##0", LOCALES[language])) + " %"
    if kind is Kind.DECIMAL:
        return str(format_decimal(value, "#,##0.0", LOCALES[language]))
    return str(value)


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
