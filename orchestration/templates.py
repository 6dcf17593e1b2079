"""The sources files that `adv init` and `adv demo` write."""

from __future__ import annotations

import json

from ingestion.declarations import system
from ingestion.errors import ConfigurationError
from ingestion.home import Home

DEMO_MARK = "# The demo company's sources; `adv demo` keeps this file up to date."

SOURCES_YAML = """\
# What the warehouse reads. `adv check` looks at every source and says what is wrong.
# Secrets are never written here: refer to environment variables as ${NAME}.

# A day is complete when it is over in all of these time zones.
time_zones: [Europe/Paris]

# When the user interface's daemon runs the night, in the first of these time zones.
# nightly_at: "02:00"

# How far marts may move until a person has looked: docs/operations.md.
# publication:
#   months_close_after_days: 10

# A PostgreSQL database that gets a copy of the marts, for BI tools elsewhere: docs/bi/server.md.
# publish_to:
#   postgres:
#     host: bi.example.com
#     database: adv
#     user: adv_publisher
#     password: ${ADV_PUBLISHER_PASSWORD}
#     reader_role: bi_reader

# Lists and digests that are written and mailed after each publication: docs/operations.md.
# reports:
#   digests:
#     - {audience: finance, language: fr, mail: ["${ADV_FINANCE}"]}

sources:
  # The name is the first part of every key; choose it once.
  erp:
    system: odoo
    transport: postgres
    connection:
      host: localhost
      port: 5432
      database: odoo
      user: adv_reader          # needs SELECT, nothing else
      password: ${ODOO_PASSWORD}
      # On another machine, the server must prove who it is: docs/security.md.
    # A refused table, or a source out of reach, holds the whole publication; `publish_stale` lets
    # the rest go ahead, with this source as it was.
    on_refusal: hold
    # The source is late once its newest reading is older than this.
    fresh_within: 26h

  # The CRM, as the CSV files of a Salesforce Data Export, or over its API
  # (`adv init --system salesforce --transport rest` writes what that takes).
  # crm:
  #   system: salesforce
  #   transport: files
  #   path: /exports/salesforce

  # French accounting files, named SIRENFECyyyymmdd.txt.
  # accounting:
  #   system: fec
  #   transport: fec
  #   path: /exports/fec

  # Italian electronic invoices and their notices, in one folder with whatever subfolders.
  # invoices_it:
  #   system: fatturapa
  #   transport: fatturapa
  #   path: /exports/invoices
  #   options:
  #     companies: [IT01234567890]  # your own, where purchases lie there too

  # The team's own sheets, CSV or Excel.
  # sheets:
  #   system: sheets
  #   transport: files
  #   path: /exports/sheets

  # A system that is not supported yet: one query for each contract table that it can fill.
  # other:
  #   system: contract
  #   transport: postgres
  #   connection: {host: localhost, database: other, user: adv_reader}
  #   queries:
  #     documents: |
  #       select id as document_id, ...
"""

MOSTLY = {
    "fatturapa": "fatturapa",
    "fec": "fec",
    "hubspot": "rest",
    "sage100": "files",
    "salesforce": "files",
    "sheets": "files",
    "suitecrm": "mariadb",
}
"""Transport of the systems that are mostly read otherwise than from PostgreSQL."""

