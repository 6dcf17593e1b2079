"""Draws charts as SVG on the server: small, without script or inline style, legible without colour.

Series differ by lightness and dash as well as by hue, and every mark tells its number to who points
at it; the same numbers stand in a table beneath the chart, which is what a screen reader reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, log10
from textwrap import wrap

from markupsafe import Markup

from dashboards.cockpit.blocks import Form

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 76, 40, 12, 42
BAR_HEIGHT, BAR_LEFT = 24, 180
MOST_SERIES = 8
"""What a reader can tell apart; the style sheet has as many."""
STEPS = (1, 2, 2.5, 5, 10)
MOST_TICKS = 8
LETTERS_OF_A_NAME = 28
FEW_NAMES = 9
"""Names that are all written under columns, on several lines where they are long."""
LETTER, LINE, NAME_LINES = 7, 13, 3
"""Room of a letter and of a line, and on how many lines a name may stand."""

Tell = Callable[[float], str]


@dataclass(frozen=True)
class Series:
    """One line, or one layer of columns: a number or nothing for each place."""

    name: str
    values: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


@dataclass(frozen=True)
class Drawing:
    """What is drawn, in words and numbers."""

    form: Form
    title: str
    summary: str
    places: Sequence[date | str]
    """Days, or names."""
    labels: Sequence[str]
    """What stands for each place."""
    series: Sequence[Series]
    tell: Tell
    """A number in words."""


def draw(drawing: Drawing) -> Markup:
    """The chart as an element of a page."""
    body = {Form.LINES: _lines, Form.COLUMNS: _columns, Form.BARS: _bars}[drawing.form]
    marks, height = body(drawing)
    return Markup(
        '<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
        "{marks}</svg>"
    ).format(
        width=WIDTH,
        height=height,
        label=f"{drawing.title}. {drawing.summary}",
        marks=Markup("").join(marks),
    )


def sparkline(values: Sequence[float | None]) -> Markup:
    """The course of a figure, for who sees it; its history is a page of its own."""
    known = [value for value in values if value is not None]
    if len(known) < 3:
        return Markup("")
    low, high = min(known), max(known)
    span = (high - low) or 1
    points = " ".join(
        f"{2 + 96 * place / (len(values) - 1):.1f},{22 - 20 * (value - low) / span:.1f}"
        for place, value in enumerate(values)
        if value is not None
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" '
        'aria-hidden="true" focusable="false">'
        '<polyline points="{}"/></svg>'
    ).format(points)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from below the lowest to above the highest, zero among them."""
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        high = 1.0
    rough = (high - low) / most
    power = 10 ** floor(log10(rough))
    step = next(step * power for step in STEPS if step * power >= rough * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1)
        return self.start + share * (self.end - self.start)


def _mark(index: int) -> str:
    return f"s{index % MOST_SERIES}"


def _titled(element: str, tip: str, **attributes: object) -> Markup:
    told = Markup("").join(
        Markup(' {}="{}"').format(name.replace("_", "-").rstrip("-"), value)
        for name, value in attributes.items()
    )
    return Markup("<{0}{1}><title>{2}</title></{0}>").format(element, told, tip)


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        x, y, anchor, text
    )


def _rule(x1: float, y1: float, x2: float, y2: float, kind: str = "grid") -> Markup:
    return Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(
        kind, x1, y1, x2, y2
    )


def _upright_axis(marks: Sequence[float], tell: Tell) -> tuple[_Scale, list[Markup]]:
    scale = _Scale(marks[0], marks[-1], HEIGHT - BOTTOM, TOP)
    drawn = []
    for mark in marks:
        y = scale(mark)
        kind = "axis" if mark == 0 else "grid"
        drawn.append(_rule(LEFT, y, WIDTH - RIGHT, y, kind))
        drawn.append(_text(LEFT - 8, y + 4, tell(mark), "end"))
    return scale, drawn


def _place_names(drawing: Drawing, at: Callable[[int], float]) -> list[Markup]:
    """Names under some of the places, as many as there is room for; always the last."""
    count = len(drawing.labels)
    if isinstance(next(iter(drawing.places), None), str) and count <= FEW_NAMES:
        return _names_on_lines(drawing, at)
    longest = max((len(label) for label in drawing.labels), default=1)
    room = max(1, int((WIDTH - LEFT - RIGHT) / (7.5 * longest + 12)))
    every = max(1, ceil(count / min(room, MOST_TICKS if longest > 8 else 13)))
    chosen = range(count - 1, -1, -every)
    names = []
    for place in sorted(chosen):
        names.append(_text(at(place), HEIGHT - BOTTOM + 20, drawing.labels[place], "middle"))
    return names


def _names_on_lines(drawing: Drawing, at: Callable[[int], float]) -> list[Markup]:
    """Every name, broken over as many lines as it takes to stay clear of its neighbours."""
    letters = int((WIDTH - LEFT - RIGHT) / len(drawing.labels) / LETTER)
    names = []
    for place, label in enumerate(drawing.labels):
        lines = wrap(label, max(letters, 1), break_long_words=False)
        lines[NAME_LINES - 1 :] = [" ".join(lines[NAME_LINES - 1 :])]
        top = HEIGHT - BOTTOM + LINE
        names += [
            _text(at(place), top + number * LINE, line, "middle")
            for number, line in enumerate(lines)
        ]
    return names


