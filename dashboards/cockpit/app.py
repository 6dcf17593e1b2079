"""The addresses of the cockpit, and what answers to them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dashboards.cockpit import phrases
from dashboards.cockpit.access import NotAllowedError, Reader, reader_of
from dashboards.cockpit.addresses import address, with_query
from dashboards.cockpit.blocks import Chart, Page, Table
from dashboards.cockpit.forms import RefusedError, lookup_row, read_form, reminder_row
from dashboards.cockpit.kpis import catalogue
from dashboards.cockpit.pages import PAGES
from dashboards.cockpit.publication import Publications, Reading
from dashboards.cockpit.reading import Asked, as_list, labels_of, prepare, read_chart, read_table
from dashboards.cockpit.sheets import LOOKUPS, Sheets
from dashboards.cockpit.sheets import REMINDERS as REMINDER_SHEET
from dashboards.cockpit.views.definitions import definition_view
from dashboards.cockpit.views.page import block_views
from dashboards.cockpit.views.tables import CHOOSABLE, table_view
from dashboards.cockpit.views.view import Heading, View, filter_form, page_notes
from ingestion.config import Sources
from ingestion.config.cockpit import Role
from ingestion.engine import quoted_text
from ingestion.errors import AdvError, NothingPublishedError
from ingestion.home import Home
from reports.definition import Column
from reports.formats.excel import write_excel
from reports.prepared import PreparedTable
from reports.request import Language
from reports.wording import Phrase

HERE = Path(__file__).parent
EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
HEADERS = {
    # Nothing is fetched from elsewhere, and nothing in a page can run but the cockpit's own file.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class NotFoundError(Exception):
    """No such page, table or KPI, or none for the reader's role."""


