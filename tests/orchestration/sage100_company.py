"""A small company on Sage 100, and beside its tables a plain ledger of what it did.

From the ledger the tests compute what the marts must say.

Sage rewrites lines when a document is transformed: type and number change in place, a partial
delivery splits the line, a header with no line left is deleted.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

NOTHING = datetime.fromisoformat("1753-01-01")
VAT = Decimal("1.20")
QUOTE, ORDER, PREPARATION, DELIVERY, RETURN, CREDIT, INVOICE, POSTED = range(8)
TRACE = {QUOTE: "DE", ORDER: "BC", PREPARATION: "PL", DELIVERY: "BL"}

Row = dict[str, Any]
Event = tuple[datetime, str, Decimal]

DOCUMENT = {
    **{"DO_Domaine": "smallint", "DO_Type": "smallint", "DO_Piece": "varchar(13)"},
}
SCHEMA: dict[str, dict[str, str]] = {
    "P_DOSSIER": {
        **{"cbMarq": "int", "D_RaisonSoc": "varchar(35)", "D_Pays": "varchar(35)"},
        **{"D_Siret": "varchar(14)", "D_DebutExo01": "timestamp", "N_DeviseCompte": "smallint"},
    },
    "P_DEVISE": {"cbMarq": "int", "cbIndice": "smallint", "D_CodeISO": "varchar(3)"},
    "P_REGLEMENT": {"cbMarq": "int", "cbIndice": "smallint", "R_Intitule": "varchar(35)"},
    "F_COLLABORATEUR": {
        **{"cbMarq": "int", "CO_No": "int", "CO_Nom": "varchar(35)", "CO_Prenom": "varchar(35)"},
        **{"CO_Service": "varchar(35)", "CO_Vendeur": "smallint", "cbModification": "timestamp"},
    },
    "F_DEPOT": {
        **{"cbMarq": "int", "DE_No": "int", "DE_Intitule": "varchar(35)"},
        "cbModification": "timestamp",
    },
    "F_COMPTET": {
        **{"cbMarq": "int", "CT_Num": "varchar(17)", "CT_Intitule": "varchar(69)"},
        **{"CT_Type": "smallint", "CG_NumPrinc": "varchar(13)", "CT_NumPayeur": "varchar(17)"},
        **{"CT_Encours": "numeric(24,6)", "CT_ControlEnc": "smallint", "CO_No": "int"},
        **{"CT_DateCreate": "timestamp", "cbModification": "timestamp"},
    },
    "F_FAMILLE": {
        **{"cbMarq": "int", "FA_CodeFamille": "varchar(11)", "FA_Intitule": "varchar(69)"},
        "cbModification": "timestamp",
    },
    "F_ARTICLE": {
        **{"cbMarq": "int", "AR_Ref": "varchar(19)", "AR_Design": "varchar(69)"},
        **{"FA_CodeFamille": "varchar(11)", "AR_PrixVen": "numeric(24,6)"},
        **{"AR_PrixAch": "numeric(24,6)", "AR_SuiviStock": "smallint"},
        **{"AR_DateCreation": "timestamp", "cbModification": "timestamp"},
    },
    "F_DOCENTETE": {
        **{"cbMarq": "int", **DOCUMENT, "DO_Date": "timestamp", "DO_Heure": "varchar(9)"},
        **{"DO_Ref": "varchar(17)", "DO_Tiers": "varchar(17)", "CT_NumPayeur": "varchar(17)"},
        **{"CO_No": "int", "DE_No": "int", "DO_DateLivr": "timestamp", "DO_Statut": "smallint"},
        **{"DO_Reliquat": "smallint", "DO_Provenance": "smallint", "DO_PieceOrig": "varchar(13)"},
        **{"DO_TotalHTNet": "numeric(24,6)", "DO_TotalTTC": "numeric(24,6)"},
        **{"CG_Num": "varchar(13)", "cbCreateur": "varchar(4)", "cbModification": "timestamp"},
    },
    "F_DOCLIGNE": {
        **{"cbMarq": "int", **DOCUMENT, "DO_Date": "timestamp", "CT_Num": "varchar(17)"},
        **{f"DL_Piece{stage}": "varchar(13)" for stage in TRACE.values()},
        **{f"DL_Date{stage}": "timestamp" for stage in TRACE.values()},
        **{f"DL_Qte{stage}": "numeric(24,6)" for stage in TRACE.values()},
        **{"DL_Ligne": "int", "AR_Ref": "varchar(19)", "DL_Design": "varchar(69)"},
        **{"DL_Qte": "numeric(24,6)", "DL_PrixUnitaire": "numeric(24,6)"},
        **{"DL_MontantHT": "numeric(24,6)", "DL_MontantTTC": "numeric(24,6)"},
        **{"DL_PrixRU": "numeric(24,6)", "DL_Valorise": "smallint", "CO_No": "int"},
        **{"DE_No": "int", "DO_DateLivr": "timestamp", "cbModification": "timestamp"},
    },
    "F_DOCREGL": {
        **{"cbMarq": "int", "DR_No": "int", **DOCUMENT, "DR_TypeRegl": "smallint"},
        **{"DR_Date": "timestamp", "DR_Pourcent": "numeric(24,6)", "DR_Montant": "numeric(24,6)"},
        **{"DR_Equil": "smallint", "DR_Regle": "smallint", "N_Reglement": "smallint"},
        **{"EC_No": "int", "cbModification": "timestamp"},
    },
    "F_CREGLEMENT": {
        **{"cbMarq": "int", "RG_No": "int", "CT_NumPayeur": "varchar(17)", "RG_Date": "timestamp"},
        **{"RG_Montant": "numeric(24,6)", "N_Reglement": "smallint", "RG_Type": "smallint"},
        **{"RG_TypeReg": "smallint", "RG_Impaye": "timestamp", "RG_DateEchCont": "timestamp"},
        **{"RG_Piece": "varchar(13)", "CG_Num": "varchar(13)", "cbModification": "timestamp"},
    },
    "F_REGLECH": {
        **{"cbMarq": "int", "RG_No": "int", "DR_No": "int", **DOCUMENT},
        **{"RC_Montant": "numeric(24,6)", "cbModification": "timestamp"},
    },
    "F_ECRITUREC": {
        **{"cbMarq": "int", "EC_No": "int", "JO_Num": "varchar(7)", "JM_Date": "timestamp"},
        **{"EC_Jour": "smallint", "EC_Date": "timestamp", "EC_Piece": "varchar(13)"},
        **{"EC_RefPiece": "varchar(17)", "CG_Num": "varchar(13)", "CT_Num": "varchar(17)"},
        **{"EC_Intitule": "varchar(69)", "EC_Echeance": "timestamp", "EC_Sens": "smallint"},
        **{"EC_Montant": "numeric(24,6)", "EC_Lettrage": "varchar(3)", "EC_Rappel": "smallint"},
        **{"EC_DateRelance": "timestamp", "cbModification": "timestamp"},
    },
}


def at(text: str) -> datetime:
    """A time in March 2026, or in the month given: `03 14:30`, `02-20 09:00`."""
    day, clock = text.split()
    return datetime.fromisoformat(f"2026-{day if '-' in day else f'03-{day}'}T{clock}:00")


@dataclass(frozen=True)
class Line:
    """A line of an order, in the ledger."""

    order: str
    product: str
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True)
class Known:
    """Which of an order's times a reader of Sage could have seen."""

    entered: bool = False
    validated: bool = False
    shipped: bool = False
    invoiced: bool = False


