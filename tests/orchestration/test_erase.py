"""A person is erased: nothing that the installation keeps names it, and no later night does."""

from __future__ import annotations

from pathlib import Path

from ingestion.engine import connect, quoted_name, quoted_text
from ingestion.home import Home
from orchestration.publish import current_run_id
from tests.orchestration.conftest import adv, ask
from tests.orchestration.test_nightly import everything
from tests.orchestration.test_rebuild import run, warehouse

NAME = "Rossi"
BY_THE_TEST = ("exports",)


def naming(home: Home) -> list[str]:
    """The files of an installation that name the person: in any byte, or in a compressed table."""
    found = []
    for path in home.root.rglob("*"):
        inside = path.relative_to(home.root)
        if path.is_symlink() or not path.is_file() or inside.parts[0] in BY_THE_TEST:
            continue
        if NAME.encode() in path.read_bytes() or NAME in _content(path):
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


def test_a_person_is_erased_from_everything_and_no_later_night_brings_it_back(night: Home) -> None:
    before, in_force = everything(night), current_run_id(night)
    assert {"warehouse.duckdb", f"published/{in_force}/marts.duckdb"} <= set(naming(night))

    looked = adv(night, "erase", "small.customers", "rossi")
    assert looked.returncode == 0, looked.stderr
    assert "landing: 1 rows in 1 files" in looked.stdout
    assert "Nothing was changed" in looked.stdout
    assert not night.erasures.exists()

    erased = adv(night, "erase", "small.customers", "rossi", "--reason", "request of 20 November")
    assert erased.returncode == 0, erased.stderr
    assert "`adv run` now" in erased.stdout
    assert [file for file in naming(night) if not file.startswith(f"published/{in_force}/")] == []

    # The source names the person still.
    run(night)
    assert naming(night) == []
    names = "select customer_number, name from core.dim_customer order by 1"
    assert ask(night, names) == [("C001", "Dupont SA"), ("C002", "(erased)")]
    unnamed = str(before).replace("Rossi SRL", "(erased)")
    assert str(everything(night)["core.fct_invoice_lines"]) in unnamed
    raw = warehouse(night)
    night.warehouse.unlink()
    rebuilt = adv(night, "rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert "than they had" not in rebuilt.stdout
    assert warehouse(night) == raw
