"""A PostgreSQL database that holds a copy of the publication, for readers that stay connected."""

from __future__ import annotations

import threading
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg2
import pytest

from ingestion.config import PostgresServer
from ingestion.embedded_postgres import socket_file
from ingestion.errors import PublicationError, ServerError
from orchestration.publish_to import postgres
from orchestration.publish_to.postgres import faults_of, held_by, publish_to_postgres
from tests.ingestion.tls import Authority, encrypting
from tests.orchestration.conftest import MARK
from tests.orchestration.publish_to.conftest import Published, administer

DAYS = """
    select
        (select as_of_date from meta.runs where known_load is not null),
        (select min(as_of_date) from kpi.aging), (select max(as_of_date) from kpi.aging),
        (select count(*) from kpi.aging join core.dim_customer using (customer_id))
"""
"""One question to three tables; none of them may be of another publication, or empty."""


def days(published: Published) -> list[tuple[object, ...]]:
    return published.ask("select distinct as_of_date from kpi.aging")


def whole(day: int) -> tuple[object, ...]:
    """What one publication answers."""
    told = date(2026, 6, day)
    return told, told, told, 100


def test_every_value_arrives_as_it_is(published: Published) -> None:
    copied = published.publish(
        1, "update core.dim_customer set name = 'a' || chr(0) where customer_id = 'C7'"
    )
    assert (copied.tables, copied.rows) == (3, 202)
    assert published.ask("select * from kpi.aging where customer_id = 'C1'") == [
        (date(2026, 6, 1), "C1", Decimal("99999999999998.9999"), False, 1)
    ]
    assert published.ask("select known_at::text from meta.runs where known_load is not null") == [
        ("2026-06-01 00:12:30.123456",)
    ]
    assert published.ask(
        "select name from core.dim_customer where customer_id in ('C1', 'C7') "
        "order by customer_id desc"
    ) == [
        ("a\ufffd",),
        ("Café № 1",),
    ]


def test_a_reader_finds_types_descriptions_and_keys(published: Published) -> None:
    published.publish(1)
    assert published.ask(
        "select column_name, data_type, numeric_precision, numeric_scale "
        "from information_schema.columns where table_name = 'aging' order by ordinal_position"
    ) == [
        ("as_of_date", "date", None, None),
        ("customer_id", "text", None, None),
        ("amount", "numeric", 18, 4),
        ("is_late", "boolean", None, None),
        ("items", "bigint", 64, 0),
    ]
    assert published.ask(
        "select obj_description('core.dim_customer'::regclass), "
        "col_description('core.dim_customer'::regclass, 2)"
    ) == [("One row per customer.", "The customer's name.")]
    assert published.ask(
        "select indrelid::regclass::text from pg_index where indisprimary and indrelid in "
        "(select oid from pg_class where relnamespace = 'core'::regnamespace)"
    ) == [("core.dim_customer",)]


@pytest.mark.parametrize(
    "statement",
    [
        "delete from kpi.aging",
        "insert into meta.runs (run_id) values ('mine')",
        "update core.dim_customer set name = ''",
        "truncate kpi.aging",
        "drop table kpi.aging",
        "create table kpi.mine (a int)",
        "create table public.mine (a int)",
        "create temporary table mine (a int)",
        "select * from kpi.aging for update",
    ],
)
def test_a_reader_reads_and_nothing_else(published: Published, statement: str) -> None:
    published.publish(1)
    connection = published.connected()
    with connection.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(statement)
    connection.close()


def test_nothing_is_copied_where_the_server_holds_the_publication(published: Published) -> None:
    first = published.publish(1)
    rows = "select xmin::text, ctid::text from kpi.aging order by 2"
    before = published.ask(rows)
    again = publish_to_postgres(published.home, published.server)
    assert (first.tables, again.tables, again.run_id) == (3, 0, first.run_id)
    assert published.ask(rows) == before
    held = held_by(published.server)
    assert held and (held.run_id, held.as_of_date) == (first.run_id, date(2026, 6, 1))


