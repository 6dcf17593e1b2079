"""One row per company, measure, member and whole month: adjusted for season, trend and slope."""

from kpi_statistics import series
from kpi_statistics.frames import as_frame


def model(dbt, session):
    """See `kpi_statistics/series.py`."""
    monthly = dbt.ref("int_monthly_series").filter("is_whole_month")
    return series.monthly_statistics(as_frame(monthly))
