"""What was posted late of a day that had been published, row by row on the small company."""

from __future__ import annotations

from datetime import date

from ingestion.home import Home
from tests.command import adv
from tests.orchestration.conftest import ask
from tests.orchestration.figures import added, figures, late, restated_from_postings


def test_the_first_publication_of_a_company_has_no_differences(first_night: Home) -> None:
    assert ask(first_night, "select count(*) from kpi.as_of_differences") == [(0,)]


def test_late_orders_and_payments_that_moved_are_told_one_by_one(night: Home) -> None:
    before = figures(night, date(2026, 2, 15))
    exports = night.root / "exports"
    documents, lines = exports / "documents.csv", exports / "document_lines.csv"
    documents.write_text(
        documents.read_text() + "o9,acme,order,SO9,waiting,email,rossi,rossi,false,EUR,10,2,12,10,"
        "12,2026-02-10,2026-02-10 08:00:00,2026-02-10 09:00:00,,2026-03-20,,\n"
    )
    lines.write_text(lines.read_text() + "o9-1,o9,acme,1,product,bolt,10,1,10,10,\n")
    for name in ("payments.csv", "payment_allocations.csv"):
        table = exports / name
        table.write_text(table.read_text().replace("2026-02-12", "2026-02-14"))
    result = adv(night, "run", "--as-of", "2026-02-16")
    assert result.returncode == 0, result.stdout + result.stderr

    told = ask(
        night,
        "select measure, entity_id, business_date::varchar, change, amount::double "
        "from kpi.as_of_differences order by all",
    )
    assert told == [
        ("open_receivables", "small/i1-1", "2026-02-12", "withdrawn", 25),
        ("open_receivables", "small/i1-1", "2026-02-14", "posted", -25),
        ("order_book_to_deliver", "small/o9-1", "2026-02-10", "posted", 10),
        ("order_intake", "small/o9-1", "2026-02-10", "posted", 10),
    ]
    day = date(2026, 2, 15)
    assert added(before, late(night, day)) == restated_from_postings(night, day)

    # The same day once more: its own news is not late for it, and what was late stays told.
    documents.write_text(
        documents.read_text().replace(",10,2,12,10,12,2026-02-10,", ",10,2,12,10,12,2026-02-11,")
    )
    result = adv(night, "run", "--as-of", "2026-02-16")
    assert result.returncode == 0, result.stdout + result.stderr
    assert ask(night, "select as_of_date::varchar from meta.publications order by 1") == [
        ("2026-02-15",),
        ("2026-02-16",),
    ]
    assert added(before, late(night, day)) == restated_from_postings(night, day)
