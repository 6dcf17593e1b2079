"""Raw follows its declaration: columns are added, new types taken where nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ingestion.declarations import Column, Table
from ingestion.engine import connect
from ingestion.errors import WarehouseError
from ingestion.home import Home
from ingestion.ledger import merge, prepare_warehouse
from ingestion.replay import replay
from tests.ingestion.batches import LOAD, a_run, accepted, know

OLD = Table(
    system="shop",
    name="orders",
    description="Orders.",
    columns=(
        Column("id", "bigint"),
        Column("number", "bigint"),
        Column("amount", "decimal(18,4)"),
        Column("ordered_at", "timestamp"),
        Column("remark", "string"),
    ),
    key=("id",),
)
ORDER = {
    "id": 1,
    "number": 7,
    "amount": "12.5",
    "ordered_at": "2026-01-02 10:30:00",
    "remark": "urgent",
}

Declare = Callable[..., Table]


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Declares the table anew, with other types for some columns."""

    def with_types(**types: str) -> Table:
        columns = tuple(replace(c, data_type=types.get(c.name, c.data_type)) for c in OLD.columns)
        table = replace(OLD, columns=columns)
        know(monkeypatch, table)
        return table

    return with_types


def load(home: Home, table: Table, row: dict[str, object], number: int = 0) -> None:
    batch = accepted(home, [row], table=table, load_id=LOAD + number)
    merge(home, a_run(LOAD + number), [batch], lambda _connection, _batches: [])


def raw(home: Home, columns: str) -> list[tuple[object, ...]]:
    connection = connect(home.warehouse, read_only=True)
    rows = connection.execute(
        f"select {columns}, _to_load is null from raw.shop__orders order by _from_load"
    ).fetchall()
    connection.close()
    return rows


def test_a_wider_type_is_taken_over_with_what_was_read_before(home: Home, declare: Declare) -> None:
    load(home, declare(), ORDER)
    table = declare(number="string", amount="decimal(18,8)")
    prepare_warehouse(home)
    types = "typeof(number), typeof(amount), number, amount::varchar"
    before = ("VARCHAR", "DECIMAL(18,8)", "7", "12.50000000")
    assert raw(home, types) == [(*before, True)]
    load(home, table, {**ORDER, "number": "7-A"}, number=1)
    assert raw(home, types) == [(*before, False), (*before[:2], "7-A", before[3], True)]


def test_a_narrower_type_is_taken_over_when_every_value_fits(home: Home, declare: Declare) -> None:
    load(home, declare(), {**ORDER, "remark": "15"})
    declare(remark="bigint", amount="decimal(18,2)")
    prepare_warehouse(home)
    assert raw(home, "remark, amount::varchar") == [(15, "12.50", True)]


@pytest.mark.parametrize(
    ("column", "data_type"),
    [
        ("remark", "bigint"),  # a word is no number
        ("amount", "bigint"),  # half a euro would be rounded away
        ("amount", "decimal(5,4)"),  # too large
        ("ordered_at", "date"),  # the time of day would be lost
        ("number", "boolean"),  # 7 would become true
    ],
)
def test_a_type_that_loses_something_is_refused_and_changes_nothing(
    home: Home, declare: Declare, column: str, data_type: str
) -> None:
    load(home, declare(), ORDER)
    before = raw(home, f"typeof({column}), {column}")
    declare(**{column: data_type})
    with pytest.raises(WarehouseError) as caught:
        prepare_warehouse(home)
    told = str(caught.value)
    assert "raw.shop__orders" in told
    assert f"{column} is {before[0][0]} there and declared as {data_type} now" in told
    assert "1 of its values" in told
    assert "row 1" in told
    assert raw(home, f"typeof({column}), {column}") == before


def test_an_empty_table_takes_any_type(home: Home, declare: Declare) -> None:
    declare()
    prepare_warehouse(home)
    load(home, declare(remark="date"), {**ORDER, "remark": "2026-01-31"})
    assert raw(home, "typeof(remark)") == [("DATE", True)]


def test_a_replay_takes_batches_of_earlier_declarations_as_they_were_merged(
    home: Home, declare: Declare
) -> None:
    load(home, declare(), ORDER)
    wider = declare(number="string")
    load(home, wider, {**ORDER, "number": "7"}, number=1)
    load(home, wider, {**ORDER, "number": "7-A"}, number=2)
    into = Home(home.root / "rebuild")
    assert replay(home, into).different == ()
    everything = "* exclude (_to_load), _to_load"
    assert raw(into, everything) == raw(home, everything)


def test_a_replay_refuses_a_batch_that_the_declared_type_cannot_hold(
    home: Home, declare: Declare
) -> None:
    load(home, declare(), ORDER)
    declare(amount="decimal(18,0)")
    with pytest.raises(WarehouseError, match=f"erp.orders of load {LOAD}: amount is"):
        replay(home, Home(home.root / "rebuild"))


def test_a_replay_leaves_out_batches_of_a_table_that_is_no_longer_declared(
    home: Home, declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(home, declare(), ORDER)
    know(monkeypatch)
    done = replay(home, Home(home.root / "rebuild"))
    assert (done.batches, done.rows) == (0, 0)
    assert done.undeclared == (f"erp.orders of load {LOAD}",)
