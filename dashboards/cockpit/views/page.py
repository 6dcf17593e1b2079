"""The blocks of a page, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboards.cockpit.blocks import Block, Chart, Figures, Table
from dashboards.cockpit.views.charts import chart_view
from dashboards.cockpit.views.figures import figures_view
from dashboards.cockpit.views.tables import table_view
from dashboards.cockpit.views.view import View


def block_views(view: View, blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """What a page shows of some blocks; charts that follow each other stand side by side."""
    shown_blocks = [block for block in blocks if not isinstance(block, Table) or block.lines]
    told = [_block_view(view, block) for block in shown_blocks]
    charts = 0
    for place, one in enumerate(told):
        charts = charts + 1 if one["kind"] == "chart" else 0
        is_followed = place + 1 < len(told) and told[place + 1]["kind"] == "chart"
        one["is_paired"] = charts % 2 == 0 or is_followed
    return told


def _block_view(view: View, block: Block) -> dict[str, Any]:
    if isinstance(block, Figures):
        return figures_view(view, block)
    if isinstance(block, Chart):
        return chart_view(view, block)
    return table_view(view, block, is_whole=False)