@dataclass
class Order:
    """What the company did for one order, in the words of the trade."""

    number: str
    entered: datetime
    validated: datetime | None = None
    prepared: datetime | None = None
    deleted: datetime | None = None
    lines: dict[str, Line] = field(default_factory=dict)
    deliveries: list[Event] = field(default_factory=list)
    invoices: list[Event] = field(default_factory=list)
    dropped: list[Event] = field(default_factory=list)
    changes: list[tuple[datetime, str, Decimal, Decimal]] = field(default_factory=list)
    returns: list[Event] = field(default_factory=list)

    def times(self, known: Known) -> tuple[datetime | None, ...]:
        """When it was entered, confirmed, first delivered and first invoiced, as far as known."""
        return (
            self.entered if known.entered else None,
            self.validated if known.validated else None,
            self.deliveries[0][0] if known.shipped else None,
            self.invoices[0][0] if known.invoiced else None,
        )


@dataclass
class Company:
    """The tables of Sage, and the ledger."""

    tables: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    orders: dict[str, Order] = field(default_factory=dict)
    owed: dict[str, Decimal] = field(default_factory=dict)
    """What is open of each invoice and credit note, by number."""
    counter: int = 0

    def __post_init__(self) -> None:
        start = at("01-05 08:00")
        self._add(
            "P_DOSSIER",
            D_RaisonSoc="Robinets Durand",
            D_Pays="France",
            D_Siret="12345678200011",
            D_DebutExo01=at("01-01 00:00"),
            N_DeviseCompte=1,
        )
        self._add("P_DEVISE", cbIndice=1, D_CodeISO="EUR")
        self._add("P_REGLEMENT", cbIndice=1, R_Intitule="Virement")
        self._add(
            "F_COLLABORATEUR",
            CO_No=1,
            CO_Nom="Martin",
            CO_Prenom="Lea",
            CO_Service="Nord",
            CO_Vendeur=1,
            cbModification=start,
        )
        self._add("F_DEPOT", DE_No=1, DE_Intitule="Lille", cbModification=start)
        self._add("F_FAMILLE", FA_CodeFamille="VAN", FA_Intitule="Vannes", cbModification=start)
        for code, name in (("ALPHA", "Alpha SA"), ("BETA", "Beta SARL"), ("GAMMA", "Gamma SAS")):
            self._add(
                "F_COMPTET",
                CT_Num=code,
                CT_Intitule=name,
                CT_Type=0,
                CG_NumPrinc="411000",
                CT_NumPayeur=code,
                CT_Encours=Decimal(5000),
                CT_ControlEnc=0,
                CO_No=1,
                CT_DateCreate=_day(start),
                cbModification=start,
            )
        for code, price in (("V1", 100), ("V2", 25), ("V3", 8)):
            self._add(
                "F_ARTICLE",
                AR_Ref=code,
                AR_Design=f"Vanne {code}",
                FA_CodeFamille="VAN",
                AR_PrixVen=Decimal(price),
                AR_PrixAch=Decimal(price) / 2,
                AR_SuiviStock=2,
                AR_DateCreation=_day(start),
                cbModification=start,
            )

    # What the company does.

    def order(
        self,
        number: str,
        customer: str,
        when: datetime,
        lines: dict[str, int],
        *,
        statut: int = 0,
        due: str = "16 00:00",
    ) -> None:
        """Enter an order; `lines` are quantities by product."""
        self._header(ORDER, number, customer, when, DO_Statut=statut, DO_DateLivr=at(due))
        order = self.orders[number] = Order(number, when)
        if statut:
            order.validated = when
        for product, quantity in lines.items():
            price = self._price(product)
            self._line(
                ORDER, number, customer, when, product, Decimal(quantity), price, due=at(due)
            )
            order.lines[product] = Line(number, product, Decimal(quantity), price)
        self._total(ORDER, number)

    def validate(self, number: str, when: datetime) -> None:
        """Confirm an order."""
        self._change(self._document(ORDER, number), when, DO_Statut=2)
        self.orders[number].validated = when

    def amend(self, number: str, product: str, quantity: int, when: datetime) -> None:
        """The customer wants another quantity of what is not delivered yet."""
        (line,) = (row for row in self._lines(ORDER, number) if row["AR_Ref"] == product)
        order = self.orders[number]
        before = order.lines[product].quantity
        after = before - line["DL_Qte"] + quantity
        self._change(
            line,
            when,
            **self._amounts(Decimal(quantity), line["DL_PrixUnitaire"]),
            DL_QteBC=Decimal(quantity),
        )
        self._total(ORDER, number, when)
        order.changes.append((when, product, before, after))
        order.lines[product] = replace(order.lines[product], quantity=after)

    def prepare(self, number: str, preparation: str, when: datetime) -> None:
        """Turn all that is left of an order into a preparation."""
        self._transform(ORDER, number, PREPARATION, preparation, when, None)
        order = self.orders[number]
        order.prepared = order.prepared or when

    def deliver(
        self,
        source: tuple[int, str],
        delivery: str,
        when: datetime,
        quantities: dict[str, int] | None = None,
        *,
        keep_rest: bool = True,
        rest_is_new: bool = False,
    ) -> None:
        """Deliver an order or a preparation, in part when quantities are given."""
        number = self._order_of(*source)
        moved = self._transform(
            *source,
            DELIVERY,
            delivery,
            when,
            quantities,
            keep_rest=keep_rest,
            rest_is_new=rest_is_new,
        )
        order = self.orders[number]
        for product, quantity, dropped in moved:
            order.deliveries.append((when, product, quantity))
            if dropped:
                order.dropped.append((when, product, dropped))

    def invoice(self, delivery: str, invoice: str, when: datetime, due: date) -> None:
        """Invoice a delivery note."""
        number = self._order_of(DELIVERY, delivery)
        moved = self._transform(DELIVERY, delivery, INVOICE, invoice, when, None, in_place=True)
        self.orders[number].invoices += [
            (when, product, quantity) for product, quantity, _ in moved
        ]
        self._instalment(invoice, when, due)

    def post(self, invoice: str, when: datetime) -> None:
        """Transfer an invoice or credit note to accounting."""
        header = self._document(INVOICE, invoice)
        for row in (header, *self._lines(INVOICE, invoice), *self._instalments(invoice)):
            self._change(row, when, DO_Type=POSTED)
        total, net = abs(header["DO_TotalTTC"]), abs(header["DO_TotalHTNet"])
        sign = 1 if header["DO_Provenance"] in (1, 2) else 0
        booked = (
            ("411000", header["DO_Tiers"], sign, total),
            ("707000", "", 1 - sign, net),
            ("445710", "", 1 - sign, total - net),
        )
        for account, customer, side, amount in booked:
            entry = self._entry("VTE", invoice, header["DO_Date"], account, customer, side, amount)
            if customer:
                for row in self._instalments(invoice):
                    row["EC_No"] = entry["EC_No"]

    def take_back(
        self, order: str, number: str, when: datetime, quantities: dict[str, int]
    ) -> None:
        """Goods come back; the return names the order in its reference."""
        customer = self._customer_of(order)
        self._header(RETURN, number, customer, when, DO_Ref=order, DO_Statut=2)
        for product, quantity in quantities.items():
            self._line(
                RETURN, number, customer, when, product, Decimal(-quantity), self._price(product)
            )
            self.orders[order].returns.append((when, product, Decimal(quantity)))
        self._total(RETURN, number)

    def credit(self, returned: str, number: str, when: datetime, invoice: str) -> None:
        """Credit a return, naming the invoice that the credit note corrects."""
        self._transform(
            RETURN,
            returned,
            INVOICE,
            number,
            when,
            None,
            DO_Provenance=1,
            DO_PieceOrig=invoice,
            DO_Ref="",
        )
        self._instalment(number, when, when.date())

    def pay(self, payment: int, customer: str, when: datetime, settles: dict[str, Decimal]) -> None:
        """Receive a payment and match it with invoices, and with credit notes taken off it."""
        signed = {n: (-a if self._is_credit(n) else a) for n, a in settles.items()}
        self._add(
            "F_CREGLEMENT",
            RG_No=payment,
            CT_NumPayeur=customer,
            RG_Date=_day(when),
            RG_Montant=sum(signed.values()),
            N_Reglement=1,
            RG_Type=0,
            RG_TypeReg=0,
            RG_Piece=f"R{payment}",
            CG_Num="411000",
            cbModification=when,
        )
        for number, amount in settles.items():
            (instalment,) = self._instalments(number)
            self._add(
                "F_REGLECH",
                RG_No=payment,
                DR_No=instalment["DR_No"],
                DO_Domaine=0,
                DO_Type=instalment["DO_Type"],
                DO_Piece=number,
                RC_Montant=amount,
                cbModification=when,
            )
            self.owed[number] -= signed[number]
            self._change(instalment, when, DR_Regle=int(self.owed[number] == 0))
        total = sum(signed.values(), Decimal(0))
        self._entry("BQE", f"R{payment}", when, "512000", "", 0, total)
        self._entry("BQE", f"R{payment}", when, "411000", customer, 1, total)

    def delete(self, number: str, when: datetime) -> None:
        """Delete an order, as Sage does: without a trace."""
        for row in (*self._lines(ORDER, number), self._document(ORDER, number)):
            table = "F_DOCLIGNE" if "DL_Qte" in row else "F_DOCENTETE"
            self.tables[table].remove(row)
        self.orders[number].deleted = when

    def block(self, customer: str, when: datetime, *, blocked: bool = True) -> None:
        """Block a customer's account, or release it."""
        (row,) = (c for c in self.tables["F_COMPTET"] if c["CT_Num"] == customer)
        self._change(row, when, CT_ControlEnc=2 if blocked else 0)

    def remind(self, invoice: str, level: int, when: datetime) -> None:
        """Send a reminder for a posted invoice."""
        for entry in self.tables["F_ECRITUREC"]:
            if entry["EC_RefPiece"] == invoice and entry["CT_Num"]:
                self._change(entry, when, EC_Rappel=level, EC_DateRelance=_day(when))

    # What the tests ask of the ledger.

    def order_book(self, book: str, day: date, *, traces_only: bool = False) -> Decimal:
        """Value of what was to deliver, or to invoice, at the end of a day.

        `traces_only` is what can be told from the lines that Sage holds at the very end: no
        order that was deleted, each as it was last amended, booked on its own date.
        """
        found = Decimal(0)
        for order in self.orders.values():
            booked = order.entered if traces_only else order.validated
            if booked is None or booked.date() > day:
                continue
            if order.deleted and (traces_only or order.deleted.date() <= day):
                continue
            found += sum(
                _open(order, line, book, day, amended=not traces_only) * line.price
                for line in order.lines.values()
            )
        return found

    def moved(self, kind: str, day: date) -> Decimal:
        """Value by which the book to deliver changed on a day."""
        value = Decimal(0)
        for order in self.orders.values():
            for product, line in order.lines.items():
                quantity = Decimal(0)
                if kind == "new" and order.validated and order.validated.date() == day:
                    quantity += _ordered(order, line, day)
                if kind == "amended":
                    quantity += _sum_on(
                        day, [(w, p, b - a) for w, p, a, b in order.changes], product
                    )
                if kind == "delivered":
                    quantity += _sum_on(day, order.deliveries, product)
                if kind == "lost":
                    quantity += _sum_on(day, order.dropped, product)
                    if order.deleted and order.deleted.date() == day:
                        quantity += line.quantity
                value += quantity * line.price
        return value

    def order_lines(self) -> list[tuple[object, ...]]:
        """Ordered, delivered, invoiced, returned and given up, by order and product."""
        return sorted(
            (
                *(order.number, product, line.quantity),
                *(
                    sum((q for _, p, q in events if p == product), Decimal(0))
                    for events in (order.deliveries, order.invoices, order.returns, order.dropped)
                ),
            )
            for order in self.orders.values()
            for product, line in order.lines.items()
        )

    # How Sage keeps it.

    def _add(self, table: str, **values: Any) -> Row:
        self.counter += 1
        row: Row = {"cbMarq": self.counter}
        for column, kind in SCHEMA[table].items():
            if column == "cbMarq":
                continue
            empty: Any = NOTHING if kind == "timestamp" else "" if kind.startswith("varchar") else 0
            row[column] = values.get(column, empty)
        assert values.keys() <= row.keys(), values.keys() - row.keys()
        self.tables[table].append(row)
        return row

    def _header(self, kind: int, number: str, customer: str, when: datetime, **values: Any) -> Row:
        return self._add(
            "F_DOCENTETE",
            **{
                **{
                    "DO_Type": kind,
                    "DO_Piece": number,
                    "DO_Date": _day(when),
                    "DO_Tiers": customer,
                },
                **{
                    "DO_Heure": f"000{when:%H%M%S}",
                    "CT_NumPayeur": customer,
                    "CO_No": 1,
                    "DE_No": 1,
                },
                **{
                    "DO_Statut": 2,
                    "CG_Num": "411000",
                    "cbCreateur": "COLU",
                    "cbModification": when,
                },
                **values,
            },
        )

    def _line(
        self,
        kind: int,
        number: str,
        customer: str,
        when: datetime,
        product: str,
        quantity: Decimal,
        price: Decimal,
        due: datetime = NOTHING,
    ) -> Row:
        traced = (
            {f"DL_Qte{TRACE[kind]}": quantity, f"DL_Date{TRACE[kind]}": _day(when)}
            if kind in TRACE
            else {}
        )
        return self._add(
            "F_DOCLIGNE",
            DO_Type=kind,
            DO_Piece=number,
            DO_Date=_day(when),
            CT_Num=customer,
            DL_Ligne=1000 * (len(self._lines(kind, number)) + 1),
            AR_Ref=product,
            DL_Design=f"Vanne {product}",
            DL_PrixUnitaire=price,
            DL_PrixRU=price / 2,
            DL_Valorise=1,
            CO_No=1,
            DE_No=1,
            DO_DateLivr=due,
            cbModification=when,
            **self._amounts(quantity, price),
            **traced,
        )

    def _transform(
        self,
        kind: int,
        number: str,
        to_kind: int,
        to_number: str,
        when: datetime,
        quantities: dict[str, int] | None,
        *,
        keep_rest: bool = True,
        rest_is_new: bool = False,
        in_place: bool = False,
        **values: Any,
    ) -> list[tuple[str, Decimal, Decimal]]:
        """Lines take the new type and number; a part leaves a rest on the old document.

        What part of a line keeps its row, and whether a header that loses all lines is rewritten
        or replaced, differs between versions of Sage.
        """
        header = self._document(kind, number)
        if not in_place:
            about = {"DO_Ref": header["DO_Ref"], **values}
            self._header(to_kind, to_number, header["DO_Tiers"], when, **about)
        moved = []
        for line in self._lines(kind, number):
            product, there = line["AR_Ref"], line["DL_Qte"]
            wanted = there if quantities is None else Decimal(quantities.get(product, 0))
            if wanted == 0:
                continue
            part = line
            rest = there - wanted
            if rest > 0 and keep_rest:
                copy = self._add("F_DOCLIGNE", **{k: v for k, v in line.items() if k != "cbMarq"})
                part, left = (line, copy) if rest_is_new else (copy, line)
                self._change(left, when, **self._amounts(rest, line["DL_PrixUnitaire"]))
                self._change(header, when, DO_Reliquat=1)
                if kind in TRACE:
                    left[f"DL_Qte{TRACE[kind]}"] = rest
            if kind in TRACE:
                part[f"DL_Piece{TRACE[kind]}"] = number
                part[f"DL_Date{TRACE[kind]}"] = header["DO_Date"]
                part[f"DL_Qte{TRACE[kind]}"] = there
            elif kind == RETURN:
                part.update(DL_PieceBL=number, DL_DateBL=header["DO_Date"], DL_QteBL=there)
            self._change(
                part,
                when,
                DO_Type=to_kind,
                DO_Piece=to_number,
                DO_Date=_day(when),
                **self._amounts(wanted, part["DL_PrixUnitaire"]),
            )
            if to_kind in TRACE:
                part.update(
                    {f"DL_Qte{TRACE[to_kind]}": wanted, f"DL_Date{TRACE[to_kind]}": _day(when)}
                )
            moved.append((product, wanted, max(rest, Decimal(0)) if not keep_rest else Decimal(0)))
        if in_place:
            new = {"DO_Type": to_kind, "DO_Piece": to_number, "DO_Heure": f"000{when:%H%M%S}"}
            self._change(header, when, DO_Date=_day(when), **new)
        elif not self._lines(kind, number):
            self.tables["F_DOCENTETE"].remove(header)
        else:
            self._total(kind, number, when)
        self._total(to_kind, to_number)
        return moved

    def _instalment(self, number: str, when: datetime, due: date) -> None:
        header = self._document(INVOICE, number)
        self._add(
            "F_DOCREGL",
            DR_No=self.counter,
            DO_Type=INVOICE,
            DO_Piece=number,
            DR_TypeRegl=2,
            DR_Date=datetime.combine(due, time()),
            DR_Equil=1,
            N_Reglement=1,
            cbModification=when,
        )
        total = abs(header["DO_TotalTTC"])
        self.owed[number] = -total if self._is_credit(number) else total

    def _entry(
        self,
        journal: str,
        piece: str,
        when: datetime,
        account: str,
        customer: str,
        side: int,
        amount: Decimal,
    ) -> Row:
        return self._add(
            "F_ECRITUREC",
            EC_No=self.counter,
            JO_Num=journal,
            JM_Date=_day(when).replace(day=1),
            EC_Jour=when.day,
            EC_Date=_day(when),
            EC_Piece=piece,
            EC_RefPiece=piece,
            CG_Num=account,
            CT_Num=customer,
            EC_Intitule=piece,
            EC_Sens=side,
            EC_Montant=amount,
            cbModification=when,
        )

    def _document(self, kind: int, number: str) -> Row:
        (found,) = (
            h
            for h in self.tables["F_DOCENTETE"]
            if h["DO_Piece"] == number
            and (h["DO_Type"] == kind or (kind, h["DO_Type"]) == (INVOICE, POSTED))
        )
        return found

    def _lines(self, kind: int, number: str) -> list[Row]:
        return [
            line
            for line in self.tables["F_DOCLIGNE"]
            if line["DO_Piece"] == number
            and (line["DO_Type"] == kind or (kind, line["DO_Type"]) == (INVOICE, POSTED))
        ]

    def _instalments(self, number: str) -> list[Row]:
        return [r for r in self.tables["F_DOCREGL"] if r["DO_Piece"] == number]

    def _is_credit(self, number: str) -> bool:
        return self._document(INVOICE, number)["DO_Provenance"] in (1, 2)

    def _order_of(self, kind: int, number: str) -> str:
        if kind == ORDER:
            return number
        return str(self._lines(kind, number)[0]["DL_PieceBC"])

    def _customer_of(self, order: str) -> str:
        return next(
            str(line["CT_Num"])
            for line in self.tables["F_DOCLIGNE"]
            if order in (line["DO_Piece"], line["DL_PieceBC"])
        )

    def _price(self, product: str) -> Decimal:
        return next(
            Decimal(a["AR_PrixVen"]) for a in self.tables["F_ARTICLE"] if a["AR_Ref"] == product
        )

    def _amounts(self, quantity: Decimal, price: Decimal) -> Row:
        net = quantity * price
        return {"DL_Qte": quantity, "DL_MontantHT": net, "DL_MontantTTC": net * VAT}

    def _total(self, kind: int, number: str, when: datetime | None = None) -> None:
        header = self._document(kind, number)
        lines = self._lines(kind, number)
        header["DO_TotalHTNet"] = sum(line["DL_MontantHT"] for line in lines)
        header["DO_TotalTTC"] = sum(line["DL_MontantTTC"] for line in lines)
        if when:
            header["cbModification"] = when

    def _change(self, row: Row, when: datetime, **values: Any) -> None:
        assert values.keys() <= row.keys(), values.keys() - row.keys()
        row.update(values)
        row["cbModification"] = when


