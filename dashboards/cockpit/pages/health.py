"""Can the figures be believed: how fresh each source is, what was refused, which rules broke."""

from __future__ import annotations

from dashboards.cockpit.blocks import Filter, Page, Table
from reports.definition import Column, Kind, TableDefinition
from reports.marts import FRESHNESS
from reports.wording import Phrase

SOURCE = Phrase("Source", "Fonte", "Source")
ROWS = Phrase("Lignes", "Righe", "Rows")

HEALTH = Page(
    name="health",
    title=Phrase("Santé des données", "Salute dei dati", "Data health"),
    lead=Phrase(
        "Peut-on croire ces chiffres ? Fraîcheur, refus et contrôles.",
        "Si può credere a questi numeri? Freschezza, rifiuti e controlli.",
        "Can these figures be believed? Freshness, refusals and checks.",
    ),
    blocks=(
        Table(
            "freshness",
            TableDefinition(
                title=Phrase("Fraîcheur des sources", "Freschezza delle fonti", "Freshness"),
                query=FRESHNESS.format(now="$now").rstrip().removesuffix("order by source_id"),
                order="source",
                columns=(
                    Column("source", heading=SOURCE, is_printed=True),
                    Column(
                        "system", heading=Phrase("Système", "Sistema", "System"), is_printed=True
                    ),
                    Column(
                        "state",
                        Kind.CODE,
                        heading=Phrase("État", "Stato", "State"),
                        codes="freshness",
                        is_printed=True,
                    ),
                    Column(
                        "read_at_utc",
                        Kind.INSTANT,
                        heading=Phrase("Lue le (UTC)", "Letta il (UTC)", "Read at (UTC)"),
                        is_printed=True,
                    ),
                    Column(
                        "hours_ago",
                        Kind.DECIMAL,
                        heading=Phrase("Il y a (heures)", "Ore fa", "Hours ago"),
                        is_printed=True,
                    ),
                    Column(
                        "tables",
                        Kind.COUNT,
                        heading=Phrase("Tables", "Tabelle", "Tables"),
                        is_printed=True,
                    ),
                    Column("rows_held", Kind.COUNT, heading=ROWS, is_printed=True),
                    Column(
                        "last_read",
                        Kind.COUNT,
                        heading=Phrase(
                            "Lues la dernière fois", "Lette l'ultima volta", "Read last"
                        ),
                        is_printed=True,
                    ),
                    Column(
                        "quarantined",
                        Kind.COUNT,
                        heading=Phrase("Mises à l'écart", "Messe da parte", "Set apart"),
                        is_printed=True,
                    ),
                ),
                has_customers=False,
            ),
            lines=20,
        ),
        Table(
            "stages",
            TableDefinition(
                title=Phrase(
                    "Étapes des dernières nuits", "Fasi delle ultime notti", "Steps of late nights"
                ),
                query="select * from meta.run_stages",
                order="started_at desc, run_id, stage, source_id",
                columns=(
                    Column("started_at", Kind.INSTANT, is_printed=True),
                    Column("stage", is_printed=True),
                    Column("source_id", heading=SOURCE, is_printed=True),
                    Column("outcome", Kind.CODE, codes="run_outcome", is_printed=True),
                    Column("seconds", Kind.DECIMAL, is_printed=True),
                    Column("reason", width=60, is_printed=True),
                    Column("run_id"),
                ),
                has_customers=False,
            ),
            filters=(Filter(Column("outcome", Kind.CODE, codes="run_outcome")),),
        ),
        Table(
            "checks",
            TableDefinition(
                title=Phrase(
                    "Règles qui n'ont pas tenu", "Regole non rispettate", "Rules that were broken"
                ),
                query="select * from meta.checks where not passed",
                order="load_id desc, rows_failed desc, source_id, table_name, rule",
                columns=(
                    Column("source_id", heading=SOURCE, is_printed=True),
                    Column("table_name", is_printed=True),
                    Column("rule", width=50, is_printed=True),
                    Column("severity", Kind.CODE, codes="rule_severity", is_printed=True),
                    Column("rows_checked", Kind.COUNT),
                    Column("rows_failed", Kind.COUNT, is_printed=True),
                    Column("accepted_because", width=30, is_printed=True),
                ),
                has_customers=False,
            ),
            filters=(Filter(Column("severity", Kind.CODE, codes="rule_severity")),),
        ),
        Table(
            "unresolved",
            TableDefinition(
                title=Phrase(
                    "Noms que rien ne porte", "Nomi senza riscontro", "Names that nothing bears"
                ),
                query="select * from meta.unresolved_references",
                order="mention_count desc, entity_type, reference",
                columns=(
                    Column("entity_type", is_printed=True),
                    Column("reference", width=30, is_printed=True),
                    Column("method", is_printed=True),
                    Column("mention_count", Kind.COUNT, is_printed=True),
                ),
                has_customers=False,
            ),
            filters=(Filter(Column("entity_type")),),
        ),
        Table(
            "loads",
            TableDefinition(
                title=Phrase("Chargements", "Caricamenti", "Loads"),
                query="select * from meta.loads",
                order="load_id desc, source_id, table_name",
                columns=(
                    Column("source_id", heading=SOURCE, is_printed=True),
                    Column("table_name", is_printed=True),
                    Column("extracted_at", Kind.INSTANT, is_printed=True),
                    Column("rows_extracted", Kind.COUNT, is_printed=True),
                    Column("rows_quarantined", Kind.COUNT, is_printed=True),
                    Column("rows_added", Kind.COUNT, is_printed=True),
                    Column("rows_changed", Kind.COUNT, is_printed=True),
                    Column("rows_deleted", Kind.COUNT, is_printed=True),
                    Column("rows_current", Kind.COUNT),
                ),
                has_customers=False,
            ),
            search=("table_name",),
            filters=(Filter(Column("source_id", heading=SOURCE)),),
        ),
    ),
)
