"""What an oracle says of its mart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
    to_the_cent: Sequence[str] = ()
    """Columns that may differ by a hundred last decimals, see `findings.TO_THE_CENT`."""
    not_recomputed: Sequence[str] = ()
    """Columns that a fit or a random draw gives; the tests of `kpi_statistics` hold them."""
