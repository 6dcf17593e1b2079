"""What SQL cannot say: fitted distributions, forecasts, robust slopes, seasonal adjustment.

Each module takes small pandas frames and returns them; it knows nothing of dbt, DuckDB or
Dagster. The dbt Python models in `dbt_project/models/intermediate` are thin wrappers of them, and
the SQL marts after those put the results into contract. Rules that SQL can say do not belong here.
"""
