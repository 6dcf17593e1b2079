"""The demo company's source tables as pandas frames: the one place that reads the warehouse.

Read are the raw tables, which hold the sources' rows as they are, and the seeds' files of the
repository; never a table that a model made. Amounts, prices and quantities come as whole numbers
of ten-thousandths (`UNIT`), so that adding them up is exact; instants are UTC without a zone, days
are midnights.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, date
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd

from ingestion.home import DBT_PROJECT

if TYPE_CHECKING:
    import duckdb

UNIT = 10_000
"""One euro, or one piece, in the ten-thousandths that all amounts and quantities are kept in."""

RATE_UNIT = 100_000_000
"""Exchange rates have eight decimals."""


class Sources:
    """Everything the sources held, and the day whose end is described."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        day: date,
    ) -> None:
        """Read from an open warehouse.

        Args:
            connection: the warehouse, read-only.
            day: as-of date: what happened after its end has not happened.
        """
        self._connection = connection
        self._tables: dict[str, pd.DataFrame] = {}
        self._results: dict[Callable[[Sources], Any], Any] = {}
        self.day = pd.Timestamp(day)

    def table(self, name: str) -> pd.DataFrame:
        """A raw table's current rows, such as `odoo__sale_order`."""
        if name not in self._tables:
            self._tables[name] = self._read(name)
        return self._tables[name]

    def once(self, function: Callable[[Sources], Any]) -> Any:
        """What a function of the sources gives, computed once; see `derived`."""
        if function not in self._results:
            self._results[function] = function(self)
        return self._results[function]

    def _read(self, name: str) -> pd.DataFrame:
        described = self._connection.execute(f"describe raw.{name}").fetchall()
        columns = []
        for column, kind, *_ in described:
            if column in ("source_id", "_row_hash", "_from_load", "_to_load", "_deleted"):
                continue
            quoted = f'"{column}"'
            if kind.startswith("DECIMAL"):
                unit = RATE_UNIT if kind.endswith(",8)") else UNIT
                quoted = f"({quoted} * {unit})::bigint"
            columns.append(f'{quoted} as "{column}"')
        frame = self._connection.execute(
            f"select {', '.join(columns)} from raw.{name} where _to_load is null and not _deleted"
        ).df()
        for column, kind, *_ in described:
            if column in frame and (kind.startswith("DECIMAL") or kind == "BIGINT"):
                frame[column] = frame[column].astype("Int64")
            elif column in frame and kind in ("DATE", "TIMESTAMP"):
                frame[column] = frame[column].astype("datetime64[us]")
        return frame

    @cached_property
    def zones(self) -> dict[int, str]:
        """Time zone of each company of Odoo, which is that of its country."""
        calendars = {row["country_code"]: row for row in seed("country_calendars")}
        return {co: calendars[code]["time_zone"] for co, code in self.countries.items()}

    @cached_property
    def countries(self) -> dict[int, str]:
        """Country of each company of Odoo, by its own partner."""
        partners = self.table("odoo__res_partner").set_index("id")["country_id"]
        codes = self.table("odoo__res_country").set_index("id")["code"]
        companies = self.table("odoo__res_company")
        return {
            int(company): str(codes[partners[partner]])
            for company, partner in zip(companies["id"], companies["partner_id"], strict=True)
        }

    @cached_property
    def company_names(self) -> dict[str, int]:
        """Companies by the name that the CRM and the sheets call them by."""
        companies = self.table("odoo__res_company")
        return {
            str(name): int(number)
            for number, name in zip(companies["id"], companies["name"], strict=True)
        }

    @cached_property
    def ends_at(self) -> pd.Timestamp:
        """The instant that ends the as-of date; the companies' clocks agree."""
        (zone, *others) = set(self.zones.values())
        ends = {
            (self.day + pd.Timedelta(days=1)).tz_localize(z).tz_convert("UTC").tz_localize(None)
            for z in (zone, *others)
        }
        (end,) = ends
        return end

    def midnight(self, days: pd.Series) -> pd.Series:
        """The instants at which local days begin; the companies' clocks agree."""
        zone = next(iter(self.zones.values()))
        return days.dt.tz_localize(zone).dt.tz_convert("UTC").dt.tz_localize(None)

    def happened(self, instants: pd.Series) -> pd.Series:
        """Which instants lie before the end of the as-of date; none for those unknown."""
        return instants < self.ends_at

    def local_day(self, instants: pd.Series) -> pd.Series:
        """Business day of UTC instants; the companies' clocks agree."""
        zone = next(iter(self.zones.values()))
        local = instants.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)
        return local.dt.normalize()

    def day_of(self, instant: pd.Timestamp) -> pd.Timestamp:
        """Business day of one UTC instant."""
        zone = ZoneInfo(next(iter(self.zones.values())))
        return pd.Timestamp(instant.to_pydatetime().replace(tzinfo=UTC).astimezone(zone).date())


def derived(function: Callable[[Sources], Any]) -> Callable[[Sources], Any]:
    """Decorate a function of the sources alone, so that each date computes it once."""

    def once(sources: Sources) -> Any:
        return sources.once(function)

    once.__doc__ = function.__doc__
    once.__name__ = function.__name__
    return once


def seed(name: str) -> list[dict[str, str]]:
    """Rows of a seed of the repository, as text."""
    path = DBT_PROJECT / "seeds" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def code_map(name: str, system: str, source: str, target: str) -> dict[str, str]:
    """A map seed's translation of one system's codes."""
    return {row[source]: row[target] for row in seed(name) if row["system"] == system}


def translated(text: str | None) -> str | None:
    """Odoo's translated texts are JSON by language; the French one is shown."""
    if not isinstance(text, str) or not text.startswith("{"):
        return text
    labels: dict[str, str] = json.loads(text)
    return labels.get("fr_FR") or labels.get("en_US")
