"""SQL that turns a source's text into declared types, and says when it cannot.

Everything is read as text first, so that a value which is not what it should be is seen, named
and kept, instead of failing the read or becoming NULL. DuckDB's own casts are too generous for
that (`1.5` becomes the integer 2, `1_000` a number), so each value is matched with a pattern
before it is cast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ingestion.declarations import Column
from ingestion.engine import quoted_text
from ingestion.errors import ConfigurationError

TRUE = ("true", "t", "1", "yes", "y", "vrai", "oui", "vero", "sì", "si")
FALSE = ("false", "f", "0", "no", "n", "faux", "non", "falso")
INTEGERS = ("tinyint", "smallint", "integer", "bigint")
DATE = r"\d{4}-\d{2}-\d{2}"
MIDNIGHT = r"[T ]00:00(:00(\.0+)?)?(Z|[+-]00(:?00)?)?"
TIME = r"[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
OFFSET = r"\s?(Z|[+-]\d{2}(:?\d{2})?)"
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?"
EXCEL_SERIAL = r"\d{1,6}(\.\d+)?"
EXCEL_DAY_ZERO = {False: "1899-12-30", True: "1904-01-01"}


@dataclass(frozen=True)
class Formats:
    """How a source writes numbers and dates; ISO with a decimal point unless it says otherwise."""

    decimal_mark: str = "."
    thousands_separator: str | None = None
    date_format: str | None = None
    """Pattern such as `%d/%m/%Y`; ISO 8601 when empty."""
    timestamp_format: str | None = None
    time_zone: str = "UTC"
    """Time zone of times written without one."""
    excel: bool = False
    """From a workbook: numbers are stored with a point whatever the sheet shows, dates are day
    numbers; both may also be typed as text in the formats above."""
    excel_1904: bool = False
    """The workbook counts its days from 1904, as old ones from Macintoshes do."""
    has_empty_text: bool = False
    """Empty text is a value of its own, as in databases, which know NULL beside it."""


@dataclass(frozen=True)
class Value:
    """How one declared column is had from its text."""

    name: str
    data_type: str
    """As declared, which DuckDB understands."""
    cast: Callable[[str], str]
    """From SQL that gives the text (trimmed, NULL when empty) to SQL that gives the value, NULL
    when the text cannot be read."""
    code: str = ""
    """Name of the rule that unreadable text breaks; empty when every text can be read."""
    expected: str = ""
    """What the text should have been, in words."""
    trimmed: bool = True
    """Spaces around the text mean nothing."""
    blank_is_none: bool = True
    """Empty text is no value."""
    empty: tuple[str, ...] = ()
    """Values that stand for none, as SQL writes them."""


def value(column: Column, formats: Formats) -> Value:
    """How to read a column that a source writes in these formats.

    Raises:
        ConfigurationError: the declared type is none that files can give.

    """
    return replace(_value(column, formats), empty=column.empty)


def _value(column: Column, formats: Formats) -> Value:
    name, kind = column.name, column.data_type.lower()
    if kind == "string":
        blank_is_none = not formats.has_empty_text
        return Value(name, kind, lambda text: text, trimmed=False, blank_is_none=blank_is_none)
    if kind in INTEGERS:
        return Value(name, kind, _integer(kind, formats), "bad_number", "a whole number")
    if kind.startswith("decimal") or kind == "double":
        mark = "comma" if formats.decimal_mark == "," else "point"
        expected = f"a number with a decimal {mark} that fits {kind}"
        return Value(name, kind, _number(kind, formats), "bad_number", expected)
    if kind == "date":
        expected = f"a date written {formats.date_format or 'YYYY-MM-DD'}"
        return Value(name, kind, _date(formats), "bad_date", expected)
    if kind == "timestamp":
        expected = f"a time written {formats.timestamp_format or 'YYYY-MM-DD HH:MM:SS'}"
        return Value(name, kind, _timestamp(formats), "bad_date", expected)
    if kind == "boolean":
        return Value(name, kind, _boolean, "bad_boolean", "true or false")
    raise ConfigurationError(f"column {name}: files cannot give the type {column.data_type!r}.")


def matches(text: str, pattern: str) -> str:
    """SQL: the whole text is of this form."""
    return f"regexp_full_match({text}, {quoted_text(pattern)})"


def _plain(formats: Formats) -> Callable[[str], str]:
    """Removes thousands separators, and makes the decimal mark a point."""

    def plain(text: str) -> str:
        if formats.thousands_separator:
            # French sheets write no-break spaces where people see spaces.
            spaces = " \u00a0\u202f" if formats.thousands_separator == " " else ""
            for separator in spaces or formats.thousands_separator:
                text = f"replace({text}, {quoted_text(separator)}, '')"
        if formats.decimal_mark == ",":
            text = f"translate({text}, ',.', '.#')"  # a stray point must not pass as a decimal
        return text

    return plain


def _number(kind: str, formats: Formats) -> Callable[[str], str]:
    plain = _plain(formats)

    def cast(text: str) -> str:
        stored = f"when {matches(text, NUMBER)} then {_rounded(text, kind)}" * formats.excel
        read = f"when {matches(plain(text), NUMBER)} then {_rounded(plain(text), kind)}"
        return f"case {stored} {read} end"

    return cast


def _rounded(text: str, kind: str) -> str:
    direct = f"try_cast({text} as {kind})"
    if kind == "double":
        return direct
    # DuckDB rounds 6e-9 up to 0.0001: what has an exponent is first read with all of its digits.
    exact = f"try_cast(try_cast({text} as decimal(38, 28)) as {kind})"
    return f"if(contains(lower({text}), 'e'), coalesce({exact}, {direct}), {direct})"


def _integer(kind: str, formats: Formats) -> Callable[[str], str]:
    plain = _plain(formats)
    pattern = r"[+-]?\d+(\.0*)?"

    def whole(text: str) -> str:
        return f"when {matches(text, pattern)} then try_cast(split_part({text}, '.', 1) as {kind})"

    def cast(text: str) -> str:
        return f"case {whole(text) * formats.excel} {whole(plain(text))} end"

    return cast


def _excel_day(text: str, formats: Formats) -> str:
    return f"(date '{EXCEL_DAY_ZERO[formats.excel_1904]}' + cast(trunc({text}::double) as integer))"


def _date(formats: Formats) -> Callable[[str], str]:
    def cast(text: str) -> str:
        if formats.date_format:
            pattern = quoted_text(formats.date_format)
            branches = f"when true then cast(try_strptime({text}, {pattern}) as date)"
        else:
            branches = (
                f"when {matches(text, f'{DATE}({MIDNIGHT})?')} "
                f"then try_cast(substr({text}, 1, 10) as date)"
            )
        if formats.excel:
            whole = matches(text, r"\d{1,6}(\.0*)?")
            branches = f"when {whole} then {_excel_day(text, formats)} {branches}"
        return f"case {branches} end"

    return cast


def _timestamp(formats: Formats) -> Callable[[str], str]:
    def local(instant: str) -> str:
        if formats.time_zone == "UTC":
            return instant
        return f"timezone('UTC', timezone({quoted_text(formats.time_zone)}, {instant}))"

    def cast(text: str) -> str:
        if formats.timestamp_format:
            read = f"try_strptime({text}, {quoted_text(formats.timestamp_format)})"
            if "%z" in formats.timestamp_format:
                branches = f"when true then timezone('UTC', {read})"
            else:
                branches = f"when true then {local(read)}"
        else:
            branches = (
                f"when {matches(text, f'{DATE}({TIME})?')} "
                f"then {local(f'try_cast({text} as timestamp)')} "
                f"when {matches(text, DATE + TIME + OFFSET)} "
                f"then timezone('UTC', try_cast({_with_seconds(text)} as timestamptz))"
            )
        if formats.excel:
            # To the millisecond: the binary fraction of a day is no finer.
            part = f"to_milliseconds(cast(round(({text}::double % 1) * 86400000) as bigint))"
            moment = local(f"({_excel_day(text, formats)} + {part})")
            branches = f"when {matches(text, EXCEL_SERIAL)} then {moment} {branches}"
        return f"case {branches} end"

    return cast


def _with_seconds(text: str) -> str:
    """DuckDB reads no space before an offset, and a time without seconds only without offset."""
    close = f"regexp_replace({text}, '\\s([Z+-])', '\\1')"
    return f"regexp_replace({close}, '^(.{{10}}[T ][0-9]{{2}}:[0-9]{{2}})([^0-9:]|$)', '\\1:00\\2')"


def _boolean(text: str) -> str:
    def listed(words: tuple[str, ...]) -> str:
        return ", ".join(quoted_text(word) for word in words)

    return (
        f"case when lower({text}) in ({listed(TRUE)}) then true "
        f"when lower({text}) in ({listed(FALSE)}) then false end"
    )
