"""Stage 6: what the sources file wants delivered is written and mailed from the publication.

Nothing here takes the lock or writes marts, so the job `reports` delivers the publication in force
at any time. Whatever fails, the publication stands: the step ends well, its check does not pass,
and people are told.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import dagster as dg

from ingestion.config import DigestDelivery, ListDelivery, ReportSettings, addresses
from ingestion.errors import AdvError, NothingPublishedError
from ingestion.home import Home
from orchestration import publish
from orchestration.mail import send
from orchestration.measures import PUBLICATION
from orchestration.notify import tell_undelivered
from orchestration.resources import sources_asked_for

if TYPE_CHECKING:
    from reports.mail import MailText
    from reports.prepared import PreparedList

log = logging.getLogger("adv.reports")

_Event = dg.MaterializeResult[None] | dg.AssetCheckResult

REPORTS = "reports"
DELIVERED = "delivered"
OF_RUN, MAILED = "publication", "mailed"
"""Metadata: the run whose publication was delivered, and whether it was mailed."""


@dataclass
class Delivered:
    """What became of one report."""

    done: dict[str, str | int | bool] = field(default_factory=dict)
    """What was delivered; empty where nothing was."""
    faults: list[str] = field(default_factory=list)


def report_key(delivery: ListDelivery | DigestDelivery) -> dg.AssetKey:
    """Key of the asset of a list or digest."""
    return dg.AssetKey([REPORTS, delivery.name])


def report_assets(home: Home, settings: ReportSettings) -> list[dg.AssetsDefinition]:
    """One asset for each list and digest that is configured."""
    return [_asset(home, delivery) for delivery in settings.deliveries]


def _asset(home: Home, delivery: ListDelivery | DigestDelivery) -> dg.AssetsDefinition:
    key = report_key(delivery)

    @dg.multi_asset(
        name=delivery.name,
        specs=[
            dg.AssetSpec(
                key,
                deps=[PUBLICATION],
                group_name=REPORTS,
                description=_description(delivery),
                owners=["team:data-engineering"],
                skippable=True,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                DELIVERED, asset=key, description="It was written and mailed as configured."
            )
        ],
    )
    def report(context: dg.AssetExecutionContext) -> Iterator[_Event]:
        if only := sources_asked_for(context.run):
            # Who makes a list afresh at ten does not want everybody to be written to again.
            told = f"not delivered, since the run read only {', '.join(only)}"
            yield dg.AssetCheckResult(
                asset_key=key, check_name=DELIVERED, passed=True, description=told
            )
            return
        yield _told(delivery, _deliver(home, delivery, _mailed_run(context.instance, key)))

    return report


def _description(delivery: ListDelivery | DigestDelivery) -> str:
    whom = (
        f"The list {delivery.list.value}"
        if isinstance(delivery, ListDelivery)
        else f"The digest for {delivery.audience.value}"
    )
    return f"{whom}, in {delivery.language.value}, of the publication in force."


def _told(delivery: ListDelivery | DigestDelivery, outcome: Delivered) -> _Event:
    """What Dagster records of an outcome; of what failed, people are told."""
    key = report_key(delivery)
    if outcome.faults:
        log.warning("%s was not delivered: %s", delivery.name, "; ".join(outcome.faults))
        tell_undelivered(delivery.name, outcome.faults)
    check = dg.AssetCheckResult(
        asset_key=key,
        check_name=DELIVERED,
        passed=not outcome.faults,
        severity=dg.AssetCheckSeverity.WARN,
        description="\n".join(outcome.faults),
    )
    if not outcome.done:
        return check
    log.info("delivered %s", delivery.name)
    return dg.MaterializeResult(asset_key=key, metadata=outcome.done, check_results=[check])


def _mailed_run(instance: dg.DagsterInstance, key: dg.AssetKey) -> str | None:
    """The run whose publication was mailed last; a retry does not mail it again."""
    event = instance.get_latest_materialization_event(key)
    materialization = event.asset_materialization if event else None
    told = materialization.metadata if materialization else {}
    # A person may have reported a materialization by hand, which says nothing.
    if MAILED not in told or OF_RUN not in told or not told[MAILED].value:
        return None
    return str(told[OF_RUN].value)


def _deliver(
    home: Home, delivery: ListDelivery | DigestDelivery, mailed_run: str | None
) -> Delivered:
    """Deliver a report; what fails is said in the outcome, and does not keep the rest from it."""
    outcome = Delivered()
    marts = publish.marts_in_force(home)
    if marts is None:
        outcome.faults.append(str(NothingPublishedError()))
        return outcome
    run_id = marts.parent.name
    with TemporaryDirectory(prefix="adv-reports-") as folder:
        try:
            mail, files = _made(delivery, marts, Path(folder))
        except Exception as error:
            outcome.faults.append(f"could not be written: {_in_words(error)}")
            return outcome
        if isinstance(delivery, ListDelivery) and delivery.folder:
            _drop(files[0], delivery.folder, outcome)
        if delivery.mail and mailed_run != run_id:
            _mail(delivery, mail, files, outcome)
        elif delivery.mail:
            log.info("%s of this publication was mailed before", delivery.name)
            outcome.done[MAILED] = True
    if outcome.done:
        outcome.done = {OF_RUN: run_id, MAILED: False, **outcome.done}
    return outcome


def _made(
    delivery: ListDelivery | DigestDelivery, marts: Path, folder: Path
) -> tuple["MailText", list[Path]]:
    """What the mail says, and the lists: of a digest, those that go with it."""
    from reports.digests import DIGESTS
    from reports.mail import covering_note, digest
    from reports.request import ListRequest
    from reports.writing import read_list

    language = delivery.language
    if isinstance(delivery, ListDelivery):
        prepared = read_list(marts, ListRequest(delivery.list, language))
        return covering_note(prepared), [_written(prepared, f".{delivery.format}", folder)]
    return digest(marts, delivery.audience, language), [
        _written(read_list(marts, ListRequest(name, language)), ".xlsx", folder)
        for name in DIGESTS[delivery.audience].attached
    ]


def _written(prepared: "PreparedList", ending: str, folder: Path) -> Path:
    from reports.writing import write_list

    target = folder / prepared.file_name(ending)
    write_list(prepared, target)
    return target


def _drop(file: Path, folder: Path, outcome: Delivered) -> None:
    from reports.whole import put_whole

    target = folder / file.name
    try:
        put_whole(target, partial(_copy, file))
    except (AdvError, OSError) as error:
        outcome.faults.append(f"{target} could not be written: {_in_words(error)}")
    else:
        outcome.done["path"] = str(target)


def _copy(file: Path, target: Path) -> None:
    copyfile(file, target)


def _mail(
    delivery: ListDelivery | DigestDelivery, mail: "MailText", files: list[Path], outcome: Delivered
) -> None:
    try:
        to = addresses(delivery.mail)
        refused = send(_message(mail, files, to))
    except Exception as error:
        outcome.faults.append(f"could not be mailed: {_in_words(error)}")
        return
    outcome.done[MAILED] = True
    outcome.done["recipients"] = len(to) - len(refused)
    if refused:
        outcome.faults.append(f"the mail server refused {len(refused)} of {len(to)} addresses")


def _message(mail: "MailText", files: list[Path], to: tuple[str, ...]) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = mail.subject
    message["To"] = ", ".join(to)
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    for file in files:
        message.add_attachment(
            file.read_bytes(), maintype="application", subtype=MIME[file.suffix], filename=file.name
        )
    return message


MIME = {
    ".xlsx": "vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pdf": "pdf",
    ".csv": "octet-stream",
}
"""What a mail says its attachments are; of a CSV, nothing that a mail program would show inline."""


def _in_words(error: Exception) -> str:
    """What went wrong, without words of others: they may quote addresses and customers."""
    if isinstance(error, AdvError):
        return str(error)
    if isinstance(error, OSError) and error.strerror and error.errno is not None:
        return error.strerror
    return type(error).__name__
