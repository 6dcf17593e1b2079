"""Writes the reminders that are due, each to a file; nothing is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from reports.definition import Row
from reports.formats.safe_text import CONTROLS
from reports.formats.typeset import typeset
from reports.letters import phrases
from reports.letters.phrases import Tone
from reports.lists.registry import LISTS
from reports.marts import SALESPERSON, read_marts, rows_of
from reports.narrowing import narrowing
from reports.numbers import LOCALES, day, long_day, money, rounded
from reports.prepared import day_of
from reports.request import Language, ListName, ListRequest
from reports.whole import make_folder, put_whole, set_aside

TEMPLATE = Path(__file__).with_name("letter.typ")
OUR_NAME = re.compile(r"[\w.]*-[\w.]*-\d+(-\d+)?\.(pdf|eml)", re.ASCII)
"""What letters and drafts are called; files of other names in a folder are somebody else's."""
NO_LONGER_DUE = "no longer due"
"""Folder, within that of a day, of the letters that were withdrawn."""
QUERY = f"""
    select
        worklist.*,
        companies.name as company,
        companies.country_code as company_country,
        companies.registration_number,
        customers.customer_number,
        customers.name as customer,
        customers.postal_code,
        customers.city,
        customers.country_code,
        customers.language_code,
        documents.document_date,
        documents.agent_id,
        {SALESPERSON} as salesperson_id,
        items.currency_code as own_currency_code,
        items.receivable_amount - items.disputed_amount as own_claimed_amount
    from kpi.dunning_worklist as worklist
    inner join core.dim_company as companies on worklist.company_id = companies.company_id
    inner join core.dim_customer as customers on worklist.customer_id = customers.customer_id
    left join core.fct_documents as documents on worklist.document_id = documents.document_id
    left join kpi.open_items as items
        on
            worklist.company_id = items.company_id
            and worklist.open_item_id = items.open_item_id
            and worklist.company_open_amount_incl_tax = items.company_open_amount
            and items.is_latest
    where worklist.as_of_date = $as_of and worklist.worklist_status = 'remind'
"""
ORDER = "company_id, customer_id, next_level, due_date, document_number, open_item_id"
LANGUAGES_OF = {"FR": Language.FRENCH, "IT": Language.ITALIAN}
"""What a company writes in where its customer's language is none of ours."""


@dataclass(frozen=True)
class WrittenLetter:
    """A reminder as it was written."""

    path: Path
    draft: Path | None
    """Mail with the letter attached, where the policy's channel is e-mail."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The letter, and the draft where there is one."""
        return (self.path, self.draft) if self.draft else (self.path,)


@dataclass(frozen=True)
class LettersOfDay:
    """The reminders of a day, as they now lie in its folder."""

    folder: Path
    written: tuple[WrittenLetter, ...]
    withdrawn: tuple[Path, ...]
    """Letters and drafts written earlier that are no longer due, where they lie now."""


