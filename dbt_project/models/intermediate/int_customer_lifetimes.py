"""One row per company and customer who decides: how likely he is still a customer on the as-of date."""

from kpi_statistics import lifetimes


def model(dbt, session):
    dbt.config(materialized="table")
    purchases = dbt.ref("int_customer_order_days")
    run = dbt.source("control", "current_run")
    if hasattr(purchases, "toPandas"):
        purchases, run = purchases.toPandas(), run.toPandas()
    else:
        purchases, run = purchases.df(), run.df()
    return lifetimes.customer_lifetimes(purchases, run["as_of_date"].iloc[0])
