"""Rows that are kept out are told as long as they are, and where they lie."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from data_quality.set_apart import SetApart, set_apart
from data_quality.validator import Validator
from ingestion.config import Limits
from ingestion.engine import connect
from ingestion.home import Home
from ingestion.landing import Batch, decide
from tests.data_quality.landed import LOAD, landed, orders, write

HALF = Limits(share=0.5, systematic_share=0.5)
SECOND_WRONG = "case when id = 2 then 999 else amount_total end as amount_total"


Load = Callable[..., Batch]


@pytest.fixture
def load(home: Home, validator: Validator) -> Load:
    """Lands sales orders and validates them; by default the source holds just these rows."""

    def land(number: int, rows: str, keys: str | None = None) -> Batch:
        batch = landed(home.landing, "odoo.sale_order", rows, keys=keys, load_id=LOAD + number)
        verdict = validator.validate(batch, limits=HALF)
        assert verdict.accepted, verdict.message
        return decide(
            home, batch, accepted=True, checks=(), quarantined_rows=verdict.quarantined_rows
        )

    return land


def told(home: Home) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(rows.subject, rows.rows, rows.examples) for rows in set_apart(home)]


def test_a_row_is_told_with_its_key_the_rule_and_the_file_that_holds_it(
    home: Home, load: Load
) -> None:
    batch = load(1, orders(3, SECOND_WRONG))
    assert set_apart(home) == [
        SetApart(
            subject="erp.sale_order",
            rule="amount_total is amount_untaxed plus amount_tax",
            rows=1,
            examples=("2",),
            files=(batch.folder / "quarantined.parquet",),
        )
    ]


@pytest.mark.parametrize(
    ("then", "keys", "is_told"),
    [
        ("read again, and right", None, False),
        ("not read, since it did not change", "select unnest([1, 2, 3]) as id", True),
        ("gone from the source", "select unnest([1, 3]) as id", False),
        ("read again, and still wrong", None, True),
    ],
)
def test_a_row_is_told_until_it_is_read_and_right_or_gone(
    home: Home, load: Load, then: str, keys: str | None, is_told: bool
) -> None:
    load(1, orders(3, SECOND_WRONG))
    again = orders(3, SECOND_WRONG if "wrong" in then else "")
    newest = load(2, again if keys is None else f"{again} where id <> 2", keys)
    assert told(home) == [("erp.sale_order", 1, ("2",))] * is_told
    if "wrong" in then:
        assert set_apart(home)[0].files == (newest.folder / "quarantined.parquet",)


def unreadable(batch: Batch, line: int, key: str | None = None) -> None:
    """A row of the batch that could not be read."""
    shown = f"'{key}'" if key else "null"
    row = f"'orders' as file, {line} as line, 'bad_decimal' as code, {shown}::varchar as key"
    with connect() as connection:
        write(connection, f"select {row}", batch.folder / "rejected.parquet")


def test_a_row_that_cannot_be_read_is_told_by_its_place(home: Home, load: Load) -> None:
    unreadable(load(1, orders(1)), line=7)
    assert told(home) == [("erp.sale_order", 1, ("orders line 7",))]
    load(2, orders(1))
    assert told(home) == []


@pytest.mark.parametrize(
    ("then", "keys", "places"),
    [
        ("read again, and right", None, ()),
        ("not read, since it did not change", "select unnest([1, 2, 3]) as id", ("orders line 7",)),
        ("gone from the source", "select unnest([1, 3]) as id", ()),
        ("still not readable", "select unnest([1, 2, 3]) as id", ("orders line 1",)),
        ("another one is not, too", "select unnest([1, 2, 3]) as id", ("orders line 7",)),
    ],
)
def test_a_row_whose_key_is_known_is_told_until_it_is_read_and_right_or_gone(
    home: Home, load: Load, then: str, keys: str | None, places: tuple[str, ...]
) -> None:
    unreadable(load(1, orders(3)), line=7, key="2")
    again = load(2, orders(3) if keys is None else f"{orders(3)} where id <> 2", keys)
    if "another" in then:
        unreadable(again, line=7, key="3")
    elif "still" in then:
        unreadable(again, line=1, key="2")
    rows = 2 if "another" in then else 1
    assert told(home) == [("erp.sale_order", rows, places)] * bool(places)


def test_a_row_that_broke_a_rule_and_can_no_longer_be_read_is_told_once(
    home: Home, load: Load
) -> None:
    load(1, orders(3, SECOND_WRONG))
    again = load(2, f"{orders(3)} where id <> 2", "select unnest([1, 2, 3]) as id")
    unreadable(again, line=7, key="2")
    assert told(home) == [("erp.sale_order", 1, ("orders line 7",))]


def test_a_table_that_was_refused_passes_once_its_codes_are_mapped(
    home: Home, validator: Validator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADV_HOME", str(home.root))
    batch = landed(home.landing, "odoo.sale_order", orders(20, "'to approve' as state"))
    assert not validator.validate(batch).accepted
    home.sources_file.parent.mkdir()
    home.sources_file.with_name("document_status_map.csv").write_text(
        "system,source_type,source_status\nodoo,sale.order,to approve\n"
    )
    assert validator.validate(batch).accepted
