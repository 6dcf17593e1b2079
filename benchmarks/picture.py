# /// script
# requires-python = ">=3.11"
# dependencies = ["matplotlib==3.11.2"]
# ///
"""The ratios of docs/performance.md as bars, so that page and picture say the same.

uv run --script benchmarks/picture.py docs/performance.md docs/performance.svg
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Bar = tuple[str, float]
SHADES = {"PostgreSQL": ("0.85", ""), "pandas": ("0.6", "///"), "Spark": ("0.3", "")}
"""Grey and hatching, told apart on paper, too."""


def extraction(page: str) -> list[Bar]:
    """Ways to read PostgreSQL, and how long each takes where ours takes 1."""
    floor = re.findall(r"ratio.*?\*\*ours\*\*.*?([\d.]+) of copy", page, re.DOTALL)[0]
    others = re.findall(r"^\| ([^|]+) \|.* ([\d.]+) of ours \|", page, re.MULTILINE)
    copied = ("COPY by psql, to nowhere", 1 / float(floor))
    return [copied, *((way.replace("`", ""), float(ratio)) for way, ratio in others)]


def marts(page: str) -> list[tuple[str, list[float]]]:
    """Marts, and how long each of the others takes where ours takes 1."""
    lines = re.findall(r"^\| `(\w+)` \|(.* times) \|$", page, re.MULTILINE)
    return [
        (mart, [float(times) for times in re.findall(r"([\d.]+) times", cells)])
        for mart, cells in lines
    ]


def drawn(axes: Axes, place: float, ratio: float, way: str, height: float) -> None:
    """A bar from ours to theirs."""
    shade, hatch = SHADES[way]
    axes.barh(place, ratio - 1, height, left=1, color=shade, hatch=hatch, edgecolor="black")
    beside, side = (1.04, "left") if ratio >= 1 else (0.96, "right")
    axes.text(ratio * beside, place, f"{ratio:.1f}", va="center", ha=side)


def main(page_file: str, picture: str) -> None:
    """Draw them."""
    mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "performance", "font.size": 9}
    page = Path(page_file).read_text(encoding="utf-8")
    read, made = extraction(page), marts(page)
    figure = Figure(figsize=(8, 7), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(len(read), 3 * len(made)))
    for place, (_, ratio) in enumerate(read):
        drawn(upper, place, ratio, "PostgreSQL", 0.7)
    upper.set_yticks(range(len(read)), [way for way, _ in read])
    upper.set_title("Reading five million rows of PostgreSQL", loc="left")
    for place, (_, ratios) in enumerate(made):
        for number, (way, ratio) in enumerate(zip(SHADES, ratios, strict=True)):
            drawn(lower, place + 0.27 * (number - 1), ratio, way, 0.25)
    lower.set_yticks(range(len(made)), [mart for mart, _ in made])
    lower.set_title("Building a mart", loc="left")
    for axes in (upper, lower):
        axes.axvline(1, color="black")
        axes.invert_yaxis()
        axes.set_xscale("log")
        axes.spines[["top", "right"]].set_visible(False)
    ticks = [0.5, 1, 2, 5, 10, 20, 50]
    lower.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    lower.minorticks_off()
    lower.set_xlim(left=ticks[0])
    lower.set_xlabel("how many times as long as ours")
    for way, (shade, hatch) in SHADES.items():
        lower.barh(0, 0, color=shade, hatch=hatch, edgecolor="black", label=way)
    figure.legend(loc="outside lower center", ncols=len(SHADES))
    figure.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
