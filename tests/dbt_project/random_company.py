"""Small companies with a life drawn at random, as tables of the contract.

Each lives in the first quarters of 2024 and 2025, so that there are sales to compare, and is
consistent in itself: what is delivered was ordered, what is invoiced was delivered or ordered, what
is paid was invoiced, and the ledger holds an entry for each of these. All else is left to chance:
what happens, in which order, how much of it, in which currency and when, also after the as-of date.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.dbt_project.contract_rows import AS_OF_DATE

Row = dict[str, Any]
START = date(2024, 1, 1)
LAST_DAY = (AS_OF_DATE - START).days
QUARTER = 89
A_YEAR = 366
TAX = Decimal("0.20")
COMPANIES = {
    "fr": {"country_code": "FR", "currency_code": "EUR", "time_zone": "Europe/Paris"},
    "ch": {"country_code": "CH", "currency_code": "CHF", "time_zone": "Europe/Zurich"},
}
ROLES = {
    "411": "trade",
    "413": "bills_in_hand",
    "4191": "deposits",
    "445": "tax",
    "512": "bank",
    "666": "other",
    "70": "sales",
}
CUSTOMERS = ("c1", "c2", "c3")
PRODUCTS = ("p1", "p2", "p3")
AGENTS = ("agent", "robot")
FOREIGN_CURRENCY = "USD"
DAYS_OF_A_RATE = 45


@dataclass
class Company:
    """A company whose life is being drawn."""

    number: Callable[[int, int], int]
    """Draws a whole number between two, both included."""
    tables: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    rates: dict[str, list[Decimal]] = field(default_factory=dict)
    """What one unit of the foreign currency is worth to each company, one rate after the other."""

    def add(self, table: str, **values: Any) -> Row:
        """A row of the contract."""
        self.tables[table].append(values)
        return values

    def chance(self, percent: int) -> bool:
        """Whether something happens."""
        return self.number(0, 99) < percent

    def one_of(self, *choices: Any) -> Any:
        """One of several."""
        return choices[self.number(0, len(choices) - 1)]

    def later(self, day: int, days: int = 20) -> int:
        """A day no earlier than another."""
        return self.number(day, day + days)

    def day(self, last: int) -> int:
        """A day of the last quarter, or of the same one a year before."""
        return self.number(LAST_DAY - QUARTER, last) - (A_YEAR if self.chance(30) else 0)

    def worth(self, name: str, currency: str, day: int, amount: Decimal) -> Decimal:
        """An amount in the company's own currency; rates of one digit leave nothing to round."""
        is_foreign = currency != COMPANIES[name]["currency_code"]
        return amount * self.rates[name][day // DAYS_OF_A_RATE] if is_foreign else amount

    def key(self, table: str) -> str:
        """The next key of a table."""
        return f"{table}{len(self.tables[table]) + 1}"


def on(day: int) -> date:
    """A day of the company's life."""
    return START + timedelta(days=day)


def day_of(then: date) -> int:
    """The day of its life that a date is."""
    return (then - START).days


def at(day: int, hour: int = 10) -> datetime:
    """An instant of it, UTC."""
    return datetime.combine(on(day), time(hour))


@st.composite
def companies(draw: st.DrawFn) -> dict[str, list[Row]]:
    """The contract's tables of one or two companies."""
    company = Company(lambda low, high: draw(st.integers(low, high)))
    return _life(company, orders=company.number(1, 6), rest=2)


def busy_company(seed: int) -> dict[str, list[Row]]:
    """The same of a longer life: more happens to it than examples can shrink."""
    random = Random(seed)
    return _life(Company(random.randint), orders=60, rest=20)


def _life(company: Company, orders: int, rest: int) -> dict[str, list[Row]]:
    names = ["fr", "ch"][: company.number(1, 2)]
    _reference_data(company, names)
    for _ in range(company.number(rest // 2, rest)):
        _price_agreement(company, names)
    for _ in range(orders):
        _order(company, company.one_of(*names))
    for _ in range(company.number(rest // 2, rest)):
        _quote(company, company.one_of(*names))
    for _ in range(company.number(0, rest + 1)):
        _claim(company, company.one_of(*names))
    return dict(company.tables)


def _reference_data(company: Company, names: list[str]) -> None:
    for name in names:
        country = COMPANIES[name]["country_code"]
        company.add(
            "companies", company_id=name, name=name, calendar_code=country, **COMPANIES[name]
        )
        for prefix, role in ROLES.items():
            company.add(
                "account_roles",
                company_id=name,
                account_prefix=prefix,
                account_role=role,
                valid_from=START,
            )
        company.rates[name] = [Decimal(company.number(8, 12)) / 10 for _ in range(16)]
        for position, rate in enumerate(company.rates[name]):
            company.add(
                "exchange_rates",
                from_currency_code=FOREIGN_CURRENCY,
                to_currency_code=COMPANIES[name]["currency_code"],
                rate_date=on(position * DAYS_OF_A_RATE),
                rate=rate,
            )
    for customer in CUSTOMERS:
        company.add(
            "customers",
            customer_id=customer,
            name=customer,
            customer_class=company.one_of("private", "public", "intercompany"),
            segment=company.one_of("retail", "industry", None),
            do_not_remind=company.chance(20),
            is_active=True,
        )
    for product in PRODUCTS:
        company.add(
            "products",
            product_id=product,
            name=product,
            product_range=company.one_of("tools", "paint", None),
            standard_cost=Decimal(company.number(1, 50)),
            list_price_excl_tax=Decimal(company.number(1, 60)) if company.chance(70) else None,
            product_type="goods",
            is_active=True,
        )
    for agent in AGENTS:
        company.add(
            "employees",
            employee_id=agent,
            company_id=names[0],
            team="north",
            role="adv_agent",
            is_technical_user=agent == "robot",
            contract_hours_per_week=Decimal(35),
            valid_from=START,
        )


def _price_agreement(company: Company, names: list[str]) -> None:
    """A price or a discount for one customer or all, on a product, a range or all."""
    start = company.day(LAST_DAY)
    is_price = company.chance(60)
    is_of_product = company.chance(60)
    company.add(
        "price_agreements",
        price_agreement_id=company.key("price_agreements"),
        company_id=company.one_of(*names, None),
        customer_id=company.one_of(*CUSTOMERS, None),
        product_id=company.one_of(*PRODUCTS) if is_of_product else None,
        product_range=None if is_of_product else company.one_of("tools", None),
        rank=company.number(1, 3),
        minimum_quantity=Decimal(company.one_of(0, 3, 8)),
        unit_price_excl_tax=Decimal(company.number(1, 50)) if is_price else None,
        discount_percent=None if is_price else Decimal(company.number(1, 40)),
        currency_code=company.one_of("EUR", FOREIGN_CURRENCY, None),
        valid_from=on(start),
        valid_to=on(company.later(start, 90)) if company.chance(50) else None,
    )


def _document(company: Company, kind: str, name: str, day: int, **values: Any) -> Row:
    key = company.key("documents")
    return company.add(
        "documents",
        **{
            "document_id": key,
            "company_id": name,
            "document_type": kind,
            "document_number": key.upper(),
            "channel": company.one_of("edi", "email", "manual", "unknown"),
            "sold_to_customer_id": "c1",
            "agent_id": company.one_of(*AGENTS, None),
            "team": "north",
            "is_backorder": False,
            "currency_code": COMPANIES[name]["currency_code"],
            "document_date": on(day),
            "entered_at": at(day),
            **values,
        },
    )


def _line(company: Company, document: Row, quantity: int, price: Decimal, **values: Any) -> Row:
    amount = quantity * price
    worth = _worth(company, document, amount)
    return company.add(
        "document_lines",
        **{
            "document_line_id": company.key("document_lines"),
            "document_id": document["document_id"],
            "company_id": document["company_id"],
            "line_type": "product",
            "quantity": Decimal(quantity),
            "unit_price_excl_tax": price,
            "amount_excl_tax": amount,
            "amount_tax": amount * TAX,
            "amount_incl_tax": amount * (1 + TAX),
            "company_amount_excl_tax": worth,
            **values,
        },
    )


def _worth(company: Company, document: Row, amount: Decimal) -> Decimal:
    """An amount of a document in company currency, at the rate of its day."""
    day = day_of(document["document_date"])
    return company.worth(document["company_id"], document["currency_code"], day, amount)


def _lines(company: Company, document: Row) -> list[Row]:
    return [
        line
        for line in company.tables["document_lines"]
        if line["document_id"] == document["document_id"]
    ]


def _total(company: Company, document: Row) -> None:
    """Give a document the sum of its lines."""
    net = sum((line["amount_excl_tax"] for line in _lines(company, document)), Decimal(0))
    worth = _worth(company, document, net)
    document.update(
        amount_excl_tax=net,
        amount_tax=net * TAX,
        amount_incl_tax=net * (1 + TAX),
        company_amount_excl_tax=worth,
        company_amount_incl_tax=worth * (1 + TAX),
    )


def _event(
    company: Company, document: Row, day: int, old: str | None, new: str, hour: int = 11
) -> None:
    company.add(
        "document_events",
        document_event_id=company.key("document_events"),
        document_id=document["document_id"],
        company_id=document["company_id"],
        event_type="status_changed" if old else "created",
        occurred_at=at(day, hour),
        employee_id=company.one_of(*AGENTS, None),
        from_status=old,
        to_status=new,
        origin="source",
    )


def _order(company: Company, name: str, quote: Row | None = None) -> None:
    entered = day_of(quote["closed_at"].date()) if quote else company.day(LAST_DAY - 20)
    buyer = quote["sold_to_customer_id"] if quote else company.one_of(*CUSTOMERS)
    validated = company.later(entered, 5) if company.chance(85) else None
    promised = company.later(entered)
    order = _document(
        company,
        "order",
        name,
        entered,
        sold_to_customer_id=buyer,
        generated_from_document_id=quote["document_id"] if quote else None,
        currency_code=_currency(company, name),
        status="to_validate",
        first_confirmed_date=on(promised) if company.chance(80) else None,
        last_confirmed_date=on(company.later(promised, 5)),
        requested_date=on(company.later(entered, 10)) if company.chance(50) else None,
        received_at=at(entered, 8) if company.chance(50) else None,
        site=company.one_of("lyon", None),
    )
    _event(company, order, entered, None, "to_validate")
    lines = [
        _line(
            company,
            order,
            company.number(1, 10),
            Decimal(company.number(1, 5000)) / 100,
            product_id=company.one_of(*PRODUCTS),
        )
        for _ in range(company.number(1, 3))
    ]
    deposits = [_deposit(company, order, entered)] if company.chance(25) else []
    _total(company, order)
    if validated is None:
        return
    order.update(status="waiting", validated_at=at(validated))
    if company.chance(40):
        # As systems do that write the day of confirmation over that of entry.
        order.update(document_date=on(validated))
    _event(company, order, validated, "blocked" if deposits else "to_validate", "waiting", 13)
    if company.chance(10):
        cancelled = company.later(validated)
        by = company.one_of("us", "customer", None)
        order.update(status="cancelled", cancelled_at=at(cancelled), cancelled_by=by)
        _event(company, order, cancelled, "waiting", "cancelled", 15)
        return
    delivered = [0] * len(lines)
    days = [company.later(validated, 15) for _ in range(company.number(0, 2))]
    for day in sorted(set(days)):
        _delivery(company, order, lines, delivered, day, deposits)
        rest = any(line["quantity"] > sent for line, sent in zip(lines, delivered, strict=True))
        if any(delivered):
            _move(company, order, day, "part_shipped" if rest else "shipped")


def _currency(company: Company, name: str) -> str:
    return FOREIGN_CURRENCY if company.chance(30) else COMPANIES[name]["currency_code"]


def _deposit(company: Company, order: Row, day: int) -> Row:
    """The deposit that holds an order up: a line of it, invoiced and perhaps paid.

    Returns the line of its invoice.
    """
    _move(company, order, day, "blocked", 12)
    price = Decimal(company.number(1, 5000)) / 100
    item = {"line_type": "deposit", "product_id": None}
    line = _line(company, order, 0, price, **item)
    invoice = _issued(company, "deposit_invoice", order, order["sold_to_customer_id"], day)
    item["order_line_id"] = line["document_line_id"]
    deposit = _line(company, invoice, 1, price, **item)
    _receivable(company, invoice)
    return deposit


def _move(company: Company, document: Row, day: int, status: str, hour: int = 15) -> None:
    """Give a document its next status."""
    if document["status"] != status:
        _event(company, document, day, document["status"], status, hour)
        document.update(status=status)


def _delivery(
    company: Company,
    order: Row,
    lines: list[Row],
    delivered: list[int],
    day: int,
    deposits: list[Row],
) -> None:
    """Part of what is still to be delivered, now and then a little more."""
    note = _document(
        company,
        "delivery_note",
        order["company_id"],
        day,
        channel="generated",
        sold_to_customer_id=order["sold_to_customer_id"],
        generated_from_document_id=order["document_id"],
        currency_code=order["currency_code"],
        status="shipped",
        delivery_reason="sale",
        validated_at=at(day, 15),
        shipped_at=at(day, 15),
        site=order["site"],
    )
    goods = []
    for position, line in enumerate(lines):
        rest = int(line["quantity"]) - delivered[position]
        quantity = company.number(0, max(rest, 0) + (1 if company.chance(10) else 0))
        if quantity:
            delivered[position] += quantity
            price = line["unit_price_excl_tax"]
            item = {"product_id": line["product_id"], "order_line_id": line["document_line_id"]}
            _line(company, note, quantity, price, unit_cost=Decimal(3), **item)
            goods.append((quantity, price, item))
    _total(company, note)
    if goods and company.chance(75):
        _invoice(company, order, goods, company.later(day, 15), deposits)


def _invoice(
    company: Company,
    order: Row,
    goods: list[tuple[int, Decimal, Row]],
    day: int,
    deposits: list[Row],
) -> None:
    """The invoice of a delivery; the first one that can bear it deducts the deposit."""
    payer = company.one_of(order["sold_to_customer_id"], *CUSTOMERS)
    invoice = _issued(company, "invoice", order, payer, day)
    for quantity, price, item in goods:
        _line(company, invoice, quantity, price, unit_cost=Decimal(3), **item)
    net = sum(quantity * price for quantity, price, _ in goods)
    if deposits and net > deposits[0]["amount_excl_tax"]:
        deposit = deposits.pop()
        item = {key: deposit[key] for key in ("line_type", "product_id", "order_line_id")}
        _line(company, invoice, -1, deposit["unit_price_excl_tax"], **item)
    _receivable(company, invoice)
    if company.chance(15):
        _credit_note(company, invoice, goods, company.later(day, 20))


def _issued(company: Company, kind: str, order: Row, payer: str, day: int) -> Row:
    """An invoice of an order, without lines yet."""
    invoice = _document(
        company,
        kind,
        order["company_id"],
        day,
        channel="generated",
        sold_to_customer_id=order["sold_to_customer_id"],
        payer_customer_id=payer,
        generated_from_document_id=order["document_id"],
        currency_code=order["currency_code"],
        status="draft",
        validated_at=at(day, 16),
    )
    _event(company, invoice, day, None, "draft")
    _move(company, invoice, day, "invoiced", 16)
    return invoice


def _receivable(company: Company, invoice: Row) -> None:
    """What an invoice makes of its lines: an entry, instalments and what is paid of them."""
    day = day_of(invoice["document_date"])
    _total(company, invoice)
    _entry(company, invoice, 1)
    parts = company.number(1, 3)
    paid = []
    rest = invoice["amount_incl_tax"]
    due = day
    for number in range(1, parts + 1):
        amount = rest if number == parts else (rest / 2).quantize(Decimal("0.01"))
        rest -= amount
        due = company.later(due, 30)
        instalment = _instalment(company, invoice, number, amount, due)
        if company.chance(60):
            paid.append(_payment(company, invoice, instalment, company.later(day, 40)))
    if len(paid) == parts and all(paid):
        settled = max(each for each in paid if each)
        invoice.update(closed_at=at(settled, 17))
        _move(company, invoice, settled, "settled", 17)


def _instalment(company: Company, document: Row, number: int, amount: Decimal, due: int) -> Row:
    return company.add(
        "instalments",
        instalment_id=company.key("instalments"),
        document_id=document["document_id"],
        company_id=document["company_id"],
        customer_id=document["payer_customer_id"],
        instalment_number=number,
        issued_on=document["document_date"],
        due_date=on(due),
        currency_code=document["currency_code"],
        amount_incl_tax=amount,
        amount_to_pay=amount,
        company_amount_to_pay=_worth(company, document, amount),
        account_code="411000",
    )


def _payment(company: Company, document: Row, instalment: Row, day: int) -> int | None:
    """All or part of an instalment, matched or not, by transfer or by a bill that may bounce.

    Returns the day that settled the instalment, if one did.
    """
    amount = instalment["amount_to_pay"]
    if company.chance(30):
        amount = (amount / 3).quantize(Decimal("0.01"))
    is_bill = company.chance(40)
    maturity = company.later(day, 15)
    owed = _worth(company, document, amount)
    # A bill is drawn at the rate of its invoice, a transfer comes in at that of its own day.
    worth = owed
    if not is_bill:
        worth = company.worth(document["company_id"], document["currency_code"], day, amount)
    payment = company.add(
        "payments",
        payment_id=company.key("payments"),
        company_id=instalment["company_id"],
        customer_id=instalment["customer_id"],
        payment_method="lcr" if is_bill else "transfer",
        payment_date=on(day),
        maturity_date=on(maturity) if is_bill else None,
        cleared_on=on(maturity) if is_bill else None,
        currency_code=instalment["currency_code"],
        amount=amount,
        company_amount=worth,
        is_deposit=document["document_type"] == "deposit_invoice",
        account_code="411000",
    )
    _book(company, payment, day, ("413000" if is_bill else "512000", worth), ("411000", -worth))
    bounced = is_bill and company.chance(40)
    if is_bill:
        _book(company, payment, maturity, ("512000", worth), ("413000", -worth))
    is_matched = company.chance(85)
    if is_matched:
        _allocation(company, instalment, day, amount, worth, payment_id=payment["payment_id"])
    if is_matched and owed != worth:
        _allocation(company, instalment, day, Decimal(0), owed - worth, "exchange_difference")
        _book(company, payment, day, ("666000", owed - worth), ("411000", worth - owed))
    if bounced:
        rejected = company.later(maturity, 5)
        company.add(
            "payment_rejections",
            payment_rejection_id=company.key("payment_rejections"),
            company_id=instalment["company_id"],
            payment_id=payment["payment_id"],
            rejected_on=on(rejected),
            amount=amount,
            company_amount=worth,
            fee_amount=Decimal(15),
        )
        _book(company, payment, rejected, ("411000", worth), ("512000", -worth))
    is_all = is_matched and not bounced and amount == instalment["amount_to_pay"]
    return maturity if is_all and is_bill else day if is_all else None


def _allocation(
    company: Company,
    instalment: Row,
    day: int,
    amount: Decimal,
    worth: Decimal,
    kind: str = "cash",
    **values: Any,
) -> None:
    company.add(
        "payment_allocations",
        payment_allocation_id=company.key("payment_allocations"),
        company_id=instalment["company_id"],
        instalment_id=instalment["instalment_id"],
        allocation_kind=kind,
        effective_date=on(day),
        currency_code=instalment["currency_code"],
        amount=amount,
        company_amount=worth,
        **values,
    )


def _credit_note(
    company: Company, invoice: Row, goods: list[tuple[int, Decimal, Row]], day: int
) -> None:
    note = _document(
        company,
        "credit_note",
        invoice["company_id"],
        day,
        channel="generated",
        sold_to_customer_id=invoice["sold_to_customer_id"],
        payer_customer_id=invoice["payer_customer_id"],
        corrects_document_id=invoice["document_id"],
        currency_code=invoice["currency_code"],
        status="invoiced",
        validated_at=at(day, 16),
        reason=company.one_of("price", "return", None),
    )
    quantity, price, item = goods[0]
    _line(company, note, quantity, price, unit_cost=Decimal(3), **item)
    _total(company, note)
    _entry(company, note, -1)
    _instalment(company, note, 1, -note["amount_incl_tax"], day)


def _entry(company: Company, document: Row, sign: int) -> None:
    """The entry of an invoice, or with a negative sign of a credit note."""
    found = [("411000", document["company_amount_incl_tax"])]
    for line in _lines(company, document):
        account = "419100" if line["line_type"] == "deposit" else "707000"
        found.append((account, -line["company_amount_excl_tax"]))
    found.append(("445710", -document["company_amount_excl_tax"] * TAX))
    owner = {**document, "customer_id": document["payer_customer_id"]}
    day = day_of(document["document_date"])
    _book(company, owner, day, *((account, sign * amount) for account, amount in found))


def _book(company: Company, owner: Row, day: int, *lines: tuple[str, Decimal]) -> None:
    number = company.key("ledger_entries")
    for position, (account, amount) in enumerate(lines, start=1):
        company.add(
            "ledger_entries",
            ledger_entry_id=f"{number}-{position}",
            company_id=owner["company_id"],
            journal_code="OD",
            entry_number=number,
            line_number=position,
            entry_date=on(day),
            account_code=account,
            customer_id=owner["customer_id"],
            document_reference=owner.get("document_number"),
            debit=max(amount, Decimal(0)),
            credit=max(-amount, Decimal(0)),
            is_opening=False,
        )


def _quote(company: Company, name: str) -> None:
    entered = company.day(LAST_DAY)
    status = company.one_of("waiting", "settled", "rejected", "expired")
    quote = _document(
        company,
        "quote",
        name,
        entered,
        sold_to_customer_id=company.one_of(*CUSTOMERS),
        currency_code=_currency(company, name),
        status=status,
        sent_at=at(entered, 12) if company.chance(70) else None,
        valid_until=on(company.later(entered, 30)),
        closed_at=None if status == "waiting" else at(company.later(entered, 30)),
        reason=company.one_of("price", None) if status == "rejected" else None,
    )
    _line(company, quote, company.number(1, 9), Decimal(7), product_id=company.one_of(*PRODUCTS))
    _total(company, quote)
    _event(company, quote, entered, None, "waiting")
    if quote["closed_at"]:
        _event(company, quote, day_of(quote["closed_at"].date()), "waiting", status)
    if status == "settled" and company.chance(70):
        _order(company, name, quote)


def _claim(company: Company, name: str) -> None:
    opened = company.day(LAST_DAY + 5)
    claim = company.add(
        "claims",
        claim_id=company.key("claims"),
        company_id=name,
        customer_id=company.one_of(*CUSTOMERS),
        product_id=company.one_of(*PRODUCTS, None),
        reason=company.one_of("damaged", "price", "unknown"),
        status="in_progress",
        channel="email",
        opened_at=at(opened),
    )
    _claim_event(company, claim, opened, "opened")
    day = opened
    for _ in range(company.number(0, 2)):
        day = company.later(day + 1, 15)
        claim.update(status="resolved", resolved_at=at(day))
        _claim_event(company, claim, day, "resolved")
        if company.chance(60):
            return
        day = company.later(day + 1, 15)
        claim.update(status="in_progress", resolved_at=None)
        _claim_event(company, claim, day, "reopened")


def _claim_event(company: Company, claim: Row, day: int, kind: str) -> None:
    company.add(
        "claim_events",
        claim_event_id=company.key("claim_events"),
        claim_id=claim["claim_id"],
        event_type=kind,
        occurred_at=at(day, 14),
        employee_id="agent",
    )
