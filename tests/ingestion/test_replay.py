"""A lost warehouse comes back from the landing zone, row for row, ledger and all."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ingestion.engine import connect
from ingestion.errors import RefusedBatchError, WarehouseError
from ingestion.home import Home
from ingestion.landing import CheckResult, decide
from ingestion.ledger import merge
from ingestion.replay import Replayed, replay
from tests.ingestion.batches import COUNTRIES, LOAD, a_run, accepted, landed, write_rows

FRANCE = {"id": 1, "code": "FR"}
ITALY = {"id": 2, "code": "IT"}
SPAIN = {"id": 3, "code": "ES"}
RULE = CheckResult(rule="a rule", severity="row", passed=True, rows_checked=2, rows_failed=0)
CONTROL = ("current_run", "runs", "loads", "checks")


def night(home: Home, number: int, rows: Sequence[dict[str, object]], **more: object) -> None:
    """Land and merge the rows of the night of that number."""
    batch = accepted(home, rows, load_id=LOAD + number, **more)
    merge(home, a_run(LOAD + number), [batch], lambda _c, _b: [(batch.name, RULE)])


def everything(home: Home) -> dict[str, list[tuple[object, ...]]]:
    """All rows of raw and of the ledger; the installation's secret is in neither."""
    connection = connect(home.warehouse, read_only=True)
    tables = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_schema in ('raw', 'control') and table_name <> 'installation'"
    ).fetchall()
    found = {name: connection.execute(f"from {name} order by all").fetchall() for (name,) in tables}
    connection.close()
    return found


def replayed(home: Home) -> tuple[Replayed, Home]:
    into = Home(home.root / "rebuild")
    return replay(home, into), into


@pytest.fixture
def lived(home: Home) -> Home:
    """Four nights: a change, a delete and a return, a quarantined row, a refusal, a lost run."""
    night(home, 0, [FRANCE, ITALY], cursor_to="2026-01-01 10:00:00")
    night(home, 1, [{**FRANCE, "code": "FX"}], keys=[FRANCE], cursor_to="2026-01-02 10:00:00")

    apart = landed(home, [ITALY, SPAIN], keys=[FRANCE, ITALY, SPAIN], load_id=LOAD + 2)
    write_rows(apart.folder / "quarantined.parquet", COUNTRIES, [SPAIN])
    apart = decide(home, apart, accepted=True, checks=(RULE,), quarantined_rows=1)
    merge(home, a_run(LOAD + 2), [apart], lambda _c, _b: [])

    decide(home, landed(home, [], load_id=LOAD + 3), accepted=False, checks=(RULE,))

    # Accepted, and refused by the second gate: raw never saw it.
    lost = accepted(home, [], load_id=LOAD + 4)

    def refuse(_connection: object, _batches: object) -> list[tuple[str, CheckResult]]:
        raise RefusedBatchError("the totals differ")

    with pytest.raises(RefusedBatchError):
        merge(home, a_run(LOAD + 4), [lost], refuse)
    night(home, 5, [FRANCE, ITALY, SPAIN], source_id="another")
    return home


def test_every_row_of_raw_and_of_the_ledger_comes_back(lived: Home) -> None:
    done, into = replayed(lived)
    assert everything(into) == everything(lived)
    assert (done.loads, done.batches, done.last_load) == (4, 4, LOAD + 5)
    assert done.different == ()


def test_a_batch_that_no_run_merged_is_left_out_and_told(lived: Home) -> None:
    done, _ = replayed(lived)
    assert done.never_merged == (f"erp.res_country of load {LOAD + 4}",)


def test_the_next_night_goes_on_as_if_nothing_had_happened(lived: Home) -> None:
    _, into = replayed(lived)
    for home in (lived, into):
        night(home, 6, [{**ITALY, "code": "IX"}], keys=[ITALY])
    left_out = {"control.runs", "control.loads"}  # they tell when it was merged
    after, once_more = everything(lived), everything(into)
    assert {n: r for n, r in after.items() if n not in left_out} == {
        n: r for n, r in once_more.items() if n not in left_out
    }


def test_a_load_whose_record_was_not_kept_is_recorded_by_the_next(lived: Home) -> None:
    for file in (lived.kept_ledger / str(LOAD + 1)).iterdir():
        file.unlink()
    (lived.kept_ledger / str(LOAD + 1)).rmdir()
    night(lived, 6, [FRANCE])
    _, into = replayed(lived)
    assert everything(into) == everything(lived)


def test_a_batch_that_is_gone_is_named(lived: Home) -> None:
    (lived.landing / "erp" / "res_country" / str(LOAD + 1) / "manifest.json").unlink()
    with pytest.raises(WarehouseError, match=rf"erp\.res_country of load {LOAD + 1} was merged"):
        replayed(lived)


def test_rows_that_are_not_what_was_once_merged_are_told(lived: Home) -> None:
    write_rows(lived.landing / f"erp/res_country/{LOAD}/rows.parquet", COUNTRIES, [FRANCE])
    done, _ = replayed(lived)
    assert f"erp.res_country of load {LOAD}" in done.different


def test_a_warehouse_that_is_there_is_not_touched(lived: Home) -> None:
    before = everything(lived)
    with pytest.raises(WarehouseError, match="exists"):
        replay(lived, lived)
    assert everything(lived) == before


def test_without_a_record_of_a_load_nothing_is_built(home: Home) -> None:
    with pytest.raises(WarehouseError, match="nothing to replay"):
        replayed(home)
    assert not (home.root / "rebuild").exists()