class Cockpit:
    """One installation's cockpit: its publications, settings and templates."""

    def __init__(self, home: Home, sources: Callable[[], Sources]) -> None:
        self.publications = Publications(home.marts)
        self.sources = sources
        self.settings = sources().cockpit
        self.templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def application(self) -> Starlette:
        """The application that a server runs."""
        hosts = [*LOOPBACK_NAMES, *self.settings.hosts]
        return Starlette(
            routes=[
                Mount("/static", StaticFiles(directory=HERE / "static")),
                Route("/publication", self._publication),
                Route("/", self._home),
                Route("/{language}", self._home),
                Route("/{language}/lookups", self._log_lookup, methods=["POST"]),
                Route("/{language}/definitions", self._answer(self._definitions)),
                Route("/{language}/definitions/columns", self._answer(self._columns)),
                Route("/{language}/definitions/{kpi}", self._answer(self._definition)),
                Route("/{language}/{page}", self._answer(self._page)),
                Route("/{language}/{page}/{table}", self._answer(self._table)),
                Route("/{language}/{page}/{table}/reminders", self._remind, methods=["POST"]),
            ],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)],
            exception_handlers={
                404: self._not_found,
                NotFoundError: self._not_found,
                RefusedError: self._refused,
                NotAllowedError: self._not_allowed,
                NothingPublishedError: self._nothing_published,
                AdvError: self._unreadable,
            },
        )

    def prepare(self) -> None:
        """Ask the publication in force what the first reader of each page would wait for.

        Raises:
            NothingPublishedError: there is none yet.
            WarehouseError: it cannot be read, or lacks what a page shows.

        """
        with self.publications.read() as reading:
            prepare(reading, PAGES.values())

    # What is asked, and by whom

    def _reader(self, request: Request) -> Reader:
        client = request.client.host if request.client else None
        return reader_of(self.settings, request.headers, client)

    def _answer(self, make: Callable[[Request, View], Response]) -> Callable[[Request], Response]:
        """A page that is made of one publication."""

        def answer(request: Request) -> Response:
            reader, language = self._reader(request), _language(request)
            with self.publications.read() as reading:
                view = View(
                    reading,
                    reader,
                    language,
                    Asked.of(dict(request.query_params)),
                    PAGES["today"],
                )
                return make(request, view)

        return answer

    def _home(self, request: Request) -> Response:
        self._reader(request)
        named = request.path_params.get("language")
        language = _language(request) if named else _preferred(request)
        return RedirectResponse(address(language, "today"), status_code=302)

    def _publication(self, request: Request) -> Response:
        """What an open page compares itself with."""
        self._reader(request)
        return PlainTextResponse(self.publications.identifier() or "", headers=HEADERS)

    # Pages

    def _page(self, request: Request, view: View) -> Response:
        page = _page_of(view, request.path_params["page"])
        view = replace(view, page=page, noted=self._noted(view, page))
        self._check_key(view)
        blocks = [block for block in page.blocks if view.reader.may_see(block)]
        return self._html(
            request,
            view,
            "page.html",
            title=self._title(view),
            lead=page.lead[view.language],
            filters=filter_form(view),
            has_search=page.key is None
            and any(isinstance(block, Table) and block.lines and block.search for block in blocks),
            blocks=block_views(view, blocks),
            lookup=self._lookup_form(view, request) if page.can_log_lookups else None,
            hidden=self._hidden(view),
        )

    def _table(self, request: Request, view: View) -> Response:
        page = _page_of(view, request.path_params["page"])
        name = request.path_params["table"]
        view = replace(view, page=page, noted=self._noted(view, page))
        self._check_key(view)
        if name.endswith(".xlsx"):
            return self._excel(view, name.removesuffix(".xlsx"))
        table = _table_of(view, name)
        return self._html(
            request,
            view,
            "table.html",
            title=table.definition.title[view.language],
            lead=self._title(view),
            back=view.to(page.name, **view.kept()),
            filters=filter_form(view, table),
            has_search=bool(table.search),
            block=table_view(view, table, is_whole=True),
            told=request.query_params.get("told", ""),
            hidden=self._hidden(view),
        )

    def _hidden(self, view: View) -> dict[str, str]:
        """What a form of filters keeps, though it does not ask for it."""
        key = view.page.key
        return {key: view.asked.values[key]} if key else {}

    def _title(self, view: View) -> str:
        if view.page.key == "customer_id":
            return _customer(view)["name"]
        return view.page.title[view.language]

    def _check_key(self, view: View) -> None:
        """See that a page about one thing knows which, and that the reader may see it."""
        if view.page.key and not _customer(view):
            raise NotFoundError

    def _excel(self, view: View, name: str) -> Response:
        block = view.page.tables.get(name) or view.page.charts.get(name)
        if block is None or not view.reader.may_see(block):
            raise NotFoundError
        title, table = self._whole(view, block)
        return _workbook(view, name, title, table)

    def _whole(self, view: View, block: Table | Chart) -> tuple[str, PreparedTable]:
        if isinstance(block, Chart):
            found = read_chart(
                view.reading, view.reader, view.page, block, view.asked, view.language
            )
            return block.title[view.language], found.table
        found = read_table(
            view.reading,
            view.reader,
            view.page,
            block,
            replace(view.asked, page=1),
            view.language,
            lines=None,
        )
        return block.definition.title[view.language], found.table

    def _definitions(self, request: Request, view: View) -> Response:
        themes: dict[str, list[Any]] = {}
        for kpi in catalogue(view.reading, view.language).values():
            themes.setdefault(kpi.theme, []).append(kpi)
        return self._html(
            request,
            view,
            "definitions.html",
            title=phrases.DEFINITIONS[view.language],
            themes=themes,
            current="definitions",
            is_linked=view.reader.role is not Role.SALESPERSON,
        )

    def _definition(self, request: Request, view: View) -> Response:
        kpi = catalogue(view.reading, view.language).get(request.path_params["kpi"])
        # Its history is everybody's.
        if kpi is None or view.reader.role is Role.SALESPERSON:
            raise NotFoundError
        return self._html(
            request,
            view,
            "definition.html",
            title=kpi.label,
            current="definitions",
            **definition_view(view, kpi),
        )

    def _columns(self, request: Request, view: View) -> Response:
        page, _, name = request.query_params.get("of", "").partition("/")
        view = replace(view, page=_page_of(view, page))
        table = _table_of(view, name)
        labels = labels_of(view.reading, view.language)
        told = _column_definitions(view.reading)
        return self._html(
            request,
            view,
            "columns.html",
            title=table.definition.title[view.language],
            columns=[
                (labels.heading(column), told.get(column.name, ""))
                for column in table.definition.columns
                if view.reader.may_see_column(column.name)
            ],
        )

    # What is written

    async def _remind(self, request: Request) -> Response:
        form = await read_form(request)
        return await run_in_threadpool(self._reminded, request, form)

    def _reminded(self, request: Request, form: Mapping[str, list[str]]) -> Response:
        """Note the reminders that were chosen, and hand out their workbook."""

        def make(_: Request, view: View) -> Response:
            page = _page_of(view, request.path_params["page"])
            view = replace(view, page=page)
            table = _table_of(view, request.path_params["table"])
            if not table.can_be_reminded or view.reader.role is Role.SALESPERSON:
                raise NotFoundError
            chosen = list(dict.fromkeys(form.get("item", ())))
            back = view.table_address(table.name)
            if not chosen:
                return _back(back, "nothing_chosen")
            named = ", ".join(map(quoted_text, chosen))
            found = read_table(
                view.reading,
                view.reader,
                page,
                table,
                Asked(),
                view.language,
                lines=None,
                among=f"worklist_status = {quoted_text(CHOOSABLE)} and open_item_id in ({named})",
            )
            if found.count != len(chosen):
                return _back(back, "moved", count=str(len(chosen) - found.count))
            sources = self.sources()
            Sheets.of(sources).append(
                REMINDER_SHEET,
                [
                    reminder_row(view, sources, dict(zip(found.answer.at, row, strict=True)))
                    for row in found.answer.rows
                ],
            )
            title = table.definition.title[view.language]
            return _workbook(view, table.name, title, found.table)

        return self._written(request, make)

    async def _log_lookup(self, request: Request) -> Response:
        form = await read_form(request)
        return await run_in_threadpool(self._lookup_logged, request, form)

    def _lookup_logged(self, request: Request, form: Mapping[str, list[str]]) -> Response:
        def make(_: Request, view: View) -> Response:
            sources = self.sources()
            row = lookup_row(view, sources, {name: values[0] for name, values in form.items()})
            Sheets.of(sources).append(LOOKUPS, [row])
            return _back(_own_path(form.get("back", [""])[0], view.language), "lookup_logged")

        return self._written(request, make)

    def _written(self, request: Request, make: Callable[[Request, View], Response]) -> Response:
        try:
            return self._answer(make)(request)
        except NothingPublishedError:
            raise
        except AdvError as error:
            language = _language(request)
            told = phrases.NO_SHEETS[language].format(told=str(error))
            return self._error(request, phrases.NOT_WRITTEN, told, 409)

    def _noted(self, view: View, page: Page) -> frozenset[str]:
        """Items of the worklist that were reminded of since the publication."""
        if not any(table.can_be_reminded for table in page.tables.values()):
            return frozenset()
        try:
            noted = Sheets.of(self.sources()).references(REMINDER_SHEET)
        except AdvError:
            return frozenset()
        start = f"cockpit/{view.reading.as_of}/"
        return frozenset(
            reference.removeprefix(start).rpartition("/")[0]
            for reference in noted
            if reference.startswith(start)
        )

    def _lookup_form(self, view: View, request: Request) -> dict[str, Any]:
        customer = _customer(view) if view.page.key == "customer_id" else {}
        labels = labels_of(view.reading, view.language)
        return {
            "url": view.to("lookups"),
            "reference": uuid4().hex,
            "customer_number": customer.get("customer_number", ""),
            "order_number": view.asked.search if view.page.name == "orders" else "",
            "topics": list(labels.codes["lookup_topic"].items()),
            "back": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            "companies": [] if customer.get("company") else _company_names(view.reading),
            "company": customer.get("company", ""),
        }

    # Answers

    def _html(
        self, request: Request, view: View, template: str, *, title: str, **told: Any
    ) -> Response:
        notes = page_notes(view)
        content = self._render(
            template,
            request,
            view.language,
            view.reader,
            title=title,
            notes=[note.text for note in notes if not note.is_warning],
            warnings=[note.text for note in notes if note.is_warning],
            publication=view.reading.marts.identifier,
            message=_message(request, view.language),
            view=view,
            **{"current": view.page.name, **told},
        )
        return HTMLResponse(content, headers=HEADERS)

    def _render(
        self,
        template: str,
        request: Request,
        language: Language,
        reader: Reader | None,
        **told: Any,
    ) -> str:
        return self.templates.get_template(template).render(
            language=language.value,
            say=lambda phrase, **filled: phrase[language].format(**filled),
            phrases=phrases,
            columns_label=lambda name: labels_of(told["view"].reading, language).heading(
                Column(name)
            ),
            menu=[
                (page.name, page.title[language], address(language, page.name))
                for page in PAGES.values()
                if page.is_in_menu and reader and reader.may_open(page)
            ],
            definitions_url=address(language, "definitions"),
            languages=[
                (one.value, _in_language(request, one), one is language) for one in Language
            ],
            who=phrases.SIGNED_IN[language].format(
                login=reader.login, role=phrases.ROLES[reader.role][language]
            )
            if reader and reader.login
            else "",
            is_narrowed=reader is not None and reader.role is Role.SALESPERSON,
            plain_heading=Heading,
            **told,
        )

    def _error(
        self,
        request: Request,
        title: Phrase,
        told: Phrase | str,
        status: int,
    ) -> Response:
        language = _language(request, strict=False)
        try:
            reader: Reader | None = self._reader(request)
        except NotAllowedError:
            reader = None
        content = self._render(
            "error.html",
            request,
            language,
            reader,
            title=title[language],
            told=told if isinstance(told, str) else told[language],
            notes=[],
            warnings=[],
            publication="",
            message="",
            current="",
        )
        return HTMLResponse(content, status_code=status, headers=HEADERS)

    def _not_found(self, request: Request, _: Exception) -> Response:
        return self._error(request, phrases.NOT_FOUND, phrases.NOT_FOUND_TOLD, 404)

    def _refused(self, request: Request, _: Exception) -> Response:
        return self._error(request, phrases.NOT_WRITTEN, phrases.NOT_FOUND_TOLD, 400)

    def _not_allowed(self, request: Request, _: Exception) -> Response:
        return self._error(request, phrases.NOT_SIGNED_IN, phrases.NOT_SIGNED_IN_TOLD, 403)

    def _nothing_published(self, request: Request, _: Exception) -> Response:
        return self._error(request, phrases.NO_PUBLICATION, phrases.NO_PUBLICATION_TOLD, 503)

    def _unreadable(self, request: Request, _: Exception) -> Response:
        return self._error(request, phrases.UNREADABLE, phrases.UNREADABLE_TOLD, 503)


