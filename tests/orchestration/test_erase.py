"""A person is erased: nothing that the installation keeps names it, and no later night does."""

from __future__ import annotations

from pathlib import Path

from ingestion.engine import connect, quoted_name, quoted_text
from ingestion.erasure import ERASED, record
from ingestion.home import Home
from orchestration.erase import asked_for
from orchestration.publish import current_run_id
from tests.command import adv
from tests.orchestration.conftest import Marts
from tests.orchestration.test_nightly import everything
from tests.orchestration.test_rebuild import run, warehouse

ROSSI, DUPONT = "Rossi SRL", "Dupont SA"
BY_THE_TEST = ("exports",)


def naming(home: Home, name: str) -> list[str]:
    """The files of an installation that name a person: in any byte, or in a compressed table."""
    found = []
    for path in home.root.rglob("*"):
        inside = path.relative_to(home.root)
        if path.is_symlink() or not path.is_file() or inside.parts[0] in BY_THE_TEST:
            continue
        if name.encode() in path.read_bytes() or name in _content(path):
            found.append(str(inside))
    return sorted(found)


def _content(path: Path) -> str:
    if path.suffix == ".parquet":
        with connect() as connection:
            return str(
                connection.execute(f"from read_parquet({quoted_text(str(path))})").fetchall()
            )
    if path.suffix == ".duckdb":
        with connect(path, read_only=True) as connection:
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables()"
            ).fetchall()
            return str(
                [
                    connection.execute(f"from {quoted_name(s)}.{quoted_name(t)}").fetchall()
                    for s, t in tables
                ]
            )
    return ""


def unnamed(marts: Marts) -> dict[str, list[str]]:
    return {
        table: sorted(str(row).replace(ROSSI, ERASED).replace(DUPONT, ERASED) for row in rows)
        for table, rows in marts.items()
    }


def test_a_person_is_erased_from_everything_and_no_later_night_brings_it_back(night: Home) -> None:
    before, in_force = everything(night), current_run_id(night)
    assert {"warehouse.duckdb", f"published/{in_force}/marts.duckdb"} <= set(naming(night, ROSSI))

    looked = adv(night, "erase", "small.customers", "rossi")
    assert looked.returncode == 0, looked.stderr
    assert "landing: 1 rows in 1 files" in looked.stdout
    assert "Nothing was changed" in looked.stdout
    assert not night.erasures.exists()

    erased = adv(night, "erase", "small.customers", "rossi", "--reason", "request of 20 November")
    assert erased.returncode == 0, erased.stderr
    assert "`adv run` now" in erased.stdout
    left = naming(night, ROSSI)
    assert [file for file in left if not file.startswith(f"published/{in_force}/")] == []

    # Another request was killed after it had been written down, and the source names both still.
    _, request = asked_for(night, "small.customers", ["dupont"], reason="another request")
    record(night, request)
    run(night)
    assert naming(night, ROSSI) == naming(night, DUPONT) == []
    assert unnamed(everything(night)) == unnamed(before)

    raw = warehouse(night)
    night.warehouse.unlink()
    rebuilt = adv(night, "rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert "than they had" not in rebuilt.stdout
    assert warehouse(night) == raw
