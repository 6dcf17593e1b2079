"""Lists and digests reach people after a publication, and never undo it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from email.message import Message
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ingestion.config import ReportSettings
from ingestion.home import Home
from orchestration import publish
from orchestration.assets.reports import report_assets, report_key
from orchestration.check import undeliverable
from tests.orchestration.conftest import WebServer, free_port
from tests.reports.conftest import rows
from tests.reports.marts import make_marts

UNPAID = {"list": "unpaid", "language": "fr"}
FINANCE = {"audience": "finance", "language": "fr", "mail": ["ar@example.com"]}


@pytest.fixture(scope="module")
def small_marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_marts(tmp_path_factory.mktemp("marts") / "marts.duckdb", rows())


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def home(home: Home, small_marts: Path) -> Home:
    """An installation that has published."""
    put_in_force(home, "r1", small_marts)
    return home


def put_in_force(home: Home, run_id: str, marts: Path) -> None:
    folder = home.published / run_id
    folder.mkdir(parents=True)
    shutil.copy(marts, folder / "marts.duckdb")
    publish.put_in_force(home, run_id)


def configured(*lists: dict[str, Any], digests: tuple[dict[str, Any], ...] = ()) -> ReportSettings:
    return ReportSettings.model_validate({"lists": lists, "digests": digests})


def deliver(
    home: Home, settings: ReportSettings, instance: dg.DagsterInstance
) -> Sequence[dg.AssetCheckEvaluation]:
    """Run the step of each report, which ends well whatever it meets; returns their checks."""
    result = dg.materialize(report_assets(home, settings), instance=instance)
    assert result.success
    return result.get_asset_check_evaluations()


def attachments(mail: Message) -> list[str | None]:
    return [part.get_filename() for part in mail.walk() if part.get_filename()]


def body(mail: Message, kind: str) -> str:
    (part,) = (part for part in mail.walk() if part.get_content_type() == kind)
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def test_an_installation_that_wants_no_reports_has_no_assets_for_them(home: Home) -> None:
    assert report_assets(home, ReportSettings()) == []


def test_a_list_is_dropped_whole_where_the_group_can_read_it(
    home: Home, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    settings = configured(
        {**UNPAID, "folder": tmp_path}, {**UNPAID, "folder": tmp_path, "format": "csv"}
    )
    (tmp_path / "unpaid-2026-06-30-fr.csv").write_text("of a run before")
    before = os.umask(0o077)  # as during a run
    try:
        checks = deliver(home, settings, instance)
    finally:
        os.umask(before)
    assert all(check.passed for check in checks)
    dropped = {path.name: path for path in tmp_path.iterdir() if path != home.root}
    assert set(dropped) == {"unpaid-2026-06-30-fr.xlsx", "unpaid-2026-06-30-fr.csv"}
    assert {path.stat().st_mode & 0o777 for path in dropped.values()} == {0o640}
    assert "Dupont SA" in dropped["unpaid-2026-06-30-fr.csv"].read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("audience", "says", "attached"),
    [
        ("finance", "Les plus gros débiteurs", ["unpaid", "dunning"]),
        ("sales", "Commandes en retard", ["at-risk", "order-status"]),
        ("logistics", "Ruptures à venir", ["order-status"]),
    ],
)
def test_an_audience_is_told_in_its_language_with_its_lists(
    audience: str,
    says: str,
    attached: list[str],
    home: Home,
    instance: dg.DagsterInstance,
    mails: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ADV_TEAM", "one@example.com, two@example.com")
    told = {"audience": audience, "language": "fr", "mail": ["${ADV_TEAM}", "ar@example.com"]}
    (check,) = deliver(home, configured(digests=(told,)), instance)
    assert check.passed, check.description
    ((addresses, mail),) = mails
    assert addresses == ["one@example.com", "two@example.com", "ar@example.com"]
    assert attachments(mail) == [f"{name}-2026-06-30-fr.xlsx" for name in attached]
    for kind in ("text/plain", "text/html"):
        assert says.replace("'", "&#x27;" if kind == "text/html" else "'") in body(mail, kind)


def test_a_customer_s_name_is_no_markup_of_a_mail(
    home: Home, instance: dg.DagsterInstance, mails: list[Any]
) -> None:
    deliver(home, configured(digests=(FINANCE,)), instance)
    ((_, mail),) = mails
    assert '=HYPERLINK("http://x","y")' in body(mail, "text/plain")
    assert "=HYPERLINK(&quot;http://x&quot;" in body(mail, "text/html")
    assert '"http://x"' not in body(mail, "text/html")


def test_a_publication_is_mailed_once_and_the_next_one_again(
    home: Home, instance: dg.DagsterInstance, mails: list[Any], small_marts: Path, tmp_path: Path
) -> None:
    settings = configured(
        {**UNPAID, "mail": ["ar@example.com"], "folder": tmp_path}, digests=(FINANCE,)
    )
    deliver(home, settings, instance)
    assert len(mails) == 2
    (tmp_path / "unpaid-2026-06-30-fr.xlsx").unlink()
    for _ in range(2):  # a retry, and somebody who wants the file back
        assert all(check.passed for check in deliver(home, settings, instance))
    assert len(mails) == 2
    assert (tmp_path / "unpaid-2026-06-30-fr.xlsx").exists()
    put_in_force(home, "r2", small_marts)
    deliver(home, settings, instance)
    assert len(mails) == 4


def test_a_mail_server_that_is_down_costs_the_mail_and_nothing_else(
    home: Home,
    instance: dg.DagsterInstance,
    web: WebServer,
    mails: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ADV_NOTIFY_WEBHOOK", web.url)
    settings = configured(
        {**UNPAID, "mail": ["ar@example.com"], "folder": tmp_path}, digests=(FINANCE,)
    )
    with monkeypatch.context() as patch:
        patch.setenv("ADV_SMTP_PORT", str(free_port()))
        checks = deliver(home, settings, instance)
    assert [(check.passed, check.severity) for check in checks] == [
        (False, dg.AssetCheckSeverity.WARN)
    ] * 2
    assert all("could not be mailed: Connection refused" in str(c.description) for c in checks)
    assert (tmp_path / "unpaid-2026-06-30-fr.xlsx").exists()
    told = [notice["subject"] for _, _, notice in web.calls]
    assert told == ["ADV report not delivered"] * 2
    assert instance.get_latest_materialization_event(report_key(settings.digests[0])) is None

    assert all(check.passed for check in deliver(home, settings, instance))
    assert len(mails) == 2


def test_a_folder_that_is_not_there_is_named_and_the_mail_goes_all_the_same(
    home: Home, instance: dg.DagsterInstance, mails: list[Any], tmp_path: Path
) -> None:
    settings = configured({**UNPAID, "mail": ["ar@example.com"], "folder": tmp_path / "gone"})
    (check,) = deliver(home, settings, instance)
    assert not check.passed
    assert str(tmp_path / "gone") in str(check.description)
    assert len(mails) == 1
    deliver(home, settings, instance)
    assert len(mails) == 1


def test_one_address_that_is_refused_keeps_nobody_else_from_the_mail(
    home: Home, instance: dg.DagsterInstance, mails: list[Any]
) -> None:
    told = {**FINANCE, "mail": ["unknown@example.com", "ar@example.com"]}
    settings = configured(digests=(told,))
    (check,) = deliver(home, settings, instance)
    assert check.description == "the mail server refused 1 of 2 addresses"
    deliver(home, settings, instance)
    assert [addresses for addresses, _ in mails] == [["ar@example.com"]]


def test_who_makes_a_list_afresh_has_nobody_written_to(
    home: Home, instance: dg.DagsterInstance, mails: list[Any]
) -> None:
    @dg.asset(required_resource_keys={"nightly"})
    def landed() -> None:
        """A step of the night."""

    nightly = dg.ResourceDefinition(lambda _: None, config_schema={"only": [str]})
    result = dg.materialize(
        [landed, *report_assets(home, configured(digests=(FINANCE,)))],
        instance=instance,
        resources={"nightly": nightly},
        run_config={"resources": {"nightly": {"config": {"only": ["erp"]}}}},
    )
    assert all(check.passed for check in result.get_asset_check_evaluations())
    assert mails == []


def test_before_the_first_publication_nothing_is_delivered_and_that_is_said(
    tmp_path: Path, instance: dg.DagsterInstance, mails: list[Any]
) -> None:
    (check,) = deliver(Home(tmp_path / "new"), configured(digests=(FINANCE,)), instance)
    assert "Nothing has been published yet" in str(check.description)
    assert mails == []


def test_what_keeps_reports_from_their_readers_is_told_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ADV_SMTP_HOST", raising=False)
    monkeypatch.setenv("ADV_TEAM", "not-an-address")
    told = {**FINANCE, "mail": ["${ADV_TEAM}"]}
    settings = configured({**UNPAID, "folder": tmp_path / "gone"}, digests=(told,))
    assert list(undeliverable(settings)) == [
        f"unpaid_fr_xlsx: there is no folder {tmp_path / 'gone'}",
        "digest_finance_fr is to be mailed, but ADV_SMTP_HOST is not set",
        "digest_finance_fr: ${ADV_TEAM} holds what is no mail address.",
    ]
    assert list(undeliverable(configured({**UNPAID, "folder": tmp_path}))) == []
