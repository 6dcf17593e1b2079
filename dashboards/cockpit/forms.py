"""What forms of the cockpit send, checked, and the rows of the team's sheets that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request

from dashboards.cockpit import codes
from dashboards.cockpit.sheets import now, reminder_reference, today
from dashboards.cockpit.views.view import View
from ingestion.config import Sources
from reports.formats.safe_text import STARTS_A_FORMULA

MOST_BYTES = 1_000_000
"""Of a form."""
MOST_MINUTES = 600


class RefusedError(Exception):
    """A form that did not come from a page of the cockpit, or makes no sense."""


async def read_form(request: Request) -> dict[str, list[str]]:
    """What a form of the cockpit sends; a form of another page is refused."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    if site not in (None, "same-origin", "none") or (
        origin is not None and urlsplit(origin).netloc != host
    ):
        raise RefusedError
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise RefusedError
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20_000)
    except ValueError:
        raise RefusedError from None


def reminder_row(view: View, sources: Sources, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the sheet of reminders."""
    level = row["next_level"]
    return {
        "reference": reminder_reference(view.reading.as_of, row["open_item_id"], level),
        "company": row["company"],
        "customer_number": row["customer_number"],
        "invoice_number": row["document_number"],
        "action_date": today(sources),
        "level": level,
        "channel": row["next_channel"],
        "result": "sent",
        "agent_login": view.reader.login,
        "amount": row["company_claimed_amount_incl_tax"],
    }


def lookup_row(view: View, sources: Sources, form: Mapping[str, str]) -> dict[str, Any]:
    """A row of the sheet of look-ups."""
    reference = form.get("reference", "")
    topic = form.get("topic", "")
    requester, order = form.get("requester", "").strip(), form.get("order_number", "").strip()
    number = form.get("customer_number", "").strip()
    try:
        minutes = Decimal(form.get("minutes", "").strip().replace(",", "."))
    except InvalidOperation:
        raise RefusedError from None
    texts = (requester, order, number, form.get("company", ""))
    if (
        topic not in codes.CODES["lookup_topic"]
        or not minutes.is_finite()
        or not 0 < minutes <= MOST_MINUTES
        or not (reference.isalnum() and reference.isascii() and len(reference) == 32)
        or any(len(text) > 200 or STARTS_A_FORMULA.match(text) for text in texts)
    ):
        raise RefusedError
    return {
        "reference": f"cockpit/{reference}",
        "company": form.get("company", ""),
        "occurred_at": now(sources),
        "agent_login": view.reader.login,
        "requester_login": requester,
        "customer_number": number,
        "order_number": order,
        "topic": topic,
        "minutes": minutes,
    }
