"""What an oracle says of its mart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from tests.oracle.sources import Sources


@dataclass(frozen=True)
class Oracle:
    """How a mart is recomputed."""

    function: Callable[[Sources], pd.DataFrame]
    """Gives the mart's key and every one of its columns."""
    key: Sequence[str]
    statistics: Sequence[str] = ()
    """Columns of ratios and medians, compared to 1e-9 of themselves."""
    ignored: Mapping[str, str] = field(default_factory=dict)
    """Columns that are not recomputed, each with the reason."""
    rows: str = "true"
    """Condition of the rows that are recomputed, where some are estimates."""
    fitted: Mapping[str, int] = field(default_factory=dict)
    """Columns that rest on a fit, with the units of their last place by which they may differ."""
    implied: Mapping[str, Callable[[pd.DataFrame], pd.Series]] = field(default_factory=dict)
    """Columns that follow from others of the mart's own row, such as fitted ones: how."""