def _ordered(order: Order, line: Line, day: date) -> Decimal:
    """Quantity ordered, as it stood on a day."""
    later = (b - a for w, p, a, b in order.changes if p == line.product and w.date() > day)
    return line.quantity - sum(later, Decimal(0))


def _open(order: Order, line: Line, book: str, day: date, *, amended: bool) -> Decimal:
    def until(events: list[Event]) -> Decimal:
        parts = (q for when, p, q in events if p == line.product and when.date() <= day)
        return sum(parts, Decimal(0))

    ordered = _ordered(order, line, day) if amended else line.quantity
    delivered = until(order.deliveries)
    if book == "to_deliver":
        return max(ordered - delivered - until(order.dropped), Decimal(0))
    return max(delivered - until(order.invoices) - until(order.returns), Decimal(0))


def _sum_on(day: date, events: list[Event], product: str) -> Decimal:
    return sum((q for when, p, q in events if p == product and when.date() == day), Decimal(0))


def statements(company: Company) -> list[str]:
    """PostgreSQL that makes the tables hold what the company's hold now."""
    found = []
    for table, columns in SCHEMA.items():
        declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        found.append(f'create table if not exists "{table}" ({declared})')
        found.append(f'delete from "{table}"')
        rows = company.tables[table]
        if rows:
            values = ", ".join(f"({', '.join(_literal(row[c]) for c in columns)})" for row in rows)
            found.append(f'insert into "{table}" values {values}')
    return found