def _language(request: Request, *, strict: bool = True) -> Language:
    named = request.path_params.get("language") or request.url.path.split("/")[1]
    try:
        return Language(named)
    except ValueError:
        if strict:
            raise NotFoundError from None
        return _preferred(request)


def _preferred(request: Request) -> Language:
    """The first language that the browser asks for and the cockpit has."""
    for part in request.headers.get("accept-language", "").split(","):
        code = part.strip()[:2].lower()
        if code in set(Language):
            return Language(code)
    return Language.FRENCH


def _in_language(request: Request, language: Language) -> str:
    parts = request.url.path.split("/")
    if len(parts) < 3 or parts[1] not in set(Language):
        return address(language, "today")
    path = "/".join(["", language.value, *parts[2:]])
    return with_query(path, dict(request.query_params))


def _page_of(view: View, name: str) -> Page:
    page = PAGES.get(name)
    if page is None or not view.reader.may_open(page):
        raise NotFoundError
    return page


def _table_of(view: View, name: str) -> Table:
    table = view.page.tables.get(name)
    if table is None or not view.reader.may_see(table):
        raise NotFoundError
    return table


def _customer(view: View) -> dict[str, str]:
    """The customer that a page is about, if there is one and the reader may see him."""
    key = view.asked.values.get("customer_id", "")
    chosen = view.reader.condition(view.reading, {"customer_id"})
    found = view.reading.connection.execute(
        "select customers.name, customers.customer_number, companies.name "
        f"from (select * from core.dim_customer where {chosen}) as customers "
        # Where companies share their customers, the one that he deals with.
        "left join kpi.customer_overview as overview "
        "on customers.customer_id = overview.customer_id "
        "left join core.dim_company as companies "
        "on coalesce(customers.company_id, overview.company_id) = companies.company_id "
        f"where customers.customer_id = {quoted_text(key)} "
        "order by overview.last_ordered_on desc nulls last, companies.name limit 1"
    ).fetchone()
    if found is None:
        return {}
    names = ("name", "customer_number", "company")
    return {name: value or "" for name, value in zip(names, found, strict=True)}


