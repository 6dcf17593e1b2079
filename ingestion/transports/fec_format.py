"""The French accounting file (FEC) as a format: columns, separators, numbers, dates, rules.

Tolerant in reading, strict in judging (article A. 47 A-1 of the Livre des procédures fiscales,
and what the tax administration's own tester accepts): a value that can mean one thing only is
read, however it is written, and told as a warning when it is not as the law wants it; a value
that can mean two things, or nothing, keeps its row out.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import date

from ingestion.declarations import Column, Table
from ingestion.engine import quoted_name, quoted_text
from ingestion.transports.base import Problem
from ingestion.transports.casting import Formats, Value, matches, value
from ingestion.transports.staged_rows import Rule

REGULATED = (
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
)
MAY_BE_EMPTY = frozenset(
    {"CompAuxNum", "CompAuxLib", "EcritureLet", "DateLet", "Montantdevise", "Idevise"}
)
ESSENTIAL = ("EcritureDate", "CompteNum")
"""Without these a line is no accounting entry: it is kept out."""
FURTHER = ("DateRglt", "ModeRglt", "NatOp", "IdClient")
"""Regulated for those who keep cash accounts (21 and 22 columns)."""
AMOUNTS = ("Debit", "Credit", "Montantdevise")
DATES = ("EcritureDate", "PieceDate", "DateLet", "ValidDate")
DEBIT_SIDE = ("D", "DEBIT", "+1", "1", "+")
CREDIT_SIDE = ("C", "CREDIT", "-1", "-")
NOT_CONFORMING = frozenset(
    {
        "bad_date",
        "bad_number",
        "bad_sens",
        "column_count",
        "decimal_point",
        "empty_value",
        "header_name",
        "thousands_separator",
    }
)
"""Rules whose breach makes a file formally not conforming for the tax administration."""
POINT_REFUSED_FROM = date(2019, 1, 1)
OTHER_SEPARATORS_UNTIL = date(2013, 1, 1)
LONGEST_YEAR_MONTHS = 24
SPACES = " \u00a0\u202f"
"""Read as plain spaces throughout."""
SIGN = r"[+-]? *"
SIGN_AFTER = r" *[+-]?"
CONFORMING_NUMBER = r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d{1,2})?|(\d+,?\d*|,\d+)[+-]"
GROUPED_BY_SPACE = r"\d{1,3}( \d{3})+([.,]\d*)?"
GROUPED_BY_POINT = r"\d{1,3}(\.\d{3})+,\d*"
GROUPED_BY_COMMA = r"\d{1,3}(,\d{3})+\.\d*"
# `1.234` may be one thousand and something or one and something: it is not read.
DECIMAL_POINT = r"\d*\.(\d{1,2}|\d{4,})|0*\.\d+|\d{4,}\.\d*|\d+\."
TIME = r"([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?"
YEAR_FIRST = r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
DAY_FIRST = r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})"


@dataclass(frozen=True)
class Header:
    """The first line of a file."""

    separator: str
    names: tuple[str, ...]
    """As written, without an empty last one that a trailing separator leaves."""
    positions: dict[str, int]
    """Place, from 0, of each regulated column, and of `Montant` and `Sens` in that variant."""
    problems: list[Problem] = field(default_factory=list)
    trailing_separator: bool = False
    """Lines end with one separator more than the header names columns."""

    @property
    def by_side(self) -> bool:
        """One amount and its side instead of debit and credit."""
        return "Montant" in self.positions and "Sens" in self.positions


def folded(name: str) -> str:
    """A column name without accents, case and punctuation."""
    plain = unicodedata.normalize("NFKD", name)
    return re.sub(r"[^a-z0-9]", "", plain.casefold())


def is_header(line: str) -> bool:
    """Whether a line names columns as an accounting file does."""
    return {"journalcode", "comptenum"} <= {folded(name) for name in re.split(r"[\t|;,]", line)}


def detect_separator(line: str, closing: date) -> str | None:
    """TAB or `|`; `;` only in files of years that closed before 2013; none when neither fits."""
    allowed = "\t|" + (";" if closing < OTHER_SEPARATORS_UNTIL else "")
    return next((s for s in allowed if line.count(s) >= 8), None)


def read_header(line: str, file: str, number: int, closing: date) -> Header:
    """Understand the first line; problems of severity `batch` say why it cannot be."""
    separator = detect_separator(line, closing)
    if separator is None:
        message = "no header whose columns are separated by TAB or |; is this an accounting file?"
        return Header("\t", (), {}, [Problem("batch", "separator", message, file, number)])
    names = [name.strip(SPACES + '"') for name in line.split(separator)]
    if names and not names[-1]:
        names.pop()
    problems: list[Problem] = []

    def tell(severity: str, code: str, message: str, column: str | None = None) -> None:
        problems.append(Problem(severity, code, message, file, number, column))  # type: ignore[arg-type]

    known = {folded(name): name for name in (*REGULATED, "Montant", "Sens", *FURTHER)}
    positions: dict[str, int] = {}
    unknown: dict[str, int] = {}
    for index, name in enumerate(names):
        regulated = known.get(folded(name))
        if regulated is None:
            unknown[name] = index
        elif regulated in positions:
            tell("batch", "duplicate_column", f"column {regulated} is there twice", regulated)
        else:
            positions[regulated] = index
    by_side = {"Montant", "Sens"} <= positions.keys()
    wanted = [name for name in REGULATED if not (by_side and name in ("Debit", "Credit"))]
    for name, index in list(unknown.items()):
        missing = {folded(column): column for column in wanted if column not in positions}
        close = difflib.get_close_matches(folded(name), missing, n=1, cutoff=0.88)
        if close:
            meant = missing[close[0]]
            positions[meant] = index
            del unknown[name]
            tell("warning", "header_name", f"column {name!r} is read as {meant}", meant)
    for column in wanted:
        if column in positions:
            continue
        if column in MAY_BE_EMPTY:
            tell("warning", "missing_column", f"column {column} is missing; read as empty", column)
        else:
            tell("batch", "missing_column", f"column {column} is missing", column)
    places = [positions[name] for name in wanted if name in positions]
    if by_side:
        places = [positions[n] for n in wanted if n in positions and n not in AMOUNTS]
    if places != sorted(places):
        tell("warning", "column_order", "the columns are not in the order of the law")
    if unknown:
        listed = ", ".join(repr(name) for name in list(unknown)[:10])
        tell("warning", "extra_column", f"columns that are not read: {listed}")
    return Header(separator, tuple(names), positions, problems)


def values(table: Table) -> list[Value]:
    """How each declared column is read from an accounting file's text."""
    return [_value(column) for column in table.columns]


