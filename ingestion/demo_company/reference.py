"""Who and what the company consists of: people, teams, ranges, terms, accounts. All invented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingestion.demo_company.variables import literal, set_variable

if TYPE_CHECKING:
    import duckdb

FRENCH_SIREN = "123456782"
ITALIAN_TAX_CODE = "12345678903"
FRENCH_NAME = "Distribution Alpine SAS"
ITALIAN_NAME = "Distribuzione Alpina S.r.l."
OVERLOADED_TEAM = "ADV Sud"
LOSS_LEADER = "QUI-0007"
DECLINING_RANGES = ("Éclairage", "Outillage")
GROWING_RANGES = ("Ventilation",)

TEAMS = [
    # id, English, French, Italian, company
    (1, "Sales administration North", "ADV Nord", "Amministrazione vendite Nord", 1),
    (2, "Sales administration South", "ADV Sud", "Amministrazione vendite Sud", 1),
    (3, "Sales administration Italy", "ADV Italie", "Amministrazione vendite Italia", 2),
]

_PEOPLE = [
    # name, role, company, team
    ("Claire Besson", "agent", 1, 1),
    ("Julien Faure", "agent", 1, 1),
    ("Nadia Cherif", "agent", 1, 1),
    ("Sophie Lemoine", "agent", 1, 2),
    ("Karim Vidal", "agent", 1, 2),
    ("Giulia Ferri", "agent", 2, 3),
    ("Marco Donati", "agent", 2, 3),
    ("Elena Russo", "agent", 2, 3),
    ("Antoine Perrin", "salesperson", 1, 1),
    ("Camille Roche", "salesperson", 1, 1),
    ("Hugo Marchal", "salesperson", 1, 1),
    ("Lea Fontaine", "salesperson", 1, 2),
    ("Paul Garnier", "salesperson", 1, 2),
    ("Luca Bruni", "salesperson", 2, 3),
    ("Sara Colombo", "salesperson", 2, 3),
    ("Davide Greco", "salesperson", 2, 3),
    ("Yann Prigent", "logistician", 1, None),
    ("Mehdi Amrani", "logistician", 1, None),
    ("Lucie Aubry", "logistician", 1, None),
    ("Bruno Conti", "logistician", 2, None),
    ("Paola Serra", "logistician", 2, None),
    ("Helene Carron", "collector", 1, None),
    ("Anna Rinaldi", "collector", 2, None),
    ("Thomas Delmas", "manager", 1, None),
    ("Chiara Moretti", "manager", 2, None),
]
ROBOTS = [(1, "odoobot"), (2, "edi.robot"), (3, "webshop.robot")]
FIRST_USER = 11

DEPARTMENTS = {
    "agent": (1, "Sales administration", "Administration des ventes", "Amministrazione vendite"),
    "salesperson": (2, "Sales", "Commercial", "Commerciale"),
    "logistician": (3, "Logistics", "Logistique", "Logistica"),
    "collector": (4, "Accounting", "Comptabilité", "Contabilità"),
    "manager": (5, "Management", "Direction", "Direzione"),
}
_JOB_TITLES = {
    "agent": "ADV agent",
    "salesperson": "Salesperson",
    "logistician": "Logistician",
    "collector": "Credit controller",
    "manager": "Sales administration manager",
}

RANGES = [
    # name, code, families
    ("Robinetterie", "ROB", ("Vannes", "Mitigeurs", "Raccords")),
    ("Chauffage", "CHA", ("Radiateurs", "Circulateurs", "Régulation")),
    ("Ventilation", "VEN", ("Gaines", "Extracteurs", "Filtres")),
    ("Outillage", "OUT", ("Coupe", "Serrage", "Mesure")),
    ("Électricité", "ELE", ("Câbles", "Appareillage", "Protection")),
    ("Quincaillerie", "QUI", ("Visserie", "Fixations", "Serrures")),
    ("Éclairage", "ECL", ("Intérieur", "Extérieur", "Secours")),
    ("Sanitaire", "SAN", ("Lavabos", "Douches", "Évacuation")),
]

TERMS: list[tuple[Any, ...]] = [
    # id, English, French, Italian, discount %, discount days,
    # instalments: (share %, days, delay type)
    (1, "Immediate", "Comptant", "Immediato", None, None, [(100, 0, "days_after")]),
    (2, "30 days", "30 jours", "30 giorni", None, None, [(100, 30, "days_after")]),
    (
        *(3, "45 days end of month", "45 jours fin de mois", "45 giorni fine mese", None, None),
        [(100, 45, "days_after_end_of_month")],
    ),
    (4, "60 days", "60 jours", "60 giorni", None, None, [(100, 60, "days_after")]),
    (
        *(5, "30/60/90 days", "30/60/90 jours", "30/60/90 giorni", None, None),
        [(33.33, 30, "days_after"), (33.33, 60, "days_after"), (33.34, 90, "days_after")],
    ),
    (
        *(6, "30 days, 2 % within 8", "30 jours, 2 % à 8", "30 giorni, 2 % entro 8", 2, 8),
        [(100, 30, "days_after")],
    ),
    (
        *(7, "60 days end of month", "60 jours fin de mois", "60 giorni fine mese", None, None),
        [(100, 60, "days_after_end_of_month")],
    ),
    (8, "90 days", "90 jours", "90 giorni", None, None, [(100, 90, "days_after")]),
]

ACCOUNTS: list[tuple[str, ...]] = [
    # what, French code, French label, Italian code, Italian label, Odoo type, role
    ("trade", "411000", "Clients", "150100", "Crediti verso clienti", "asset_receivable"),
    (
        *("bills_in_hand", "413000", "Clients, effets à recevoir"),
        *("150300", "Effetti e RiBa in portafoglio", "asset_receivable"),
    ),
    (
        *("doubtful", "416000", "Clients douteux"),
        *("150900", "Crediti in sofferenza", "asset_receivable"),
    ),
    (
        *("unbilled", "418100", "Clients, factures à établir"),
        *("151800", "Fatture da emettere", "asset_current"),
    ),
    (
        *("deposits", "419100", "Clients, avances et acomptes reçus"),
        *("250100", "Clienti conto anticipi", "liability_current"),
    ),
    ("tax", "445710", "TVA collectée", "260100", "IVA a debito", "liability_current"),
    ("bank", "512000", "Banque", "180100", "Banca conto corrente", "asset_cash"),
    ("sales", "707000", "Ventes de marchandises", "580100", "Ricavi di vendita", "income"),
    ("sales", "708500", "Ports facturés", "580500", "Rimborsi di trasporto", "income"),
    ("sales", "709000", "Rabais accordés", "580900", "Abbuoni e resi", "income"),
    ("other", "665000", "Escomptes accordés", "640100", "Sconti di cassa", "expense"),
    ("other", "627000", "Services bancaires", "620100", "Spese bancarie", "expense"),
    ("other", "666000", "Pertes de change", "650100", "Perdite su cambi", "expense"),
    ("other", "766000", "Gains de change", "585100", "Utili su cambi", "income_other"),
    ("write_off", "658000", "Différences de règlement", "659000", "Arrotondamenti", "expense"),
]
ACCOUNT_NAMES = (
    *("trade", "bills", "doubtful", "unbilled", "deposits", "tax", "bank", "sales", "freight"),
    *("rebates", "discount", "bank_fees", "exchange_loss", "exchange_gain", "write_off"),
)

JOURNALS = [
    # id, code, French, Italian, type, company
    (1, "VE", "Ventes", "Vendite", "sale", 1),
    (2, "BQ", "Banque", "Banca", "bank", 1),
    (3, "EF", "Effets", "Effetti", "bank", 1),
    (4, "OD", "Opérations diverses", "Operazioni diverse", "general", 1),
    (5, "VIT", "Ventes", "Vendite", "sale", 2),
    (6, "BIT", "Banque", "Banca", "bank", 2),
    (7, "RIB", "Effets", "Effetti", "bank", 2),
    (8, "OIT", "Opérations diverses", "Operazioni diverse", "general", 2),
]


def _words(text: str) -> list[str]:
    return text.split()


_SURNAMES_FR = _words(
    "Morel Giraud Lambert Roussel Masson Chevalier Renaud Barbier Blanchard Colin Leclerc Perrot "
    "Guillot Meunier Charpentier Picard Vasseur Hamel Besnard Tessier Pruvost Maillard Cordier "
    "Bonnet Delorme Ferrand Gaillard Humbert Jacquet Lacombe"
)
_SURNAMES_IT = _words(
    "Bianchi Ferrari Esposito Romano Gallo Costa Fontana Rizzo Lombardi Barbieri Mariani Caruso "
    "Villa Longo Gatti Leone Marchetti Vitale Farina Palmieri Bassi Neri Sartori Pellegrini Orlando"
)
_TRADES_FR = _words(
    "Établissements Plomberie Chauffage Comptoir Ateliers Maison Électricité Société Negoce Bâti"
)
_TRADES_IT = _words(
    "Idraulica Termotecnica Forniture Officine Impianti Ferramenta Elettrica Edil Centro Ditta"
)
_TOWNS_FR = [
    *(("69003", "Lyon"), ("38000", "Grenoble"), ("73000", "Chambéry"), ("59000", "Lille")),
    *(("44000", "Nantes"), ("31000", "Toulouse"), ("67000", "Strasbourg"), ("75011", "Paris")),
    *(("13006", "Marseille"), ("35000", "Rennes"), ("21000", "Dijon"), ("34000", "Montpellier")),
]
_TOWNS_IT = [
    *(("20121", "Milano"), ("10121", "Torino"), ("40121", "Bologna"), ("37121", "Verona")),
    *(("35121", "Padova"), ("16121", "Genova"), ("50121", "Firenze"), ("25121", "Brescia")),
]

CARRIERS = ("Transalp", "Rapidis", "Corriere Nord", "Own lorry")
LISTS: dict[str, list[str]] = {
    "surnames_fr": _SURNAMES_FR,
    "surnames_it": _SURNAMES_IT,
    "trades_fr": _TRADES_FR,
    "trades_it": _TRADES_IT,
    "towns_fr": [town for _, town in _TOWNS_FR],
    "zips_fr": [code for code, _ in _TOWNS_FR],
    "towns_it": [town for _, town in _TOWNS_IT],
    "zips_it": [code for code, _ in _TOWNS_IT],
    "carriers": list(CARRIERS),
}


def employees() -> list[dict[str, Any]]:
    """The people, with the identifiers they have as users and employees in Odoo."""
    return [
        {
            "user_id": FIRST_USER + number,
            "partner_id": 100 + FIRST_USER + number,
            "employee_id": 1 + number,
            "login": name.lower().replace(" ", ".") + "@example.org",
            "name": name,
            "role": role,
            "job_title": _JOB_TITLES[role],
            "department_id": DEPARTMENTS[role][0] + 10 * (company - 1),
            "co": company,
            "team": team,
        }
        for number, (name, role, company, team) in enumerate(_PEOPLE)
    ]


def write_reference(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the small `life` tables that do not change, and the lists drawn from."""
    people = employees()
    _table(connection, "employee", people)
    _table(
        connection,
        "robot",
        [{"user_id": user, "partner_id": 100 + user, "login": login} for user, login in ROBOTS],
    )
    _table(
        connection,
        "team",
        [dict(zip(("team", "en", "fr", "it", "co"), row, strict=True)) for row in TEAMS],
    )
    _table(
        connection,
        "account",
        [
            {
                "account_id": 100 * company + number,
                "account": ACCOUNT_NAMES[number],
                "role": row[0],
                "co": company,
                "code": row[2 * company - 1],
                "label": row[2 * company],
                "account_type": row[5],
            }
            for company in (1, 2)
            for number, row in enumerate(ACCOUNTS)
        ],
    )
    _table(
        connection,
        "journal",
        [
            dict(zip(("journal_id", "code", "fr", "it", "type", "co"), row, strict=True))
            for row in JOURNALS
        ],
    )
    _table(
        connection,
        "term",
        [
            dict(
                zip(
                    ("term", "en", "fr", "it", "discount_percent", "discount_days"),
                    row[:6],
                    strict=True,
                )
            )
            for row in TERMS
        ],
    )
    _table(
        connection,
        "term_line",
        [
            {
                "term": row[0],
                "no": number,
                "of": len(row[6]),
                "share": share,
                "days": days,
                "delay_type": delay,
            }
            for row in TERMS
            for number, (share, days, delay) in enumerate(row[6], start=1)
        ],
    )
    _table(
        connection,
        "family",
        [
            {
                "family_id": 100 * number + position,
                "range_no": number,
                "range_name": name,
                "range_code": code,
                "family": family,
                "trend": _trend(name),
            }
            for number, (name, code, families) in enumerate(RANGES, start=1)
            for position, family in enumerate(families, start=1)
        ],
    )
    _table(
        connection,
        "department",
        [
            {"department_id": row[0] + 10 * (co - 1), "en": row[1], "fr": row[2], "it": row[3]}
            | {"co": co}
            for co in (1, 2)
            for row in DEPARTMENTS.values()
        ],
    )
    for name, values in LISTS.items():
        set_variable(connection, name, values)
    # Lists of users by team or company, to draw an acting person from.
    for name, role, column, groups in (
        ("agents", "agent", "team", (1, 2, 3)),
        ("salespeople", "salesperson", "team", (1, 2, 3)),
        ("logisticians", "logistician", "co", (1, 2)),
        ("collectors", "collector", "co", (1, 2)),
        ("managers", "manager", "co", (1, 2)),
    ):
        users = [
            [p["user_id"] for p in people if p["role"] == role and p[column] == group]
            for group in groups
        ]
        set_variable(connection, name, users)


def _trend(name: str) -> int:
    if name in DECLINING_RANGES:
        return -1
    return 1 if name in GROWING_RANGES else 0


def _table(connection: duckdb.DuckDBPyConnection, name: str, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(rows[0])
    values = ", ".join(f"({', '.join(literal(v) for v in row.values())})" for row in rows)
    connection.execute(
        f"create table life.{name} as select * from (values {values}) as given ({columns})"
    )