@dataclass(frozen=True)
class _Letter:
    """What one customer is reminded of, at one level."""

    lines: Sequence[Row]
    language: Language
    as_of: date

    @property
    def head(self) -> Row:
        return self.lines[0]

    @property
    def tone(self) -> Tone:
        if self.head["next_channel"] == "registered_letter":
            return phrases.FORMAL_NOTICE
        return phrases.TONES.get(self.head["next_level"], phrases.FORMAL_NOTICE)

    @property
    def currency(self) -> str:
        return str(self.head["currency_code"])

    def total(self, column: str, currency: str | None = None) -> Decimal:
        """Sum of the lines, each to the cent, as the reader would add them up."""
        currency = currency or self.currency
        return sum((rounded(line[column], currency) for line in self.lines), Decimal(0))

    def amount(self, value: Decimal, currency: str | None = None) -> str:
        """An amount with its currency, which no line break parts."""
        currency = currency or self.currency
        return f"{money(value, currency, self.language)}\u00a0{currency}"

    @property
    def indemnities(self) -> dict[str, Decimal]:
        """Fixed indemnities by currency."""
        sums: dict[str, Decimal] = {}
        for line in self.lines:
            if line["indemnity_amount"]:
                currency = line["indemnity_currency_code"]
                sums[currency] = sums.get(currency, Decimal(0)) + rounded(
                    line["indemnity_amount"], currency
                )
        return sums

    @property
    def interest(self) -> Decimal:
        return self.total("company_interest_on_open_amount") + self.total(
            "company_interest_on_paid_amount"
        )

    @property
    def has_legal_amounts(self) -> bool:
        return bool(self.interest or self.indemnities)

    @property
    def has_other_currencies(self) -> bool:
        return any(self.is_in_other_currency(line) for line in self.lines)

    def is_in_other_currency(self, line: Row) -> bool:
        """The invoice is in another currency than the company keeps its books in."""
        return line["own_currency_code"] not in (None, self.currency)

    @property
    def asked(self) -> str:
        """What is asked for: the claim, and from some tone on what the law adds."""
        sums = {self.currency: self.total("company_claimed_amount_incl_tax")}
        if self.tone.asks_legal_amounts:
            sums[self.currency] += self.interest
            for currency, indemnity in self.indemnities.items():
                sums[currency] = sums.get(currency, Decimal(0)) + indemnity
        return " + ".join(self.amount(value, currency) for currency, value in sums.items())


def write_letters(marts: Path, request: ListRequest, folder: Path) -> LettersOfDay:
    """Write a letter for each company, customer and level of which a reminder is due.

    It is in the customer's language where that is one of ours, else in the company's, else in the
    request's. Each day has a folder of its own, so that no letter is posted again with those of a
    later day; files that are there are replaced. Where the request is for everybody, those of the
    day that are not written again are no longer due, and are withdrawn: moved, so that nobody
    posts them, and not deleted.

    Raises:
        ConfigurationError: the worklist does not speak of that day, or nobody is called so.
        NothingPublishedError: there are no marts yet.
        WarehouseError: they are none that lists can be made of.
        StorageError: the letters cannot be written, or earlier ones not be moved.

    """
    dunning = LISTS[ListName.DUNNING]
    with read_marts(marts) as connection:
        as_of = day_of(connection, dunning, request.as_of)
        chosen = narrowing(connection, request)
        condition = chosen.condition(dunning.tables[0])
        names, found = rows_of(connection, QUERY, as_of, condition, ORDER)
    of_day = make_folder(folder / as_of.isoformat())
    lines = [dict(zip(names, values, strict=True)) for values in found]
    written = tuple(_write_all(lines, request.language, as_of, of_day))
    # A request for some of them says nothing of the others.
    withdrawn = () if chosen.names else tuple(_withdraw_others(of_day, written))
    return LettersOfDay(of_day, written, withdrawn)


def _write_all(
    lines: Iterable[Row], otherwise: Language, as_of: date, folder: Path
) -> Iterator[WrittenLetter]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for line in lines:
        key = (line["company_id"], line["customer_id"], line["next_level"], line["next_channel"])
        groups.setdefault(key, []).append(line)
    taken: set[str] = set()
    for group in groups.values():
        letter = _Letter(group, _language(group[0], otherwise), as_of)
        yield _write(letter, folder, _file_name(group[0], taken))


def _withdraw_others(folder: Path, written: Iterable[WrittenLetter]) -> Iterator[Path]:
    """Move what is ours and was not written just now out of the way; where it went."""
    kept = {file.name.casefold(): file for letter in written for file in letter.files}
    for file in sorted(folder.iterdir()):
        again = kept.get(file.name.casefold())
        # A disk that tells no capitals apart keeps the name that a file was first written under.
        if OUR_NAME.fullmatch(file.name) and not (again and again.samefile(file)):
            yield set_aside(file, make_folder(folder / NO_LONGER_DUE))


def _language(line: Row, otherwise: Language) -> Language:
    spoken = (line["language_code"] or "")[:2].lower()
    if spoken in set(Language):
        return Language(spoken)
    return LANGUAGES_OF.get(line["company_country"], otherwise)


