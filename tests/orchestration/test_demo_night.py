"""The demo company's night: the marts find what was planted in its systems, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ingestion.home import Home
from tests.orchestration.conftest import adv, ask


@pytest.fixture(scope="module")
def demo_night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A small demo company after its first night."""
    home = Home(tmp_path_factory.mktemp("demo"))
    for arguments in (("demo", "create", "--scale", "0.05"), ("run",)):
        result = adv(home, *arguments)
        assert result.returncode == 0, result.stdout + result.stderr
    yield home
    adv(home, "demo", "stop")


def planted(home: Home) -> dict[str, Any]:
    truths: dict[str, Any] = json.loads((home.demo / "truths.json").read_text(encoding="utf-8"))
    return truths


def test_the_ledger_lacks_the_planted_entries_and_nothing_else(demo_night: Home) -> None:
    missing = planted(demo_night)["missing_ledger_entries"]
    assert missing
    found = ask(
        demo_night,
        "select document_reference, abs(difference)::decimal(18, 2)::varchar, difference_kind "
        "from meta.receivables_differences",
    )
    assert set(found) == {(m["entry"], m["amount"], "missing_in_ledger") for m in missing}
    invoices = {(m["entry"],) for m in missing if m["kind"] == "invoice"}
    assert (
        set(ask(demo_night, "select document_reference from meta.invoicing_differences"))
        == invoices
    )


def test_every_other_balance_ties_to_the_cent_on_every_month_end(demo_night: Home) -> None:
    untied = ask(
        demo_night,
        "select count(*), count(*) filter (where difference <> 0 and not exists ("
        "  select 1 from meta.receivables_differences as d"
        "  where d.company_id = r.company_id and d.customer_id = r.customer_id"
        ")) from meta.receivables_reconciliation as r",
    )
    ((balances, unexplained),) = untied
    assert balances > 500
    assert unexplained == 0


def test_a_day_later_only_what_changed_is_read(demo_night: Home) -> None:
    for arguments in (("demo", "advance", "--days", "1"), ("run",)):
        result = adv(demo_night, *arguments)
        assert result.returncode == 0, result.stdout + result.stderr
    ((read, held),) = ask(
        demo_night,
        "select sum(rows_extracted), sum(rows_current) from meta.loads "
        "where source_id = 'erp' and cursor_to is not null "
        "and load_id = (select max(load_id) from meta.loads)",
    )
    assert 0 < read < held / 10
