"""`adv sql`: questions to the marts, which reach nothing but the marts."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ingestion.engine import connect
from ingestion.home import Home
from orchestration.query import query_marts


@pytest.fixture
def published(home: Home) -> Home:
    home.published.mkdir(parents=True)
    with connect(home.marts) as connection:
        connection.execute("create table figures as select 7 as figure")
    return home


def test_a_question_is_answered_with_names_and_rows(published: Home) -> None:
    assert query_marts(published, "from figures") == (["figure"], [(7,)])


@pytest.mark.parametrize(
    "query",
    [
        "from read_text('/etc/passwd')",
        "from read_csv('/proc/self/environ')",
        "from glob('/etc/*')",
        "copy figures to '{outside}/stolen.csv'",
        "copy (select 1) to '{home}/published/stolen.csv'",
        "attach '{outside}/other.duckdb'",
        "from '{home}/config/pseudonym.key'",
        "load 'httpfs'",
        "install httpfs",
        "export database '{outside}/all'",
        "drop table figures",
        "set memory_limit = '1TB'",
        "set enable_external_access = true",
        "select 1; copy figures to '{outside}/stolen.csv'",
    ],
)
def test_a_question_reaches_no_other_file_and_changes_nothing(
    published: Home, query: str, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    with pytest.raises(duckdb.Error):
        query_marts(published, query.format(outside=outside, home=published.root))
    assert list(outside.iterdir()) == []
    assert query_marts(published, "from figures")[1] == [(7,)]
