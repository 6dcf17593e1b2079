"""The workload of the coming weeks per company, team and task; see kpi_statistics/forecast.py."""

from kpi_statistics.forecast import forecast_workload


def model(dbt, session):
    weeks = dbt.ref("int_workload_weekly")
    settings = dbt.config.get("meta")
    return forecast_workload(
        weeks.toPandas() if hasattr(weeks, "toPandas") else weeks.df(),
        weeks_ahead=int(settings["weeks_ahead"]),
        interval=float(settings["interval"]),
    )
