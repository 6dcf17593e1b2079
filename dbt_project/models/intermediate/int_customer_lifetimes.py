"""One row per company and customer who decides: how likely he still is one on the as-of date."""

from kpi_statistics import lifetimes
from kpi_statistics.frames import as_frame


def model(dbt, session):
    """See `kpi_statistics/lifetimes.py`."""
    run = as_frame(dbt.source("control", "current_run"))
    purchases = as_frame(dbt.ref("int_customer_order_days"))
    return lifetimes.customer_lifetimes(purchases, run["as_of_date"].iloc[0])