def _company_names(reading: Reading) -> list[str]:
    found = reading.connection.execute(
        "select name from core.dim_company where company_id <> 'unknown' order by name"
    ).fetchall()
    return [str(name) for (name,) in found]


def _column_definitions(reading: Reading) -> dict[str, str]:
    return reading.remember(
        "column definitions",
        lambda: dict(
            reading.connection.execute(
                "select column_name, any_value(definition) from kpi.glossary "
                "where column_name <> '' group by 1"
            ).fetchall()
        ),
    )


def _workbook(view: View, name: str, title: str, table: PreparedTable) -> Response:
    """A table as a workbook; the writers of lists make it."""
    prepared = as_list(view.reading, name.replace("_", "-"), title, view.language, table)
    with tempfile.TemporaryDirectory(prefix="adv-cockpit-") as folder:
        target = Path(folder) / "list.xlsx"
        write_excel(prepared, target)
        content = target.read_bytes()
    file = prepared.file_name(".xlsx")
    disposition = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(content, media_type=EXCEL_TYPE, headers={**HEADERS, **disposition})


MESSAGES = {
    "nothing_chosen": phrases.NOTHING_CHOSEN,
    "moved": phrases.WORKLIST_MOVED,
    "lookup_logged": phrases.LOOKUP_LOGGED,
}


def _back(path: str, told: str, **more: str) -> Response:
    parts = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    query |= {"told": told, **more}
    return RedirectResponse(with_query(parts.path, query), status_code=303, headers=HEADERS)


def _own_path(path: str, language: Language) -> str:
    """The page that a form came from; never another site."""
    parts = urlsplit(path)
    is_own = not parts.scheme and not parts.netloc and parts.path.startswith(f"/{language.value}/")
    return path if is_own and "\\" not in path else address(language, "today")


def _message(request: Request, language: Language) -> str:
    phrase = MESSAGES.get(request.query_params.get("told", ""))
    count = request.query_params.get("count", "")
    return phrase[language].format(count=count if count.isdigit() else "") if phrase else ""
