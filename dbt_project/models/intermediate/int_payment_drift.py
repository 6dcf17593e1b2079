"""One row per company and payer: whether he has left his habit of paying, and since when."""

from kpi_statistics import payment_drift


def model(dbt, session):
    dbt.config(materialized="table")
    rules = payment_drift.Rules(
        grace_days=float(dbt.config.meta_get("grace_days")),
        scale_floor_days=float(dbt.config.meta_get("scale_floor_days")),
        minimum_baseline=int(dbt.config.meta_get("minimum_baseline")),
        baseline_days=int(dbt.config.meta_get("baseline_days")),
        monitored_days=int(dbt.config.meta_get("monitored_days")),
        allowance=float(dbt.config.meta_get("allowance")),
        threshold=float(dbt.config.meta_get("threshold")),
        cap=float(dbt.config.meta_get("cap")),
        false_alarm_share=float(dbt.config.meta_get("false_alarm_share")),
        replications=int(dbt.config.meta_get("replications")),
    )
    observations = dbt.ref("int_payment_observations")
    run = dbt.source("control", "current_run")
    if hasattr(observations, "toPandas"):
        observations, run = observations.toPandas(), run.toPandas()
    else:
        observations, run = observations.df(), run.df()
    return payment_drift.payment_drift(observations, run["as_of_date"].iloc[0], rules)
