"""DuckDB connections: where they spill."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.engine import connect


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
