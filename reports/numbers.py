"""Numbers and days as a reader of the language writes them, by the CLDR data of Babel."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Any

from babel.dates import format_date, format_time
from babel.numbers import format_decimal, get_currency_precision

from reports.definition import Kind
from reports.request import Language

LOCALES = {
    Language.FRENCH: "fr_FR",
    Language.ITALIAN: "it_IT",
    # Day before month, as everywhere in Europe.
    Language.ENGLISH: "en_GB",
}
DAYS_REMEMBERED = 10_000
"""Days whose words are kept: a list names the same ones again and again."""


@cache
def minor_unit(currency: str | None) -> Decimal:
    """The smallest amount of a currency: 0.01 for most, 1 for the yen."""
    return Decimal(1).scaleb(-get_currency_precision(currency) if currency else -2)


def rounded(amount: Decimal, currency: str | None) -> Decimal:
    """An amount in whole minor units of its currency."""
    return amount.quantize(minor_unit(currency), ROUND_HALF_UP)


@lru_cache(maxsize=DAYS_REMEMBERED)
def day(value: date, language: Language) -> str:
    """A day, the month in words where digits could be read two ways."""
    return format_date(value, "medium", LOCALES[language])


@lru_cache(maxsize=DAYS_REMEMBERED)
def month(value: date, language: Language) -> str:
    """A month of a year."""
    return format_date(value, "LLL y", LOCALES[language])


def long_day(value: date, language: Language) -> str:
    """A day as a letter has it."""
    return format_date(value, "long", LOCALES[language])


def instant(value: datetime, language: Language) -> str:
    """An instant, to the minute."""
    return f"{day(value, language)}, {format_time(value, 'short', locale=LOCALES[language])}"


def money(value: Decimal, currency: str | None, language: Language) -> str:
    """An amount without its currency, in its minor units."""
    places = -int(minor_unit(currency).as_tuple().exponent)
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return str(format_decimal(value, pattern, LOCALES[language]))


def exact(value: Decimal | int, language: Language) -> str:
    """An amount with all its decimals, as far as the marts keep any."""
    return str(format_decimal(value, "#,##0.######", LOCALES[language]))


def whole(value: Decimal | int, language: Language) -> str:
    """A number without decimals."""
    return str(format_decimal(value, "#,##0", LOCALES[language]))


def shown(value: Any, kind: Kind, currency: str | None, language: Language) -> str:
    """Any value of a list as text."""
    if value is None:
        return ""
    if kind is Kind.MONEY:
        return money(value, currency, language)
    if kind is Kind.DATE:
        return day(value, language)
    if kind is Kind.MONTH:
        return month(value, language)
    if kind is Kind.INSTANT:
        return instant(value, language)
    if kind is Kind.SHARE:
        return whole(value * 100, language) + " %"
    if kind is Kind.DECIMAL:
        return str(format_decimal(value, "#,##0.00", LOCALES[language]))
    if kind in (Kind.COUNT, Kind.DAYS_LATE):
        return whole(value, language)
    return str(value)