def test_a_connected_reader_sees_a_refresh_and_one_in_a_transaction_sees_it_afterwards(
    published: Published,
) -> None:
    published.publish(1)
    connected, within = published.connected(), published.connected()
    connected.autocommit = True
    within.set_session(isolation_level="REPEATABLE READ")
    with connected.cursor() as now, within.cursor() as then:
        then.execute("select 1 from meta.runs")  # of the other tables it has seen nothing yet
        now.execute(DAYS)
        assert now.fetchall() == [whole(1)]
        published.publish(2)
        now.execute(DAYS)
        assert now.fetchall() == [whole(2)]
        then.execute(DAYS)
        assert then.fetchall() == [whole(1)]
        within.commit()
        then.execute(DAYS)
        assert then.fetchall() == [whole(2)]
    connected.close()
    within.close()


def test_no_reader_ever_sees_two_publications_or_none(published: Published) -> None:
    published.publish(1)
    over, seen, faults = threading.Event(), set(), []

    def hammer() -> None:
        connection = published.connected()
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not over.is_set():
                try:
                    cursor.execute(DAYS)
                    seen.add(cursor.fetchone())
                except psycopg2.Error as error:
                    faults.append(str(error))
        connection.close()

    readers = [threading.Thread(target=hammer) for _ in range(2)]
    for reader in readers:
        reader.start()
    for day in range(2, 7):
        published.publish(day)
    over.set()
    for reader in readers:
        reader.join()
    assert not faults
    assert len(seen) > 1
    assert seen <= {whole(day) for day in range(1, 7)}


def test_another_version_of_the_product_changes_tables_in_the_same_step(
    published: Published,
) -> None:
    published.publish(1, "create table kpi.gone as select 1::bigint as a")
    published.publish(
        2,
        "alter table kpi.aging drop column is_late",
        "alter table kpi.aging alter items type decimal(18, 2)",
        "alter table kpi.aging add column bucket varchar default '1-30'",
        "comment on column kpi.aging.items is 'Open items.'",
        "create table kpi.dso as select 41.5::decimal(18, 2) as days",
    )
    assert published.ask(
        "select column_name, data_type from information_schema.columns "
        "where table_name = 'aging' order by 1"
    ) == [
        ("amount", "numeric"),
        ("as_of_date", "date"),
        ("bucket", "text"),
        ("customer_id", "text"),
        ("items", "numeric"),
    ]
    assert published.ask("select items, bucket from kpi.aging where customer_id = 'C3'") == [
        (Decimal("3.00"), "1-30")
    ]
    assert published.ask("select days from kpi.dso") == [(Decimal("41.50"),)]
    assert published.ask("select to_regclass('kpi.gone')") == [(None,)]
    assert published.ask(
        "select col_description(attrelid, attnum) from pg_attribute "
        "where attrelid = 'kpi.aging'::regclass and attname = 'items'"
    ) == [("Open items.",)]


def test_a_view_on_what_is_dropped_keeps_the_server_where_it_is_and_is_named(
    published: Published,
) -> None:
    published.publish(1)
    administer(
        published.database,
        "create schema house; create view house.late as select is_late from kpi.aging",
        database="marts",
    )
    published.publish(2)
    with pytest.raises(ServerError, match=r"other objects depend on it[\s\S]*house\.late"):
        published.publish(3, "alter table kpi.aging drop column is_late")
    assert published.ask(DAYS) == [whole(2)]


def test_who_reads_a_table_that_changes_holds_the_copy_up_for_a_while_only(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 1)
    published.publish(1)
    reader = published.connected()
    with reader.cursor() as cursor:
        cursor.execute("select 1 from kpi.aging")
        with pytest.raises(ServerError, match="lock timeout"):
            published.publish(2, "alter table kpi.aging drop column is_late")
        cursor.execute(DAYS)
        assert cursor.fetchall() == [whole(1)]
    reader.close()
    assert publish_to_postgres(published.home, published.server).tables == 3
    assert published.ask(DAYS) == [whole(2)]


