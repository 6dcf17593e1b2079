"""The sources file: what is right is read, what is wrong is said by file, line and field."""

from __future__ import annotations

import traceback
from datetime import time, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ingestion.config import Connection, PostgresSource, Sources, addresses, duration, read_sources
from ingestion.errors import ConfigurationError
from ingestion.extract import check_settings
from ingestion.transports.postgres import dsn
from orchestration.templates import SOURCES_YAML
from tests.fuzzing import fuzz, fuzzed


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_template_of_adv_init_is_valid(tmp_path: Path) -> None:
    sources = read_sources(written(tmp_path, SOURCES_YAML))
    assert list(sources.sources) == ["erp"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90m", timedelta(minutes=90)), ("26h", timedelta(hours=26)), ("2d", timedelta(days=2))],
)
def test_a_duration_is_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    assert duration(text) == expected
    text = f"sources: {{books: {{system: fec, transport: fec, path: x, fresh_within: {text}}}}}"
    assert Sources.model_validate(yaml.safe_load(text)).sources["books"].fresh_within == expected


BOOKS = "sources: {books: {system: fec, transport: fec, path: x}}"


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("02:00", time(2)),
        ("'03:15'", time(3, 15)),
        ("12:30", time(12, 30)),
        ("23:59", time(23, 59)),
    ],
)
def test_the_hour_of_the_night_is_read_as_a_clock_shows_it(written: str, hour: time) -> None:
    text = f"nightly_at: {written}\nsources: {{books: {{system: fec, transport: fec, path: x}}}}"
    assert Sources.model_validate(yaml.safe_load(text)).nightly_at == hour


def test_the_folder_of_a_list_is_relative_to_the_file(tmp_path: Path) -> None:
    text = f"{BOOKS}\nreports: {{lists: [{{list: unpaid, folder: ../lists}}]}}"
    (delivery,) = read_sources(written(tmp_path, text)).reports.lists
    assert delivery.folder == tmp_path.parent / "lists"


def test_recipients_are_addresses_or_variables_that_hold_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEAM", "a@example.com, b@example.com")
    assert addresses(("${TEAM}", "b@example.com")) == ("a@example.com", "b@example.com")
    monkeypatch.setenv("TEAM", "hunter2")
    with pytest.raises(ConfigurationError, match="holds what is no mail address") as caught:
        addresses(("${TEAM}",))
    assert "hunter2" not in str(caught.value)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    text = "sources: {books: {system: fec, transport: fec, path: ../exports}}"
    source = read_sources(written(tmp_path, text)).sources["books"]
    assert source.path == tmp_path.parent / "exports"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "sources:\n  erp:\n    system: oddo\n    transport: files\n    path: x",
            ":3: sources.erp",
        ),
        ("sources:\n  erp:\n    system: fec\n    transport: ftp\n    path: x", ":2: sources.erp"),
        ("sources:\n  ERP!:\n    {system: fec, transport: fec, path: x}", "lower-case letters"),
        ("time_zones: [Mars/Olympus]\nsources: {}", ":1: time_zones"),
        ("sources: {}", ":1: sources: Dictionary should have at least 1 item"),
        ("sources:\n  fec:\n    {system: fec, transport: fec}", ":2: sources.fec.path"),
        ("sources:\n  erp: {system: odoo, transport: postgres}", ":2: sources.erp: give either"),
        (
            "sources:\n  fec: {system: fec, transport: fec, path: x, fresh_within: 26}",
            ":2: sources.fec.fresh_within: '26' is no duration such as 26h",
        ),
        (
            "sources:\n  fec: {system: fec, transport: fec, path: x, fresh_within: 0h}",
            ":2: sources.fec.fresh_within: must be a minute at least",
        ),
        (
            f"{BOOKS}\nreports:\n  lists:\n    - {{list: unpayed, folder: x}}",
            ":4: reports.lists.0.list: Input should be 'unpaid', 'dunning',",
        ),
        (
            f"{BOOKS}\nreports:\n  lists:\n    - {{list: unpaid, language: fr}}",
            ":4: reports.lists.0: goes nowhere: give `folder`, `mail` or both",
        ),
        (
            f"{BOOKS}\nreports:\n  lists:\n    - {{list: unpaid, folder: x, format: docx}}",
            ":4: reports.lists.0.format: Input should be 'xlsx', 'pdf' or 'csv'",
        ),
        (
            f"{BOOKS}\nreports:\n  lists:\n    - {{list: unpaid, mail: ['the accountant']}}",
            ":4: reports.lists.0.mail.0: is neither an address such as ar@example.com nor",
        ),
        (
            f"{BOOKS}\nreports:\n  digests:\n    - {{audience: finance, mail: []}}",
            ":4: reports.digests.0.mail: Tuple should have at least 1 item",
        ),
        (
            f"{BOOKS}\nreports:\n  lists: [{{list: unpaid, folder: x}}, "
            "{list: unpaid, folder: y}]",
            ":3: reports.lists: unpaid_en_xlsx comes twice: one entry takes all its recipients",
        ),
        ("sources: [", ":1"),
        ("", "sources: Field required"),
        ("sources:\n  a: {system: fec, transport: fec, path: x, pathh: y}", "pathh"),
    ],
)
def test_a_fault_is_named_by_file_line_and_field(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        read_sources(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.my.salesforce.com", "must begin with https://"),
        ("http://localhost.example.com", "must begin with https://"),
        ("ftp://localhost", "must begin with https://"),
        ("example.my.salesforce.com", "must be the address of a host"),
        ("https://example.com/services", "must be the address of a host"),
        ("https://example.com?q=1", "must be the address of a host"),
        ("https://me:hunter2@example.com", "must not hold a user or a password"),
    ],
)
def test_an_api_is_one_host_that_proves_who_it_is(tmp_path: Path, url: str, said: str) -> None:
    text = (
        "sources:\n  crm:\n    system: salesforce\n    transport: rest\n"
        f"    url: {url}\n    client_id: x\n    client_secret: ${{SECRET}}"
    )
    with pytest.raises(ConfigurationError, match=rf":5: sources\.crm\.url: {said}") as caught:
        read_sources(written(tmp_path, text))
    assert "hunter2" not in str(caught.value)


