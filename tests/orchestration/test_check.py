"""What `adv init` writes and `adv check` says before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.config import read_sources
from ingestion.declarations import system, systems
from ingestion.transports.base import TableStatus
from orchestration.check import filled_by, missing_numbers
from orchestration.templates import sources_yaml


@pytest.mark.parametrize("name", sorted(systems()))
def test_a_systems_sources_file_can_be_read_as_it_is_written(name: str, tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(sources_yaml(name), encoding="utf-8")
    (source,) = read_sources(file).sources.values()
    assert source.system == name


def test_a_missing_module_leaves_its_contract_tables_empty() -> None:
    tables = system("tryton").tables

    def filled(*missing: str) -> set[str]:
        return filled_by(
            "tryton",
            [TableStatus(t, present=t.name not in missing, rows=0) for t in tables],
        )

    assert filled() - filled("sale_complaint") == {"claims", "claim_events"}
    assert filled() - filled("account_dunning") == {"dunning_actions"}
    assert "disputes" not in filled()


def test_every_contract_table_that_nothing_fills_is_told_with_what_it_costs() -> None:
    told = missing_numbers({"documents"})
    assert len(told) == len(system("contract").tables) - 1
    assert "dunning_actions will be empty; it is needed for reminders sent" in "\n".join(told)
    assert all(table.needed_for for table in system("contract").tables)


def test_what_a_module_feeds_is_a_contract_table() -> None:
    contract = {table.name for table in system("contract").tables}
    for known in systems().values():
        for table in known.tables:
            assert set(table.feeds) <= contract
