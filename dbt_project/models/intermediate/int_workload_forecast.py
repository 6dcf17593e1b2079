"""One row per company, team, task and week to come: the workload expected."""

from kpi_statistics.forecast import forecast_workload
from kpi_statistics.frames import as_frame


def model(dbt, session):
    """See `kpi_statistics/forecast.py`."""
    settings = dbt.config.get("meta")
    return forecast_workload(
        as_frame(dbt.ref("int_workload_weekly")),
        weeks_ahead=int(settings["weeks_ahead"]),
        interval=float(settings["interval"]),
    )
