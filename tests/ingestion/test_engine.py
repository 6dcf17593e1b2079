"""DuckDB connections: where they spill, and what is said of a file that cannot be opened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.engine import connect
from ingestion.errors import WarehouseError

HOLD = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"


def spills_to(connection: object) -> Path:
    row = connection.execute("select current_setting('temp_directory')").fetchone()  # type: ignore[attr-defined]
    return Path(row[0])


def test_databases_in_memory_spill_apart_and_where_nobody_else_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with connect() as one, connect() as other:
        assert spills_to(one) != spills_to(other)
        assert spills_to(one).parent.stat().st_mode & 0o077 == 0
        one.execute("set memory_limit = '60MB'")
        one.execute("create table t as select repeat('x', 50) || range as s from range(2000000)")
        assert one.execute("select count(distinct s) from t").fetchone() == (2_000_000,)
        assert spills_to(one).exists()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_another_program_has_open_is_named(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    command = [sys.executable, "-c", HOLD, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(WarehouseError, match=r"warehouse\.duckdb cannot be opened.*lock"):
            connect(file)
        other.kill()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    file.write_text("something else")
    with pytest.raises(WarehouseError, match="cannot be opened"):
        connect(file)


@pytest.mark.parametrize("at", [0, 8_192], ids=["head", "block"])
def test_a_damaged_file_is_said_to_be_that_and_what_to_do(tmp_path: Path, at: int) -> None:
    file = tmp_path / "warehouse.duckdb"
    with connect(file) as connection:
        connection.execute("create table t as select range as i from range(100000)")
    with file.open("r+b") as damaged:
        damaged.seek(at)
        damaged.write(b"\0" * (file.stat().st_size - at))
    with pytest.raises(WarehouseError, match="adv rebuild --replace"):
        connect(file)
