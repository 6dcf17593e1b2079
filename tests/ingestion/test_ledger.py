"""Raw keeps every version of every row, exactly once, and the ledger moves with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ingestion import ledger
from ingestion.engine import connect
from ingestion.errors import RefusedBatchError, WarehouseError
from ingestion.home import Home
from ingestion.landing import Batch, CheckResult, write_manifest
from ingestion.ledger import Merged, merge, positions, prepare_warehouse
from tests.ingestion.batches import LOAD, a_run, accepted, landed

FRANCE = {"id": 1, "code": "FR"}
ITALY = {"id": 2, "code": "IT"}


def no_gate(_connection: object, _batches: object) -> list[tuple[str, CheckResult]]:
    """Lets everything pass."""
    return []


def merged(home: Home, *batches: Batch) -> list[Merged]:
    return merge(home, a_run(batches[0].manifest.load_id), batches, no_gate)


def versions(home: Home) -> list[tuple[object, ...]]:
    connection = connect(home.warehouse, read_only=True)
    rows = connection.execute(
        "select id, code, _from_load - ?, _to_load - ?, _deleted "
        "from raw.odoo__res_country order by all",
        [LOAD, LOAD],
    ).fetchall()
    connection.close()
    return rows


def night(home: Home, number: int, rows: Sequence[dict[str, object]], **more: object) -> Merged:
    """Land and merge the rows of the night of that number."""
    (result,) = merged(home, accepted(home, rows, load_id=LOAD + number, **more))
    return result


def test_a_first_load_adds_every_row(home: Home) -> None:
    result = night(home, 0, [FRANCE, ITALY])
    assert (result.added, result.changed, result.deleted, result.current) == (2, 0, 0, 2)


def test_a_changed_row_ends_its_version_and_begins_another(home: Home) -> None:
    night(home, 0, [FRANCE, ITALY])
    night(home, 1, [{"id": 1, "code": "FX"}, ITALY])
    assert versions(home) == [
        (1, "FR", 0, 1, False),
        (1, "FX", 1, None, False),
        (2, "IT", 0, None, False),
    ]


def test_an_unchanged_row_read_again_keeps_its_version(home: Home) -> None:
    night(home, 0, [FRANCE])
    result = night(home, 1, [FRANCE])
    assert (result.added, result.changed, result.deleted) == (0, 0, 0)
    assert versions(home) == [(1, "FR", 0, None, False)]


def test_a_key_that_the_source_no_longer_holds_is_deleted(home: Home) -> None:
    night(home, 0, [FRANCE, ITALY])
    result = night(home, 1, [], keys=[ITALY])
    assert result.deleted == 1
    assert versions(home)[0] == (1, "FR", 0, 1, True)


def test_a_deleted_key_may_come_back(home: Home) -> None:
    night(home, 0, [FRANCE])
    night(home, 1, [])
    night(home, 2, [FRANCE])
    assert versions(home) == [(1, "FR", 0, 1, True), (1, "FR", 2, None, False)]


def test_a_window_without_a_row_does_not_delete_it(home: Home) -> None:
    night(home, 0, [FRANCE, ITALY])
    night(home, 1, [{"id": 2, "code": "IX"}], keys=[FRANCE, ITALY])
    assert (1, "FR", 0, None, False) in versions(home)


def test_merging_a_batch_twice_changes_nothing(home: Home) -> None:
    batch = accepted(home, [FRANCE])
    merged(home, batch)
    before = versions(home)
    assert merged(home, batch) == []
    assert versions(home) == before


def test_what_was_merged_last_is_not_merged_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(home, 0, [FRANCE, ITALY])
    before = versions(home)
    monkeypatch.setattr(ledger, "merge_batch", None)
    result = night(home, 1, [FRANCE, ITALY])
    assert (result.added, result.changed, result.deleted, result.current) == (0, 0, 0, 2)
    assert versions(home) == before
    assert positions(home)["erp", "res_country"].load_id == LOAD + 1


def test_the_same_files_delete_what_is_missing_once_all_keys_are_known(home: Home) -> None:
    night(home, 0, [FRANCE, ITALY])
    first, second = (
        accepted(home, [FRANCE], keys=[FRANCE], load_id=LOAD + number) for number in (1, 2)
    )
    unsure = replace(first, manifest=first.manifest.model_copy(update={"keys_unknown": 1}))
    write_manifest(unsure.folder, unsure.manifest)
    assert merged(home, unsure)[0].deleted == 0
    assert merged(home, second)[0].deleted == 1


def test_two_sources_may_hold_the_same_key(home: Home) -> None:
    merged(home, accepted(home, [FRANCE]), accepted(home, [FRANCE], source_id="other"))
    assert len(versions(home)) == 2


def test_the_watermark_moves_with_the_rows(home: Home) -> None:
    night(home, 0, [FRANCE], cursor_to="2026-01-01 10:00:00")
    assert positions(home)[("erp", "res_country")].cursor_to == "2026-01-01 10:00:00"


def test_a_gate_that_refuses_leaves_raw_and_watermark_as_they_were(home: Home) -> None:
    night(home, 0, [FRANCE])

    def refuse(_connection: object, _batches: object) -> list[tuple[str, CheckResult]]:
        raise RefusedBatchError("the totals differ")

    with pytest.raises(RefusedBatchError):
        merge(home, a_run(LOAD + 1), [accepted(home, [ITALY], load_id=LOAD + 1)], refuse)
    assert versions(home) == [(1, "FR", 0, None, False)]
    assert positions(home)[("erp", "res_country")].load_id == LOAD


def test_a_batch_without_a_verdict_is_not_merged(home: Home) -> None:
    with pytest.raises(WarehouseError, match="pending"):
        merged(home, landed(home, [FRANCE]))


def test_a_batch_older_than_raw_is_not_merged(home: Home) -> None:
    night(home, 1, [FRANCE])
    with pytest.raises(WarehouseError, match="newer"):
        night(home, 0, [ITALY])


def test_the_secret_behind_pseudonyms_is_made_once_and_kept_in_the_warehouse(home: Home) -> None:
    for _ in range(2):
        prepare_warehouse(home)
    key = home.pseudonym_key.read_text(encoding="ascii")
    with connect(home.warehouse, read_only=True) as connection:
        kept = connection.execute("select pseudonym_key from control.installation").fetchall()
    assert kept == [(key,)]
    assert len(key) == 64


def test_what_a_killed_run_spilled_is_removed(home: Home) -> None:
    spilled = home.root / "warehouse.duckdb.tmp" / "duckdb_temp_storage_DEFAULT-0.tmp"
    spilled.parent.mkdir(parents=True)
    spilled.touch()
    prepare_warehouse(home)
    assert not spilled.parent.exists()


def test_secret_and_warehouse_are_readable_by_their_owner_only(home: Home) -> None:
    prepare_warehouse(home)
    home.warehouse.chmod(0o644)
    prepare_warehouse(home)
    assert [path.stat().st_mode & 0o777 for path in (home.pseudonym_key, home.warehouse)] == [
        0o600,
        0o600,
    ]


def test_a_ledger_made_by_an_older_version_gets_its_new_columns(home: Home) -> None:
    prepare_warehouse(home)
    connection = connect(home.warehouse)
    connection.execute("alter table control.loads drop column rows_current")
    connection.close()
    prepare_warehouse(home)
    connection = connect(home.warehouse, read_only=True)
    assert connection.execute("select count(rows_current) from control.loads").fetchone() == (0,)
    connection.close()
