"""Batches on disk: whole, or said to be damaged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.declarations import system
from ingestion.errors import WarehouseError
from ingestion.home import Home
from ingestion.landing import MANIFEST, Batch, batches, read_batch
from tests.fuzzing import fuzz, fuzzed
from tests.ingestion.batches import LOAD, landed


@pytest.fixture
def batch(home: Home) -> Batch:
    return landed(home, [{"id": 1, "code": "FR"}])


def test_a_damaged_manifest_is_named(home: Home, batch: Batch) -> None:
    manifest = batch.folder / MANIFEST
    manifest.write_bytes(manifest.read_bytes()[:-20])
    with pytest.raises(WarehouseError, match=f"{manifest} is damaged"):
        batches(home.landing)


@pytest.mark.parametrize("load_id", [LOAD, 29990101000000000], ids=["as a rule", "dated ahead"])
def test_no_watermark_lies_in_the_future(home: Home, load_id: int) -> None:
    customers = system("odoo").table("res_partner")
    batch = landed(home, [], table=customers, load_id=load_id, cursor_to="2999-12-31 00:00:00")
    assert batch.manifest.cursor_to is not None
    assert batch.manifest.cursor_to <= datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ")


@fuzz
@fuzzed(50)
@given(st.binary(max_size=40), st.floats(0, 1), st.integers(0, 40))
def test_no_damage_to_a_manifest_ends_in_anything_but_its_own_error(
    batch: Batch, bytes_: bytes, place: float, removed: int
) -> None:
    whole = batch.manifest.model_dump_json(indent=2).encode()
    at = int(place * len(whole))
    (batch.folder / MANIFEST).write_bytes(whole[:at] + bytes_ + whole[at + removed :])
    try:
        found = read_batch(batch.folder)
    except WarehouseError:
        return
    assert isinstance(found, Batch)
