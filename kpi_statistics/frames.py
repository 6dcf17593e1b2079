"""What dbt hands to a Python model, as pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def as_frame(relation: Any) -> pd.DataFrame:
    """The rows of a relation, DuckDB's or Spark's, in the types that DuckDB gives pandas."""
    if hasattr(relation, "toArrow"):
        import duckdb

        relation = duckdb.from_arrow(relation.toArrow())
    frame: pd.DataFrame = relation.df()
    return frame
