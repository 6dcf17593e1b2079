"""One row per company, measure, member and whole month: seasonally adjusted, with its trend and slope."""

from kpi_statistics import series


def model(dbt, session):
    dbt.config(materialized="table")
    monthly = dbt.ref("int_monthly_series").filter("is_whole_month")
    frame = monthly.toPandas() if hasattr(monthly, "toPandas") else monthly.df()
    return series.monthly_statistics(frame)