def test_a_copy_that_breaks_off_leaves_the_one_before(published: Published) -> None:
    published.publish(1)
    twice = "insert into core.dim_customer values ('C1', 'once more')"
    with pytest.raises(ServerError, match="duplicate key value"):
        published.publish(2, twice)
    assert published.ask(DAYS) == [whole(1)]
    published.publish(3)
    assert published.ask(DAYS) == [whole(3)]


def test_what_was_revoked_stays_revoked_and_another_role_is_let_in(published: Published) -> None:
    published.publish(1)
    administer(
        published.database,
        "revoke select on core.dim_customer from bi_reader",
        "revoke usage on schema meta from bi_reader",
        database="marts",
    )
    published.publish(2)
    for secret in ("core.dim_customer", "meta.runs"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            published.ask(f"select * from {secret}")
    assert days(published) == [(date(2026, 6, 2),)]
    administer(published.database, "drop role if exists auditor", "create role auditor login")
    administer(published.database, "grant connect on database marts to auditor")
    other = published.server.model_copy(update={"reader_role": "auditor"})
    assert publish_to_postgres(published.home, other).tables == 0  # it holds that publication
    assert published.ask("select count(*) from core.dim_customer", "auditor") == [(100,)]
    administer(published.database, "drop owned by auditor", database="marts")
    administer(published.database, "drop owned by auditor", "drop role auditor")


def test_room_is_used_again(published: Published) -> None:
    size = "select pg_relation_size('kpi.aging')"
    published.publish(1)
    published.publish(2)
    ((after_two,),) = published.ask(size)
    for day in range(3, 9):
        published.publish(day)
    assert published.ask(size)[0][0] <= after_two


def test_a_wrong_password_is_refused_and_never_told(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    published.publish_files(1)
    monkeypatch.setenv("WRONG", f"{MARK} is wrong")
    wrong = published.server.model_copy(update={"password": "${WRONG}"})
    with pytest.raises(ServerError, match="password authentication failed") as caught:
        publish_to_postgres(published.home, wrong)
    assert MARK not in str(caught.value)


def test_what_would_keep_a_copy_out_is_told_beforehand(published: Published) -> None:
    assert faults_of(published.server) == []
    poor = published.server.model_copy(update={"user": "power_bi", "reader_role": "nobody_there"})
    assert faults_of(poor) == [
        'it has no role nobody_there: `create role "nobody_there"`',
        "the user may not create schemas: make it the owner of the database",
    ]
    published.publish_files(1)
    absent = published.server.model_copy(update={"reader_role": "nobody_there"})
    with pytest.raises(ServerError, match='role "nobody_there" does not exist'):
        publish_to_postgres(published.home, absent)


def test_without_a_publication_there_is_nothing_to_copy(published: Published) -> None:
    with pytest.raises(PublicationError, match="Nothing has been published yet"):
        publish_to_postgres(published.home, published.server)
    assert held_by(published.server) is None


def test_a_server_must_prove_who_it_is(published: Published, tmp_path: Path) -> None:
    published.publish_files(1)
    ours, others = Authority(tmp_path, "ours").begins(), Authority(tmp_path, "others").begins()
    with encrypting(socket_file(published.database.data), ours.signs("localhost")) as port:
        there = {"host": "localhost", "port": port, "sslmode": "verify-full"}

        def believing(authority: Authority) -> PostgresServer:
            root = {"sslrootcert": str(authority.certificate)}
            return published.server.model_copy(update={**there, **root})

        with pytest.raises(ServerError, match="does not prove who it is"):
            publish_to_postgres(published.home, believing(others))
        assert publish_to_postgres(published.home, believing(ours)).tables == 3
    assert published.ask(DAYS) == [whole(1)]


def test_off_this_machine_a_server_is_verified_by_default() -> None:
    there = {"host": "bi.example.com", "database": "marts", "user": "publisher"}
    assert PostgresServer(**there, reader_role="bi_reader").security == "verify-full"
    with pytest.raises(ValueError, match="must be another role than `user`"):
        PostgresServer(**there, reader_role="publisher")
