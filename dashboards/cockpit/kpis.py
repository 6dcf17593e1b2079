"""Asks the marts for KPIs of the catalogue: their values, parts and dimensions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from dashboards.cockpit.publication import Reading
from dashboards.cockpit.reading import Asked
from ingestion.engine import quoted_text
from reports.request import Language


@dataclass(frozen=True)
class Kpi:
    """A KPI of the catalogue."""

    name: str
    label: str
    definition: str
    formula: str
    unit: str
    better: str
    mart: str
    theme: str
    targets: Mapping[str, Decimal]
    """By company."""


@dataclass(frozen=True)
class Point:
    """A KPI of one company on one day, with its parts."""

    company: str
    currency: str | None
    day: date
    period: str
    numerator: Decimal | None
    denominator: Decimal | None
    n: int
    value: Decimal | None


def catalogue(reading: Reading, language: Language) -> dict[str, Kpi]:
    """All KPIs by name."""
    return reading.remember(("catalogue", language), lambda: _catalogue(reading, language))


def _catalogue(reading: Reading, language: Language) -> dict[str, Kpi]:
    lang = language.value
    found = reading.connection.execute(
        f"select kpi, label_{lang}, definition_{lang}, formula, unit, better, mart, theme, "
        "company_id, target_value from kpi.catalogue order by theme, kpi, company_id"
    ).fetchall()
    kpis: dict[str, Kpi] = {}
    for name, label, definition, formula, unit, better, mart, theme, company, target in found:
        known = kpis.setdefault(
            name, Kpi(name, label, definition, formula, unit, better, mart, theme, {})
        )
        if target is not None:
            kpis[name] = replace(known, targets={**known.targets, company: target})
    return kpis


def dimensions(reading: Reading) -> Mapping[str, frozenset[str]]:
    """By KPI, the columns that it can be narrowed by."""

    def ask() -> Mapping[str, frozenset[str]]:
        found = reading.connection.execute(
            "select kpi, list(distinct dimension) from kpi.kpi_daily group by kpi"
        ).fetchall()
        return {kpi: frozenset(names) - {"all"} for kpi, names in found}

    return reading.remember("dimensions", ask)


def points(
    reading: Reading,
    kpis: Collection[str],
    asked: Asked,
    most: int,
    narrowed_by: str = "all",
) -> dict[str, list[Point]]:
    """The last values of some KPIs, each company's for itself, the newest last.

    Of the whole company, or of what a filter chooses among the values of a dimension.
    """
    if not kpis:
        return {}
    value = asked.values.get(narrowed_by, "all")
    named = ", ".join(quoted_text(kpi) for kpi in kpis)
    company = asked.values.get("company_id")
    chosen = f"and daily.company_id = {quoted_text(company)}" if company else ""
    found = reading.connection.execute(
        f"""
        with daily as (
            select * from kpi.kpi_daily
            where
                kpi in ({named}) and date_day <= date '{reading.as_of}'
                and dimension = {quoted_text(narrowed_by)}
                and dimension_value = {quoted_text(value)}
        )

        select
            kpi, companies.name, companies.currency_code, date_day, period, numerator,
            denominator, n, kpi_value
        from daily
        left join core.dim_company as companies on daily.company_id = companies.company_id
        where true {chosen}
        qualify
            dense_rank() over (partition by kpi order by date_day desc) <= {most}
        order by kpi, date_day, companies.name
        """
    ).fetchall()
    by_kpi: dict[str, list[Point]] = {}
    for kpi, *rest in found:
        by_kpi.setdefault(kpi, []).append(Point(*rest))
    return by_kpi


def parts_of(reading: Reading, kpi: str, asked: Asked) -> list[tuple[str, str, Any, Any, int, Any]]:
    """A KPI on its last day by each of its dimensions."""
    company = asked.values.get("company_id")
    chosen = f"and company_id = {quoted_text(company)}" if company else ""
    return reading.connection.execute(
        f"""
        with daily as (
            select * from kpi.kpi_daily
            where kpi = {quoted_text(kpi)} and date_day <= date '{reading.as_of}' {chosen}
        )

        select
            dimension, dimension_value, sum(numerator), sum(denominator), sum(n)::bigint,
            case
                when count(denominator) = 0 then sum(numerator)
                else sum(numerator) / nullif(sum(denominator), 0)
            end
        from daily
        where
            dimension <> 'all'
            and date_day = (select max(date_day) from daily where dimension = 'all')
        group by dimension, dimension_value
        order by dimension, 6 desc nulls last
        """
    ).fetchall()