def test_an_api_on_this_machine_needs_no_certificate(tmp_path: Path) -> None:
    text = (
        "sources: {crm: {system: salesforce, transport: rest, url: 'HTTP://LOCALHOST:8080/', "
        "client_id: x, client_secret: '${SECRET}', refresh_token: '${TOKEN}'}}"
    )
    source = read_sources(written(tmp_path, text)).sources["crm"]
    assert source.url == "http://localhost:8080"  # type: ignore[union-attr]
    assert source.secrets == ("${SECRET}", "${TOKEN}")


@pytest.mark.parametrize("version", ["64", "64.0/../x", "v64.0", "64.0 "])
def test_the_version_of_an_api_is_a_version(tmp_path: Path, version: str) -> None:
    text = (
        "sources:\n  crm: {system: salesforce, transport: rest, url: 'https://example.com', "
        f"client_id: x, client_secret: '${{SECRET}}', api_version: '{version}'}}"
    )
    with pytest.raises(ConfigurationError, match=r"sources\.crm\.api_version"):
        read_sources(written(tmp_path, text))


def test_a_missing_file_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="adv init"):
        read_sources(tmp_path / "none.yaml")


def test_a_password_is_never_written_in_the_file(tmp_path: Path) -> None:
    text = (
        "sources:\n  erp:\n    system: odoo\n    transport: postgres\n"
        "    connection: {database: odoo, user: reader, password: hunter2}"
    )
    with pytest.raises(ConfigurationError, match="environment variable") as caught:
        read_sources(written(tmp_path, text))
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("value", ["*hunter2", "!hunter2", "!hunter2 x", "&hunter2", "!!hunter2 x"])
def test_a_password_that_yaml_takes_for_something_else_is_not_shown(
    tmp_path: Path, value: str
) -> None:
    text = (
        "sources:\n  erp:\n    system: odoo\n    transport: postgres\n"
        f"    connection: {{database: odoo, user: reader,\n      password: {value}}}"
    )
    try:
        read_sources(written(tmp_path, text))
    except ConfigurationError as error:
        assert "hunter2" not in "".join(traceback.format_exception(error))
    else:
        assert value.startswith("&")  # names nothing: there is no password


def test_a_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Connection(database="odoo", user="o'hara", password="${ODOO_PASSWORD}")
    with pytest.raises(ConfigurationError, match="ODOO_PASSWORD"):
        dsn(connection)
    monkeypatch.setenv("ODOO_PASSWORD", "it's")
    assert r"password='it\'s'" in dsn(connection)