def _lines(drawing: Drawing) -> tuple[list[Markup], int]:
    bounds = [
        value
        for series in drawing.series
        for values in (series.values, series.low, series.high)
        for value in values
        if value is not None
    ]
    scale, drawn = _upright_axis(ticks(min(bounds), max(bounds)), drawing.tell)
    span = len(drawing.places) - 1

    def at(place: int) -> float:
        share = place / span if span else 0.5
        return LEFT + 8 + share * (WIDTH - LEFT - RIGHT - 16)

    for index, series in enumerate(drawing.series):
        drawn += _band(series, index, at, scale)
        drawn += _line(drawing, series, index, at, scale)
    return drawn + _place_names(drawing, at), HEIGHT


def _band(series: Series, index: int, at: Callable[[int], float], scale: _Scale) -> list[Markup]:
    edges = [
        (place, low, high)
        for place, (low, high) in enumerate(zip(series.low, series.high, strict=True))
        if low is not None and high is not None
    ]
    if len(edges) < 2:
        return []
    upper = [f"{at(place):.1f},{scale(high):.1f}" for place, _, high in edges]
    lower = [f"{at(place):.1f},{scale(low):.1f}" for place, low, _ in reversed(edges)]
    points = " ".join([*upper, *lower])
    return [Markup('<polygon class="band {}" points="{}"/>').format(_mark(index), points)]


def _line(
    drawing: Drawing, series: Series, index: int, at: Callable[[int], float], scale: _Scale
) -> list[Markup]:
    """The line in one piece for each run of numbers, and a point to ask each number of."""
    path, is_open = [], False
    points = []
    is_dense = len(drawing.places) > 60
    for place, value in enumerate(series.values):
        if value is None:
            is_open = False
            continue
        x, y = at(place), scale(value)
        path.append(f"{'L' if is_open else 'M'}{x:.1f} {y:.1f}")
        is_open = True
        tip = f"{drawing.labels[place]}, {series.name}: {drawing.tell(value)}"
        if not is_dense:
            points.append(_point(x, y, index, tip))
    drawn = Markup('<path class="line {}" d="{}"/>').format(_mark(index), "".join(path))
    return [drawn, *points]


def _point(x: float, y: float, index: int, tip: str) -> Markup:
    """Round, square or three-cornered, so that lines differ without colour."""
    kind = f"point {_mark(index)}"
    if index % 3 == 0:
        return _titled("circle", tip, class_=kind, cx=f"{x:.1f}", cy=f"{y:.1f}", r="3")
    if index % 3 == 1:
        place = {"x": f"{x - 3:.1f}", "y": f"{y - 3:.1f}"}
        return _titled("rect", tip, class_=kind, width="6", height="6", **place)
    corners = f"{x:.1f},{y - 4:.1f} {x + 4:.1f},{y + 3:.1f} {x - 4:.1f},{y + 3:.1f}"
    return _titled("polygon", tip, class_=kind, points=corners)


def _columns(drawing: Drawing) -> tuple[list[Markup], int]:
    ups = [_stack(drawing, place, up=True) for place in range(len(drawing.places))]
    downs = [_stack(drawing, place, up=False) for place in range(len(drawing.places))]
    scale, drawn = _upright_axis(ticks(min(downs, default=0), max(ups, default=0)), drawing.tell)
    room = (WIDTH - LEFT - RIGHT) / max(1, len(drawing.places))
    width = min(64.0, room * 0.72)

    def at(place: int) -> float:
        return LEFT + room * (place + 0.5)

    for place in range(len(drawing.places)):
        up = down = 0.0
        for index, series in enumerate(drawing.series):
            value = series.values[place]
            if not value:
                continue
            base = up if value > 0 else down
            top, bottom = scale(max(base, base + value)), scale(min(base, base + value))
            tip = f"{drawing.labels[place]}, {series.name}: {drawing.tell(value)}"
            drawn.append(
                _titled(
                    "rect",
                    tip,
                    class_=f"column {_mark(index)}",
                    x=f"{at(place) - width / 2:.1f}",
                    y=f"{top:.1f}",
                    width=f"{width:.1f}",
                    height=f"{max(bottom - top, 0.5):.1f}",
                )
            )
            up, down = (up + value, down) if value > 0 else (up, down + value)
    return drawn + _place_names(drawing, at), HEIGHT


def _stack(drawing: Drawing, place: int, *, up: bool) -> float:
    values = [series.values[place] or 0 for series in drawing.series]
    return sum(value for value in values if (value > 0) == up)


def _bars(drawing: Drawing) -> tuple[list[Markup], int]:
    (series,) = drawing.series
    known = [value or 0 for value in series.values]
    marks = ticks(min(known, default=0), max(known, default=0))
    scale = _Scale(marks[0], marks[-1], BAR_LEFT, WIDTH - 96)
    height = TOP + BAR_HEIGHT * len(known) + TOP
    drawn = [_rule(scale(0), TOP - 4, scale(0), height - TOP + 4, "axis")]
    for place, value in enumerate(series.values):
        y = TOP + BAR_HEIGHT * place
        drawn.append(_text(BAR_LEFT - 8, y + 16, shortened(drawing.labels[place]), "end"))
        if value is None:
            continue
        start, end = sorted((scale(0), scale(value)))
        tip = f"{drawing.labels[place]}: {drawing.tell(value)}"
        drawn.append(
            _titled(
                "rect",
                tip,
                class_="column s0",
                x=f"{start:.1f}",
                y=f"{y + 4:.1f}",
                width=f"{max(end - start, 0.5):.1f}",
                height=f"{BAR_HEIGHT - 8}",
            )
        )
        drawn.append(_text(end + 6, y + 16, drawing.tell(value), "start"))
    return drawn, height


def shortened(name: str) -> str:
    """A name as an axis has room for it; the table beneath has it whole."""
    if len(name) <= LETTERS_OF_A_NAME:
        return name
    return name[: LETTERS_OF_A_NAME - 1].rstrip() + "…"
