"""What must hold of French accounting files.

The reader reports every line that breaks the format; this is about what the lines say.
"""

from __future__ import annotations

from collections.abc import Mapping

from data_quality.rules import BATCH, NEVER, QueryRule, Reference, Rule, given, holds
from ingestion.landing import Manifest

EMPTY_KEY_PARTS: Mapping[str, frozenset[str]] = {}
REFERENCES: tuple[Reference, ...] = ()

LINES = (
    given("JournalCode", "EcritureDate", "CompteNum", "Debit", "Credit"),
    holds(
        "one_side",
        "a line is on one side, debit or credit",
        "Debit = 0 or Credit = 0",
        severity="warning",
    ),
    holds(
        "account_number",
        "an account number begins with three digits",
        "regexp_matches(CompteNum, '^[0-9][0-9][0-9]')",
        severity="warning",
        threshold=NEVER,
    ),
)


def rules(manifest: Manifest) -> tuple[Rule, ...]:
    """The rules of the file's lines, and of the books they make."""
    return (*LINES, _books_balance(manifest), _entries_balance())


def _books_balance(manifest: Manifest) -> QueryRule:
    # A file cut short does not balance. One whose unreadable lines were set apart cannot.
    complete = manifest.rejected_rows == 0
    return QueryRule(
        "books_balance",
        "debit equals credit over each company and year",
        f"""
        select
            siren || '/' || fiscal_year_end || ' (debit ' || sum(Debit) || ', credit '
                || sum(Credit) || ')' as example,
            count(*) as n
        from {BATCH}
        group by siren, fiscal_year_end
        having sum(Debit) <> sum(Credit)
        """,
        severity="batch" if complete else "warning",
        threshold=0.0 if complete else NEVER,
    )


def _entries_balance() -> QueryRule:
    return QueryRule(
        "entries_balance",
        "debit equals credit within each entry",
        f"""
        select JournalCode || '/' || coalesce(EcritureNum, '(empty)') as example, count(*) as n
        from {BATCH}
        group by siren, fiscal_year_end, JournalCode, EcritureNum
        having sum(Debit) <> sum(Credit)
        """,
        severity="warning",
        threshold=NEVER,
    )
