"""Runs the pipeline: Dagster assets, the lock, publication and the `adv` command.

Belongs here: thin wrappers around `ingestion/`, `data_quality/` and dbt, and everything about
one run as a whole. Does not belong here: reading a source, judging its content, business SQL.
"""
