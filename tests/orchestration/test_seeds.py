"""Overrides of seeds: by key, named errors, loaded once."""

from __future__ import annotations

import pytest

from ingestion.engine import connect
from ingestion.errors import ConfigurationError
from ingestion.home import Home
from ingestion.ledger import prepare_warehouse
from orchestration import publish
from orchestration.seeds import load_seeds
from tests.conftest import Parse


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, parse: Parse) -> Home:
    """An installation whose seeds are loaded, with an override of one row and a new one."""
    home = Home(tmp_path_factory.mktemp("seeds"))
    prepare_warehouse(home)
    parse(home, {"contract"})
    publish.begin(home, "seeds")
    home.sources_file.parent.mkdir(exist_ok=True)
    override = home.sources_file.with_name("channel_map.csv")
    override.write_text("system,source_channel,channel\nodoo,edi,web\nodoo,le fax,email\n")
    assert load_seeds(home)
    return home


def mapped(home: Home) -> dict[str, str]:
    connection = connect(home.warehouse, read_only=True)
    query = "select source_channel, channel from seeds.channel_map where system = 'odoo'"
    rows = connection.execute(query).fetchall()
    connection.close()
    return dict(rows)


def test_an_override_replaces_by_key_and_adds(home: Home) -> None:
    found = mapped(home)
    assert found["edi"] == "web"
    assert found["le fax"] == "email"
    assert found["edifact"] == "edi"


def test_seeds_that_did_not_change_are_not_loaded_again(home: Home) -> None:
    assert not load_seeds(home)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("chanel_map.csv", "system\n", "no seed 'chanel_map'"),
        ("channels.csv", "channel,colour\nx,blue\n", "no column colour"),
        ("channels.csv", "label_en\nx\n", "key column channel is missing"),
        ("channels.csv", "channel,label_en\nx,caf\xe9\n", "not UTF-8"),
        ("channels.csv", f"channel,{'x' * 200_000}\n", "header cannot be read"),
        ("channels.csv", 'channel,"a"" from channels; drop"\nx,1\n', "no column"),
        ("aging_buckets.csv", "aging_bucket,sort_order\nx,first\n", "cannot be loaded"),
    ],
)
def test_a_wrong_override_is_named(home: Home, name: str, text: str, said: str) -> None:
    path = home.sources_file.with_name(name)
    path.write_text(text, encoding="latin-1")
    try:
        with pytest.raises(ConfigurationError, match=said):
            load_seeds(home)
    finally:
        path.unlink()


def test_values_of_an_override_are_data_and_never_sql(home: Home) -> None:
    hostile = """'); drop table seeds.channel_map; -- "quoted", {{ 1 / 0 }} \n\\"""
    override = home.sources_file.with_name("channel_map.csv")
    before = override.read_text()
    quoted = hostile.replace('"', '""')
    override.write_text(f'{before}odoo,"{quoted}",mail\n')
    try:
        assert load_seeds(home)
        assert mapped(home)[hostile] == "mail"
    finally:
        override.write_text(before)


def test_another_warehouse_gets_the_seeds_again(home: Home) -> None:
    load_seeds(home)
    home.warehouse.unlink()
    prepare_warehouse(home)
    assert load_seeds(home)
    assert mapped(home)["le fax"] == "email"
