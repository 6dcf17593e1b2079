"""Dagster assets, one module per stage: landing, raw, marts (dbt), publication."""
