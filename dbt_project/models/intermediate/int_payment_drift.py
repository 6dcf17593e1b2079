"""One row per company and payer: whether he has left his habit of paying, and since when."""

from kpi_statistics import payment_drift
from kpi_statistics.frames import as_frame


def model(dbt, session):
    """See `kpi_statistics/payment_drift.py`."""
    settings = dbt.config.get("meta")
    rules = payment_drift.Rules(
        grace_days=float(settings["grace_days"]),
        scale_floor_days=float(settings["scale_floor_days"]),
        minimum_baseline=int(settings["minimum_baseline"]),
        baseline_days=int(settings["baseline_days"]),
        monitored_days=int(settings["monitored_days"]),
        allowance=float(settings["allowance"]),
        threshold=float(settings["threshold"]),
        cap=float(settings["cap"]),
        false_alarm_share=float(settings["false_alarm_share"]),
        replications=int(settings["replications"]),
    )
    run = as_frame(dbt.source("control", "current_run"))
    observations = as_frame(dbt.ref("int_payment_observations"))
    return payment_drift.payment_drift(observations, run["as_of_date"].iloc[0], rules)