def test_the_contract_is_given_by_queries_it_knows() -> None:
    connection = Connection(database="x", user="y")
    with pytest.raises(ValueError, match="no table 'orders'"):
        PostgresSource(
            system="contract",
            transport="postgres",
            connection=connection,
            queries={"orders": "select 1"},
        )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "{system: sheets, transport: files, path: x, options: {encodng: utf-8}}",
            "sources.a: options.encodng",
        ),
        (
            "{system: odoo, transport: postgres, "
            "connection: {database: x, user: y, password: '${ADV_NO_SUCH_VARIABLE}'}}",
            "sources.a: The environment variable ADV_NO_SUCH_VARIABLE",
        ),
    ],
)
def test_options_and_secrets_are_judged_before_a_run(
    tmp_path: Path, source: str, said: str
) -> None:
    sources = read_sources(written(tmp_path, f"sources: {{a: {source}}}"))
    with pytest.raises(ConfigurationError, match=said):
        check_settings(sources)


BOMB = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [*{before}, *{before}, *{before}, *{before}, *{before}, *{before}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5_000,
        "{a: " * 5_000,
        "as_of_date: 2024-99-99",
        f"time_zones: [{'9' * 5_000}]",
        "sources: &s {a: *s}",
        "? [a, b]\n: c",
        "? {a: b}\n: c",
        "sources: !!python/object/apply:os.system [true]",
        f"{BOMB}time_zones: *i",
        f"{BOMB}sources: {{erp: {{system: fec, transport: fec, path: x, options: {{a: *i}}}}}}",
    ],
    ids=[
        *("deep list", "deep mapping", "no such day", "long number", "refers to itself"),
        *("list as key", "mapping as key", "code", "bomb in zones", "bomb in options"),
    ],
)
def test_hostile_yaml_is_said_to_be_wrong_or_does_no_harm(tmp_path: Path, text: str) -> None:
    try:
        read_sources(written(tmp_path, text))
    except ConfigurationError as error:
        assert len(str(error)) < 5_000


def test_a_few_lines_cannot_stand_for_billions(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r":2: aliases"):
        read_sources(written(tmp_path, f"{BOMB}time_zones: *i"))


@pytest.mark.parametrize(
    ("transport", "options"),
    [
        ("files", "tables: {customers: '../../etc/*.csv'}"),
        ("files", "tables: {customers: /etc/passwd}"),
        ("files", "tables: {customers: 'a/../../b.csv'}"),
        ("files", "tables: {customers: '..\\..\\b.csv'}"),
        ("files", "tables: {customers: 'C:/b.csv'}"),
        ("files", "options: {tables: {customers: '../b.csv'}}"),
        ("fec", "options: {pattern: '../*'}"),
        ("fec", "options: {names: {'../*': {siren: '1', fiscal_year_end: 2025-12-31}}}"),
    ],
)
def test_a_file_pattern_cannot_leave_its_folder(
    tmp_path: Path, transport: str, options: str
) -> None:
    system = {"files": "contract", "fec": "fec"}[transport]
    source = f"{{system: {system}, transport: {transport}, path: x, {options}}}"
    sources = read_sources(written(tmp_path, f"sources: {{a: {source}}}"))
    with pytest.raises(ConfigurationError, match="leaves the source's folder"):
        check_settings(sources)


SCALARS = st.sampled_from(
    [*("odoo", "fec", "postgres", "files", "x", "../..", "${A}", "2024-02-30", "12:30", "0o17")]
) | st.text("ab:-#{}[]&*!|>'\"%@`\n\t é0.~", max_size=8)
NAMES = st.sampled_from(
    [
        *("sources", "time_zones", "as_of_date", "publication", "erp", "system", "transport"),
        *("path", "connection", "host", "password", "limits", "by_rule", "options", "tables"),
        *("queries", "embedded", "on_refusal"),
    ]
)
NODES = st.recursive(
    SCALARS | st.none() | st.integers() | st.floats() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | SCALARS, inner, max_size=4),
    max_leaves=12,
)


@fuzz
@fuzzed(100)
@given(st.dictionaries(NAMES, NODES, max_size=5).map(yaml.safe_dump) | st.text(max_size=60))
def test_no_sources_file_ends_in_anything_but_its_own_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_bytes(text.encode("utf-8", errors="surrogatepass"))
    try:
        read_sources(path)
    except ConfigurationError as error:
        assert str(path) in str(error)