def _value(column: Column) -> Value:
    name, kind = column.name, column.data_type
    if name in DATES:
        return Value(name, kind, _date, "bad_date", "a date written AAAAMMJJ")
    if name in AMOUNTS:
        cast = _amount if name == "Montantdevise" else _amount_or_zero
        expected = "an amount with a decimal comma that can be read in one way only"
        return Value(name, kind, cast, "bad_number", expected)
    if kind == "string":
        return Value(name, kind, lambda text: text)
    return replace(value(column, Formats()), trimmed=False)  # given by this reader, not by the file


def _date(text: str) -> str:
    def iso(pattern: str, order: str) -> str:
        parts = f"regexp_replace({text}, {quoted_text(pattern + '.*$')}, '{order}')"
        return f"try_cast({parts} as date)"

    year_first, day_first = iso(YEAR_FIRST, r"\1-\2-\3"), iso(DAY_FIRST, r"\3-\2-\1")
    return (
        f"case when {matches(text, '[0-9]{8}')} "
        f"then cast(try_strptime({text}, '%Y%m%d') as date) "
        f"when {matches(text, YEAR_FIRST[1:] + TIME)} then {year_first} "
        f"when {matches(text, DAY_FIRST[1:] + TIME)} then {day_first} end"
    )


def _amount(text: str, empty: str = "") -> str:
    bare = f"regexp_replace({text}, '[+ -]', '', 'g')"
    sign = f"case when contains({text}, '-') then '-' else '' end"

    def signed(pattern: str) -> str:
        return matches(text, f"{SIGN}({pattern})|({pattern}){SIGN_AFTER}")

    def number(digits: str) -> str:
        return f"try_cast({sign} || {digits} as decimal(18, 4))"

    comma = number(f"replace({bare}, ',', '.')")
    point_groups = number(f"replace(replace({bare}, '.', ''), ',', '.')")
    comma_groups = number(f"replace({bare}, ',', '')")
    others = f"{GROUPED_BY_SPACE}|{DECIMAL_POINT}|[0-9]+,?[0-9]*"
    return (
        f"case {empty} "
        f"when {matches(text, CONFORMING_NUMBER)} then case "
        f"when regexp_matches({text}, '[+-]$') then {comma} "
        f"else try_cast(replace({text}, ',', '.') as decimal(18, 4)) end "
        f"when {signed(GROUPED_BY_POINT)} then {point_groups} "
        f"when {signed(GROUPED_BY_COMMA)} then {comma_groups} "
        f"when {signed(others)} then {comma} end"
    )


def _amount_or_zero(text: str) -> str:
    return _amount(text, empty=f"when {text} is null then 0")


