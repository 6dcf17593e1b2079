"""Figures as they are laid out: a value, its day and course, its definition and rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from dashboards.cockpit import figures, phrases
from dashboards.cockpit.blocks import Figures
from dashboards.cockpit.charts import sparkline
from dashboards.cockpit.kpis import Kpi, catalogue, dimensions, points
from dashboards.cockpit.reading import (
    filters_of,
    labels_of,
)
from dashboards.cockpit.views.view import View, plain


def figures_view(view: View, block: Figures) -> dict[str, Any]:
    """KPIs, each with its day, its course and where its definition and rows are."""
    known = catalogue(view.reading, view.language)
    wanted = [name for name in block.rows if name in known]
    asked_for = [
        one
        for one in filters_of(view.page)
        if one.name in view.asked.values and one.name != "company_id"
    ]
    by = asked_for[0].name if len(asked_for) == 1 else ""
    can_be_narrowed = dimensions(view.reading)
    narrowed = [name for name in wanted if by in can_be_narrowed.get(name, ())]
    whole_ones = [name for name in wanted if name not in narrowed]
    found = points(view.reading, whole_ones, view.asked, figures.MOST_POINTS)
    found |= points(view.reading, narrowed, view.asked, figures.MOST_POINTS, by)
    labels = labels_of(view.reading, view.language)
    left = phrases.NOT_NARROWED[view.language].format(
        names=", ".join(labels.heading(one.column) for one in asked_for)
    )
    return {
        "kind": "figures",
        "figures": [
            {
                **figure(view, known[name], found.get(name, []), block.rows[name]),
                "not_narrowed": left if asked_for and name in whole_ones else "",
            }
            for name in wanted
        ],
    }


def figure(view: View, kpi: Kpi, of_kpi: Sequence[Any], rows: str) -> dict[str, Any]:
    """One KPI."""
    language = view.language
    history = figures.values(kpi, of_kpi)
    company = view.asked.values.get("company_id", "")
    told: dict[str, Any] = {
        "label": kpi.label,
        "definition": kpi.definition,
        "definition_url": view.to("definitions", kpi.name, company_id=company),
        "definition_label": phrases.DEFINITION_OF[language].format(name=kpi.label),
        "rows_url": _rows_address(view, rows),
        "rows_label": phrases.ROWS_OF[language].format(name=kpi.label),
        "numbers": [("", phrases.NO_VALUE[language])],
        "when": "",
        "change": "",
        "direction": "",
        "before": "",
        "target": target(view, kpi),
        "spark": Markup(""),
    }
    if not history:
        return told
    last, earlier = history[-1], figures.before(history)
    word, direction = figures.change(last, earlier, kpi, language)
    told |= {
        "numbers": figures.in_words(last, kpi, language),
        "when": figures.when(last, view.reading.as_of, language),
        "change": word,
        "direction": direction,
        "spark": sparkline([plain(value.only) for value in history]),
    }
    if word and earlier:
        ((_, number),) = figures.in_words(earlier, kpi, language)
        when = figures.when(earlier, view.reading.as_of, language)
        told["before"] = phrases.BEFORE[language].format(value=number, when=when)
    return told


def _rows_address(view: View, rows: str) -> str:
    path, _, query = rows.partition("?")
    more = dict(pair.split("=", 1) for pair in query.split("&") if pair)
    is_here = path.startswith(f"{view.page.name}/")
    kept = view.kept() if is_here else {"company_id": view.asked.values.get("company_id", "")}
    return view.to(*path.split("/"), **{**kept, **more})


def target(view: View, kpi: Kpi) -> str:
    """What is aimed at, where all companies aim at the same."""
    company = view.asked.values.get("company_id")
    targets = {value for its, value in kpi.targets.items() if company is None or its == company}
    if len(targets) != 1:
        return ""
    (aim,) = targets
    told = figures.number(aim, kpi, None, view.language)
    return phrases.TARGET[view.language].format(value=told)
