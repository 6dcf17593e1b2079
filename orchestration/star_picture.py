"""The picture of the star schema, which `orchestration.pages` writes into `docs/kpi`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

STYLE = """\
text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; fill: #16232c }
.name { font-weight: 600; fill: #1f3a4d }
.facts { fill: #f3f6f8; stroke: #9fb0bb }
.dimension { fill: #e6f0f6; stroke: #00577f }
.p0 { stroke: #005a8d } .p1 { stroke: #e69f00 } .p2 { stroke: #7a3e65 }
path { fill: none; stroke-width: 1.4 }
"""
WIDTH, LINE, MARGIN, GAP = 760, 20, 16, 24
FACTS_WIDTH, DIMENSION_WIDTH, DIMENSION_HEIGHT = 300, 200, 32


def picture(processes: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> str:
    """An SVG of the processes at the left, each with its facts, and the dimensions at the right.

    Args:
        processes: facts and dimensions of each process.

    """
    heights = [LINE * (len(facts) + 2) for facts, _ in processes.values()]
    height = sum(heights) + GAP * (len(heights) - 1) + 2 * MARGIN
    dimensions = sorted({name for _, met in processes.values() for name in met})
    step = (height - 2 * MARGIN) / len(dimensions)
    middles = {name: round(MARGIN + step * (i + 0.5)) for i, name in enumerate(dimensions)}
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        "<title>Facts by process, and the dimensions that they meet</title>",
        f"<style>\n{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#fff"/>',
    ]
    top = MARGIN
    boxes: list[str] = []
    for number, (process, (facts, met)) in enumerate(processes.items()):
        lines += _curves(number, top + heights[number] // 2, [middles[name] for name in met])
        boxes += _box(process, facts, top, heights[number])
        top += heights[number] + GAP
    pills = (line for name, middle in middles.items() for line in _dimension(name, middle))
    return "\n".join([*lines, *boxes, *pills, "</svg>"]) + "\n"


def _curves(number: int, middle: int, ends: Sequence[int]) -> Iterator[str]:
    left, right = MARGIN + FACTS_WIDTH, WIDTH - MARGIN - DIMENSION_WIDTH
    bend = (left + right) // 2
    for end in ends:
        yield (
            f'<path class="p{number}" '
            f'd="M{left} {middle}C{bend} {middle} {bend} {end} {right} {end}"/>'
        )


def _box(process: str, facts: Sequence[str], top: int, height: int) -> Iterator[str]:
    yield (
        f'<rect class="facts" x="{MARGIN}" y="{top}" width="{FACTS_WIDTH}" height="{height}" '
        'rx="6"/>'
    )
    for row, text in enumerate((process, *facts)):
        kind = ' class="name"' if row == 0 else ""
        yield f'<text{kind} x="{MARGIN + 14}" y="{top + LINE * (row + 1) + 4}">{text}</text>'


def _dimension(name: str, middle: int) -> Iterator[str]:
    left, top = WIDTH - MARGIN - DIMENSION_WIDTH, middle - DIMENSION_HEIGHT // 2
    yield (
        f'<rect class="dimension" x="{left}" y="{top}" width="{DIMENSION_WIDTH}" '
        f'height="{DIMENSION_HEIGHT}" rx="{DIMENSION_HEIGHT // 2}"/>'
    )
    yield f'<text x="{left + 18}" y="{middle + 5}">{name}</text>'