def rules(closing_column: str = "fiscal_year_end") -> list[Rule]:
    """What is judged beyond reading, row by row."""
    return [
        *(
            Rule("empty_value", "row", f"{name} is empty", f"{_x(name)} is null", name)
            for name in ESSENTIAL
        ),
        *(
            Rule("empty_value", "warning", f"{name} is empty", f"{_x(name)} is null", name)
            for name in REGULATED
            if name not in MAY_BE_EMPTY and name not in ESSENTIAL and name not in AMOUNTS
        ),
        *(rule for name in AMOUNTS for rule in _amount_rules(name, closing_column)),
        *(
            Rule(
                "date_shape",
                "warning",
                "a date that is not written AAAAMMJJ",
                f"{_v(name)} is not null and not {matches(_x(name), '[0-9]{8}')}",
                name,
            )
            for name in DATES
        ),
        *(
            Rule(
                "year_range",
                "warning",
                "a year outside 1900 to 2099",
                f"year({_v(name)}) not between 1900 and 2099",
                name,
            )
            for name in DATES
        ),
        Rule(
            "outside_year",
            "warning",
            "an entry dated outside the fiscal year of the file's name",
            f"{_v('EcritureDate')} > {_v(closing_column)} or {_v('EcritureDate')} "
            f"<= {_v(closing_column)} - interval {LONGEST_YEAR_MONTHS} month",
            "EcritureDate",
        ),
        Rule(
            "account_number",
            "warning",
            "an account number that does not begin with three digits",
            f"not regexp_matches({_x('CompteNum')}, '^[0-9]{{3}}')",
            "CompteNum",
        ),
        Rule(
            "debit_and_credit",
            "warning",
            "a line with both a debit and a credit",
            f"{_v('Debit')} <> 0 and {_v('Credit')} <> 0",
            "Debit",
        ),
        Rule(
            "no_amount",
            "warning",
            "a line with neither debit nor credit",
            f"{_v('Debit')} = 0 and {_v('Credit')} = 0",
            "Debit",
        ),
        Rule(
            "lettering_date",
            "warning",
            "a matched line (EcritureLet) without the date of its matching (DateLet)",
            f"{_x('EcritureLet')} is not null and {_x('DateLet')} is null",
            "DateLet",
        ),
    ]


def _amount_rules(name: str, closing_column: str) -> list[Rule]:
    text = _x(name)
    grouped = f"regexp_matches({text}, '[0-9] [0-9]')"
    both = f"(contains({text}, '.') and contains({text}, ','))"
    return [
        Rule(
            "decimal_point",
            "warning",
            "an amount with a decimal point, refused by the tax administration since 2019",
            f"{_v(name)} is not null and contains({text}, '.') and not contains({text}, ',') "
            f"and {_v(closing_column)} >= date '{POINT_REFUSED_FROM}'",
            name,
        ),
        Rule(
            "thousands_separator",
            "warning",
            "an amount with a separator of thousands",
            f"{_v(name)} is not null and ({grouped} or {both})",
            name,
        ),
    ]


def fields(header: Header, table: Table, constants: dict[str, str]) -> str:
    """SQL: each declared column's text from the list `parts`, or from a constant expression."""

    def part(name: str) -> str:
        return f"parts[{header.positions[name] + 1}]"

    def text(name: str) -> str:
        if name in constants:
            return constants[name]
        if header.by_side and name in ("Debit", "Credit"):
            side = DEBIT_SIDE if name == "Debit" else CREDIT_SIDE
            return f"case when {_side(part('Sens'), side)} then {part('Montant')} else '0' end"
        return part(name) if name in header.positions else "null::varchar"

    return ", ".join(f"{text(c.name)} as {quoted_name(c.name)}" for c in table.columns)


def has_trailing_separator(header: Header, line: str) -> bool:
    """Whether a line, the first after the header, ends with a separator too many."""
    found = line.split(header.separator)
    return len(found) == len(header.names) + 1 and not found[-1].strip()


def fault(header: Header) -> str:
    """SQL: why a line as a whole cannot be read, or NULL."""
    width = len(header.names)
    # A separator too many at the end is harmless where every line has it; where only one line
    # has, it stands inside a label and has moved all fields behind it.
    trailing = ""
    if header.trailing_separator:
        trailing = f"and not (len(parts) = {width + 1} and trim(parts[{width + 1}]) = '')"
    count = (
        f"when len(parts) <> {width} {trailing} then 'column_count: the line has ' "
        f"|| len(parts) || ' fields where the header has {width}'"
    )
    side = ""
    if header.by_side:
        given = f"parts[{header.positions['Sens'] + 1}]"
        known = _side(given, DEBIT_SIDE + CREDIT_SIDE)
        side = f"when not {known} then 'bad_sens: Sens is neither D nor C'"
    return f"case {count} {side} end"


def _side(text: str, allowed: tuple[str, ...]) -> str:
    listed = ", ".join(quoted_text(word) for word in allowed)
    return f"coalesce(upper(trim({text})), '') in ({listed})"


def _x(name: str) -> str:
    return quoted_name(f"x.{name}")


def _v(name: str) -> str:
    return quoted_name(f"v.{name}")