REACHED = {
    "postgres": """\
    transport: postgres
    connection:
      host: localhost
      port: 5432
      database: {name}
      user: adv_reader          # needs SELECT, nothing else
      password: ${{{variable}_PASSWORD}}  # leave the line out where none is asked
      # On another machine, the server must prove who it is: docs/security.md.
""",
    "mariadb": """\
    transport: mariadb          # MySQL, too
    connection:
      host: localhost
      port: 3306
      database: {name}
      user: adv_reader          # needs SELECT, nothing else
      password: ${{{variable}_PASSWORD}}  # leave the line out where none is asked
      # On another machine, the server must prove who it is: docs/security.md.
""",
    "odbc": """\
    transport: odbc
    dialect: sqlserver          # or postgresql; ansi for any other: docs/connectors/odbc.md
    connection:
      driver: ODBC Driver 18 for SQL Server
      host: localhost
      database: {name}
      user: adv_reader          # needs SELECT, nothing else; by Kerberos without a user
      password: ${{{variable}_PASSWORD}}
      # On another machine, the server must show a certificate that this one believes.
""",
    "sqlite": """\
    transport: sqlite
    path: /var/lib/{name}/{name}.sqlite  # is only read; may be written to meanwhile
""",
    "duckdb": """\
    transport: duckdb
    path: /var/lib/{name}/{name}.duckdb  # is only read; nobody can write to it meanwhile
""",
    "files": "    transport: files\n    path: /exports/{name}\n",
    "fec": "    transport: fec\n    path: /exports/{name}\n",
    "fatturapa": """\
    transport: fatturapa
    path: /exports/{name}
    options:
      companies: []  # your own VAT numbers, such as IT01234567890, where purchases lie there too
""",
}
OWN_FORMAT = ("fatturapa", "fec")
"""Systems whose files have a format of their own, which a transport of the same name reads."""

REST = {
    "hubspot": """\
    transport: rest
    url: https://api.hubapi.com  # the only host that is called
    token: ${HUBSPOT_TOKEN}      # of a private app that may read and no more
""",
    "salesforce": """\
    transport: rest
    url: https://example.my.salesforce.com  # the only host that is called
    client_id: ...                # of the application that stands for a user who may only read
    client_secret: ${SALESFORCE_SECRET}
""",
}
"""How the systems are reached that have an API of their own."""


def ways(name: str) -> list[str]:
    """The transports that a system can be read by."""
    if name in OWN_FORMAT:
        return [name]
    general = [way for way in REACHED if way not in OWN_FORMAT]
    return [*general, "rest"] if name in REST else general


def sources_yaml(name: str, transport: str | None = None) -> str:
    """A sources file that reads one system and nothing else.

    Args:
        name: the system.
        transport: how it is reached; by default the way it mostly is.

    Raises:
        ConfigurationError: no such system or transport is known.

    """
    described = system(name)
    transport = transport or MOSTLY.get(name, "postgres")
    if transport not in ways(name):
        known = ", ".join(ways(name))
        raise ConfigurationError(f"{name} cannot be read by {transport!r}; there is {known}.")
    reached = (
        REST[name]
        if transport == "rest"
        else REACHED[transport].format(name=name, variable=name.upper())
    )
    if name == "contract" and transport != "files":
        reached += "    queries:\n      documents: |\n        select id as document_id, ...\n"
    return f"""\
# What the warehouse reads: {described.description}
# Secrets are never written here: refer to environment variables as ${{NAME}}.

# A day is complete when it is over in all of these time zones; name those of your companies.
time_zones: [Europe/Paris]
# as_of_date: 2026-06-30   # for a system that stands still; by default the last complete day

sources:
  # The name is the first part of every key; choose it once.
  {"erp" if name not in MOSTLY else name}:
    system: {name}
{reached}"""


def demo_sources_yaml(home: Home) -> str:
    """The sources file of the demo company as it stands."""
    state = json.loads((home.demo / "demo.json").read_text(encoding="utf-8"))
    return f"""\
{DEMO_MARK}
time_zones: [Europe/Paris, Europe/Rome]

# The demo company lives in its own time.
as_of_date: {state["until"]}

sources:
  erp:
    system: odoo
    transport: postgres
    embedded: ../demo/postgres

  crm:
    system: salesforce
    transport: files
    path: ../demo/salesforce

  accounting_fr:
    system: fec
    transport: fec
    path: ../demo/fec

  accounting_it:
    system: contract
    transport: files
    path: ../demo/contract
    tables:
      ledger_entries: ledger_entries.csv

  sheets:
    system: sheets
    transport: files
    path: ../demo/sheets
"""