def _file_name(line: Row, taken: set[str]) -> str:
    """Company, customer and level, in letters that every disk takes; each name once."""
    words = (line["company_id"], line["customer_number"] or line["customer_id"])
    plain = "-".join(re.sub(r"[^A-Za-z0-9_.]+", "_", str(word)).strip("._") for word in words)
    name = stem = f"{plain}-{line['next_level']}"
    again = 1
    while name.casefold() in taken:
        again += 1
        name = f"{stem}-{again}"
    taken.add(name.casefold())
    return name


def _write(letter: _Letter, folder: Path, name: str) -> WrittenLetter:
    path = folder / f"{name}.pdf"
    data = _data(letter)
    put_whole(path, lambda file: typeset(TEMPLATE, data, file))
    draft: Path | None = None
    if letter.head["next_channel"] == "email":
        draft = folder / f"{name}.eml"
        mail = _draft(letter, data, path)
        put_whole(draft, lambda file: _put_bytes(file, mail.as_bytes(policy=SMTP)))
    return WrittenLetter(path, draft)


def _put_bytes(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def _data(letter: _Letter) -> dict[str, Any]:
    """What the template shows."""
    head, language, tone = letter.head, letter.language, letter.tone
    number = head["customer_number"]
    is_consumer = head["customer_class"] == "consumer"
    salutation = phrases.SALUTATIONS.get(head["customer_class"], phrases.SALUTATION)
    headings, rows, total = _table(letter)
    return {
        "language": language.value,
        "sender": _present(head["company"], head["registration_number"]),
        "recipient": _present(
            head["customer"],
            None if is_consumer else phrases.TO_THE_ATTENTION[language],
            " ".join(_present(head["postal_code"], head["city"])),
            _country(head, language),
        ),
        "day": long_day(letter.as_of, language),
        "registered": (
            phrases.BY_REGISTERED_LETTER[language]
            if head["next_channel"] == "registered_letter"
            else ""
        ),
        "subject": phrases.SUBJECT[language].format(subject=tone.subject[language]),
        "reference": phrases.YOUR_NUMBER[language].format(number=number) if number else "",
        "before": [
            salutation[language],
            tone.body[language].format(amount=letter.asked),
        ],
        "headings": headings,
        "widths": _widths(letter, len(headings)),
        "rows": rows,
        "total": total,
        "after": _after(letter),
        "closing": phrases.CLOSING[language],
    }


def _after(letter: _Letter) -> list[str]:
    """What is said under the table: the law, what is left out, what may have crossed."""
    language = letter.language
    told = []
    if letter.has_legal_amounts:
        law = phrases.law(letter.head["company_country"], letter.head["customer_class"])
        told += [law[language]] if law else []
        if letter.tone.lists_legal_amounts:
            told.append(
                phrases.INTEREST_UP_TO[language].format(day=long_day(letter.as_of, language))
            )
    if letter.has_other_currencies:
        told.append(phrases.OTHER_CURRENCIES[language].format(currency=letter.currency))
    disputed = letter.total("company_disputed_amount_incl_tax")
    if disputed:
        told.append(phrases.DISPUTED[language].format(amount=letter.amount(disputed)))
    unmatched = letter.head["company_payer_unapplied_amount_incl_tax"]
    if unmatched < 0:
        told.append(phrases.UNMATCHED[language].format(amount=letter.amount(-unmatched)))
    return [*told, phrases.PAID_MEANWHILE[language]]


def _table(letter: _Letter) -> tuple[list[str], list[list[str]], list[str]]:
    """Headings, a row per invoice, totals; legal amounts where the tone itemises them."""
    language = letter.language
    headings = [
        phrases.INVOICE[language],
        phrases.INVOICE_DATE[language],
        phrases.DUE_DATE[language],
        phrases.DAYS_LATE[language],
        f"{phrases.AMOUNT[language]} ({letter.currency})",
        *([phrases.OWN_AMOUNT[language]] if letter.has_other_currencies else []),
    ]
    is_itemised = letter.tone.lists_legal_amounts and letter.has_legal_amounts
    if is_itemised:
        headings += [
            phrases.RATE[language],
            phrases.INTEREST[language],
            phrases.INDEMNITY[language],
        ]
    rows = [
        [*_invoice(letter, line), *(_legal(letter, line) if is_itemised else ())]
        for line in letter.lines
    ]
    claimed = letter.total("company_claimed_amount_incl_tax")
    total = [phrases.TOTAL[language], "", "", "", money(claimed, letter.currency, language)]
    total += [""] if letter.has_other_currencies else []
    if is_itemised:
        indemnities = " + ".join(
            letter.amount(value, currency) for currency, value in letter.indemnities.items()
        )
        total += ["", money(letter.interest, letter.currency, language), indemnities]
    return headings, rows, total


def _widths(letter: _Letter, count: int) -> list[float]:
    """How wide the columns are, in relation to each other."""
    own = [1.6] if letter.has_other_currencies else []
    return [2, 1.5, 1.5, 1, 1.4, *own, 1.1, 1.3, 1.5][:count]


def _invoice(letter: _Letter, line: Row) -> list[str]:
    language = letter.language
    claimed = line["company_claimed_amount_incl_tax"]
    return [
        line["document_number"] or line["open_item_id"],
        day(line["document_date"], language) if line["document_date"] else "",
        day(line["due_date"], language),
        str(line["days_late"]),
        money(rounded(claimed, letter.currency), letter.currency, language),
        *([_own_amount(letter, line)] if letter.has_other_currencies else []),
    ]


def _own_amount(letter: _Letter, line: Row) -> str:
    """What is claimed, in the currency of the invoice, where that is another."""
    if not letter.is_in_other_currency(line):
        return ""
    currency = line["own_currency_code"]
    return letter.amount(rounded(line["own_claimed_amount"], currency), currency)


def _legal(letter: _Letter, line: Row) -> list[str]:
    from babel.numbers import format_decimal

    language, rate, indemnity = (
        letter.language,
        line["legal_rate_percent"],
        line["indemnity_amount"],
    )
    interest = rounded(line["company_interest_on_open_amount"], letter.currency) + rounded(
        line["company_interest_on_paid_amount"], letter.currency
    )
    return [
        "" if rate is None else format_decimal(rate, "0.00", LOCALES[language]) + "\u00a0%",
        money(interest, letter.currency, language),
        letter.amount(indemnity, line["indemnity_currency_code"]) if indemnity else "",
    ]


def _country(head: Row, language: Language) -> str | None:
    """The country, where it is another than the sender's."""
    from babel import Locale

    if head["country_code"] == head["company_country"]:
        return None
    return Locale.parse(LOCALES[language]).territories.get(head["country_code"])


def _present(*values: str | None) -> list[str]:
    return [value for value in values if value]


def _draft(letter: _Letter, data: dict[str, Any], attached: Path) -> EmailMessage:
    """A mail that a mail program opens to be completed and sent: it has no addressee yet."""
    mail = EmailMessage()
    mail["X-Unsent"] = "1"
    mail["Subject"] = _one_line(
        f"{letter.tone.subject[letter.language]} · {letter.head['company']}"
    )
    paragraphs = [*data["before"], *(_plain_lines(data)), *data["after"], data["closing"]]
    mail.set_content("\n\n".join([*paragraphs, data["sender"][0]]) + "\n")
    mail.add_attachment(
        attached.read_bytes(), maintype="application", subtype="pdf", filename=attached.name
    )
    return mail


def _plain_lines(data: dict[str, Any]) -> Iterator[str]:
    yield "\n".join(" · ".join(cell for cell in row if cell) for row in data["rows"])


def _one_line(text: str) -> str:
    """Text that cannot begin another header."""
    return " ".join(CONTROLS.sub(" ", text).split())
