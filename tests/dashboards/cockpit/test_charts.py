"""Charts are well-formed, say their numbers, and hold together whatever they are given."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree

import pytest

from dashboards.cockpit.blocks import Form
from dashboards.cockpit.charts import Drawing, Series, draw, shortened, sparkline, ticks


def drawing(form: Form, *series: Series, places: int = 3, title: str = "A & <b>") -> Drawing:
    days = [date(2026, month, 1) for month in range(1, places + 1)]
    return Drawing(
        form, title, "All of it", days, [str(day) for day in days], series, lambda v: f"{v:g} EUR"
    )


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize(
    "values", [(1.0, 2.0, 3.0), (0.0, 0.0, 0.0), (-1.0, None, 5.0), (None, None, 1e12), (3.0,)]
)
def test_a_chart_is_well_formed_and_says_its_numbers(
    form: Form, values: tuple[float | None, ...]
) -> None:
    chart = draw(drawing(form, Series("x < y", values), places=len(values)))
    root = ElementTree.fromstring(str(chart))  # noqa: S314
    assert root.get("role") == "img"
    assert (root.get("aria-label") or "").startswith("A & <b>. All of it")
    told = [title.text or "" for title in root.iter("title")]
    for value in values:
        if value:
            assert any(f"{value:g} EUR" in text for text in told)
    assert "style" not in str(chart)
    assert "nan" not in str(chart)


def test_layers_stack_up_and_down_from_zero() -> None:
    chart = draw(drawing(Form.COLUMNS, Series("a", (10, 10)), Series("b", (5, -5)), places=2))
    root = ElementTree.fromstring(str(chart))  # noqa: S314
    columns = [c for c in root.iter("rect") if "column" in (c.get("class") or "")]
    top, bottom, low = columns[0], columns[1], columns[3]
    assert float(bottom.get("y") or 0) + float(bottom.get("height") or 0) == pytest.approx(
        float(top.get("y") or 0), abs=0.2
    )
    zero = float(top.get("y") or 0) + float(top.get("height") or 0)
    assert float(low.get("y") or 0) == pytest.approx(zero, abs=0.2)


def test_a_gap_is_a_gap_and_no_zero() -> None:
    chart = str(draw(drawing(Form.LINES, Series("a", (1, None, 3)))))
    path = chart.split('d="')[1].split('"')[0]
    assert path.count("M") == 2
    assert "L" not in path


def test_a_band_is_drawn_where_both_bounds_are_known() -> None:
    series = Series("a", (1, 2, 3), (None, 1, 2), (None, 3, 4))
    assert 'class="band s0"' in str(draw(drawing(Form.LINES, series)))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (0, 0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-3, 7, [-4, -2, 0, 2, 4, 6, 8]),
        (20, 99, [0, 20, 40, 60, 80, 100]),
    ],
)
def test_marks_are_round_and_hold_zero(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)


def test_a_course_needs_three_points() -> None:
    assert not sparkline([1.0, 2.0])
    assert "NaN" not in sparkline([1.0, None, 2.0, 2.0])


def test_long_names_are_shortened_on_axes_only() -> None:
    assert shortened("short") == "short"
    assert len(shortened("x" * 90)) == 28
