"""Reads source systems and keeps what they said: configuration, transports, landing, raw.

Belongs here: everything from a source's bytes to `raw.<system>__<table>` in the warehouse.
Does not belong here: Dagster (see `orchestration/`), rules about the content of a batch
(see `data_quality/`), and SQL that models business (see `dbt_project/`).
"""