def write_files(company: Company, folder: Path) -> None:
    """The same tables as CSV exports, one file each."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, columns in SCHEMA.items():
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([row[c] for c in columns] for row in company.tables[table])


def working_minutes(start: datetime, end: datetime) -> Decimal:
    """Minutes that the company was open in between, on its own clock; March has no holiday."""
    total = timedelta()
    day = start.date()
    while day <= end.date():
        afternoon = (13, 30, 16, 30) if day.weekday() == 4 else (13, 30, 17, 30)
        for opens_h, opens_m, closes_h, closes_m in ((8, 30, 12, 30), afternoon):
            if day.weekday() > 4:
                continue
            opens = datetime.combine(day, time(opens_h, opens_m))
            closes = datetime.combine(day, time(closes_h, closes_m))
            total += max(min(end, closes) - max(start, opens), timedelta())
        day += timedelta(days=1)
    return Decimal(int(total.total_seconds())) / 60


def _day(when: datetime) -> datetime:
    return when.replace(hour=0, minute=0)


def _literal(value: Any) -> str:
    if isinstance(value, int | Decimal):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def live_until_the_first_extraction(company: Company) -> None:
    """What nobody extracted while it happened."""
    company.order("BC0900", "ALPHA", at("02-20 09:00"), {"V1": 2, "V2": 10})
    company.validate("BC0900", at("02-20 10:00"))
    company.deliver((ORDER, "BC0900"), "BL0900", at("02-27 15:00"))
    company.order("BC0901", "BETA", at("02-24 11:00"), {"V1": 10})
    company.validate("BC0901", at("02-24 11:30"))
    company.deliver((ORDER, "BC0901"), "BL0901", at("02-26 16:00"), {"V1": 4})
    company.order("BC0902", "GAMMA", at("02-25 14:00"), {"V3": 50})
    company.validate("BC0902", at("02-25 15:00"))
    company.order("BC1009", "GAMMA", at("02 10:00"), {"V1": 1})
    company.validate("BC1009", at("02 11:00"))
    company.order("BC1002", "BETA", at("02 16:00"), {"V2": 20})


def live_the_first_day(company: Company) -> None:
    """An order is entered, two are confirmed, one is amended, an old delivery is invoiced."""
    company.order("BC1001", "ALPHA", at("03 09:00"), {"V1": 5, "V2": 4})
    company.validate("BC1002", at("03 10:00"))
    company.validate("BC1001", at("03 11:00"))
    company.amend("BC0902", "V3", 60, at("03 14:00"))
    company.invoice("BL0900", "FA0900", at("03 15:00"), date(2026, 4, 2))


def live_the_second_day(company: Company) -> None:
    """Picking, a partial delivery, an order deleted, one that no load sees before it is gone."""
    company.prepare("BC1001", "PL1001", at("04 09:00"))
    company.order("BC1004", "BETA", at("04 10:00"), {"V3": 30})
    company.validate("BC1004", at("04 10:30"))
    company.deliver((ORDER, "BC1002"), "BL1002", at("04 14:00"), {"V2": 10}, rest_is_new=True)
    company.delete("BC1009", at("04 15:00"))
    company.deliver((ORDER, "BC1004"), "BL1004", at("04 15:30"))
    company.invoice("BL0901", "FA0901", at("04 16:00"), date(2026, 3, 4))


def live_the_third_day(company: Company) -> None:
    """The rest is delivered short, goods come back and are credited, customers pay."""
    company.take_back("BC0900", "BR0900", at("05 09:30"), {"V2": 3})
    company.deliver((ORDER, "BC1002"), "BL1003", at("05 10:00"), {"V2": 8}, keep_rest=False)
    company.deliver((ORDER, "BC0901"), "BL0902", at("05 10:15"))
    company.block("GAMMA", at("05 10:30"))
    company.deliver((PREPARATION, "PL1001"), "BL1001", at("05 11:00"))
    company.credit("BR0900", "FR0900", at("05 11:30"), "FA0900")
    company.post("FA0900", at("05 12:00"))
    company.post("FR0900", at("05 12:00"))
    company.post("FA0901", at("05 12:00"))
    company.pay(1, "ALPHA", at("05 14:00"), {"FA0900": Decimal(540), "FR0900": Decimal(90)})
    company.pay(2, "BETA", at("05 14:30"), {"FA0901": Decimal(200)})
    company.invoice("BL0902", "FA0902", at("05 16:00"), date(2026, 4, 4))
    company.invoice("BL1002", "FA1002", at("05 17:00"), date(2026, 4, 4))
    company.remind("FA0901", 1, at("05 17:15"))


DAYS = (
    (date(2026, 3, 2), live_until_the_first_extraction),
    (date(2026, 3, 3), live_the_first_day),
    (date(2026, 3, 4), live_the_second_day),
    (date(2026, 3, 5), live_the_third_day),
)
"""The days at whose end Sage is extracted, and what happened until then."""
