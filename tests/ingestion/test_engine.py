"""DuckDB connections: where they spill, and what is said of a file that cannot be opened."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from ingestion.engine import connect, quoted_text
from ingestion.errors import WarehouseError
from ingestion.home import PROJECT

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


def test_a_confined_database_reaches_its_folders_and_nothing_else(tmp_path: Path) -> None:
    mine, others = tmp_path / "it's mine", tmp_path / "others"
    mine.mkdir()
    others.mkdir()
    (others / "secret.csv").write_text("a\n1\n")
    (mine / "link.csv").symlink_to(others / "secret.csv")
    with connect(mine / "own.duckdb", reach=[mine]) as connection:
        connection.execute("create table t as select 1 as i")
        batch = quoted_text(str(mine / "t.parquet"))
        connection.execute(f"copy t to {batch}")
        assert connection.execute(f"from {batch}").fetchall() == [(1,)]
        for statement in (
            f"from '{others}/secret.csv'",
            f"from {quoted_text(str(mine / '..' / 'others' / 'secret.csv'))}",
            f"from {quoted_text(str(mine / 'link.csv'))}",
            f"copy t to '{others}/t.csv'",
            f"attach '{others}/other.duckdb'",
            "from read_text('/etc/passwd')",
            "from glob('/etc/*')",
            "load 'httpfs'",
            "install httpfs",
            "set enable_external_access = true",
            "set allowed_directories = ['/']",
        ):
            with pytest.raises(duckdb.Error, match=r"disabled|Cannot (change|enable)"):
                connection.execute(statement)
    assert [path.name for path in others.iterdir()] == ["secret.csv"]


def test_no_database_loads_an_extension_that_nobody_asked_for() -> None:
    with connect() as connection, pytest.raises(duckdb.Error, match="httpfs"):
        connection.execute("from read_csv('https://localhost:1/x.csv')")
    with connect() as connection:
        settings = connection.execute(
            "select name, value from duckdb_settings() where name in ('autoload_known_extensions', "
            "'autoinstall_known_extensions', 'allow_community_extensions')"
        ).fetchall()
    assert {value for _, value in settings} == {"false"}
    assert len(settings) == 3


def test_every_database_of_the_product_says_what_it_may_reach() -> None:
    """All but the demo company's, which writes its sources' files where they belong."""
    unconfined = []
    for path in (
        p
        for name in ("ingestion", "data_quality", "orchestration")
        for p in (PROJECT / name).rglob("*.py")
        if p.parent.name != "demo_company"
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "connect":
                if "reach" not in {keyword.arg for keyword in node.keywords}:
                    unconfined.append(f"{path.name}:{node.lineno}")
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "duckdb.connect":
                unconfined.append(f"{path.name}:{node.lineno}")
    # The one that opens, and those that are confined once a database is attached: to read, or, of
    # PostgreSQL, to publish there.
    attaching = {"postgres.py", "mariadb.py", "duckdb_file.py"}
    assert {name.partition(":")[0] for name in unconfined} == {"engine.py", *attaching}
    assert len(unconfined) == 5
