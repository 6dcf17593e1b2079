"""The warehouse is lost, and all the rest with it; both come back, and the nights go on."""

from __future__ import annotations

import shutil
from pathlib import Path

from ingestion.engine import connect
from ingestion.home import Home
from ingestion.landing import batches
from tests.command import adv
from tests.orchestration.conftest import ask
from tests.orchestration.test_nightly import everything

PUBLICATIONS = "select * from meta.publications order by known_load"


def warehouse(home: Home) -> dict[str, list[tuple[object, ...]]]:
    """All rows of raw and of the ledger; secret, seeds and what runs took are in neither."""
    connection = connect(home.warehouse, read_only=True)
    tables = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_schema in ('raw', 'control') and table_name not in "
        "('installation', 'measured_runs', 'measured_stages', 'freshness_policies')"
    ).fetchall()
    found = {name: connection.execute(f"from {name} order by all").fetchall() for (name,) in tables}
    connection.close()
    return found


def edit(exports: Path, table: str, old: str, new: str) -> None:
    file = exports / f"{table}.csv"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def run(home: Home, code: int = 0) -> None:
    result = adv(home, "run")
    assert result.returncode == code, result.stdout + result.stderr


def live_on(home: Home) -> None:
    """Three more nights: changes, a deleted row, one that cannot be read, a refused table."""
    exports = home.root / "exports"
    lenient = f"{home.sources_file.read_text(encoding='utf-8')}    limits: {{share: 0.5}}\n"
    home.sources_file.write_text(lenient, encoding="utf-8")
    unreadable = "saw,P3,Saw,Tools,cheap,goods,true\n"
    edit(exports, "customers", "Dupont SA", "Dupont SAS")
    edit(exports, "products", "drill,", f"nut,P4,Nut,Fasteners,0.10,goods,true\n{unreadable}drill,")
    run(home)

    twice = "bolt,P1,Bolt twice,Fasteners,1,goods,true\n"
    edit(exports, "customers", "Rossi SRL", "Rossi SPA")
    edit(exports, "products", "drill,", f"{twice}drill,")
    run(home, code=1)

    edit(exports, "products", twice, "")
    edit(exports, "products", "nut,P4,Nut,Fasteners,0.10,goods,true\n", "")
    run(home)


def lose(home: Home, aside: Path) -> None:
    """Remove the installation, but for its sources and what dbt takes long to parse anew."""
    aside.mkdir()
    for name in ("exports", "dbt"):
        shutil.move(home.root / name, aside / name)
    shutil.rmtree(home.root)


def test_a_lost_installation_comes_back_and_its_next_night_publishes_the_same(
    night: Home, tmp_path: Path
) -> None:
    live_on(night)
    raw, published, history = warehouse(night), everything(night), ask(night, PUBLICATIONS)
    told = [(row[4], row[8], row[9], row[10], row[11]) for row in raw["control.loads"]]
    assert told.count(("products", 1, 0, 0, 1)) == 1  # the saw kept apart, the nut deleted
    assert told.count(("customers", 0, 0, 1, 0)) == 2  # Rossi's, refused first, came in the end
    assert [batch.name for batch in batches(night.quarantine)] == ["small.products"]

    backup, aside = str(tmp_path / "backup"), tmp_path / "aside"
    for lost, command in ((False, "backup"), (True, "restore")):
        if lost:
            lose(night, aside)
        result = adv(night, command, backup)
        assert result.returncode == 0, result.stdout + result.stderr
    # Readers have it at once.
    assert (everything(night), ask(night, PUBLICATIONS)) == (published, history)
    assert [batch.name for batch in batches(night.quarantine)] == ["small.products"]
    shutil.copytree(aside, night.root, dirs_exist_ok=True)

    result = adv(night, "rebuild")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "batches of 3 loads" in result.stdout
    # Customers were landed with the table that was refused, and held back with it.
    assert "no run had merged them" not in result.stdout
    assert warehouse(night) == raw

    run(night)
    assert everything(night) == published


def test_a_warehouse_that_is_there_is_replaced_only_when_that_is_said(night: Home) -> None:
    raw = warehouse(night)
    connection = connect(night.warehouse)
    connection.execute("delete from raw.contract__products")
    connection.close()
    result = adv(night, "rebuild")
    assert result.returncode == 1
    assert "--replace" in result.stderr
    assert warehouse(night) != raw

    result = adv(night, "rebuild", "--replace")
    assert result.returncode == 0, result.stdout + result.stderr
    assert warehouse(night) == raw
    assert (night.root / "warehouse.replaced.duckdb").exists()
