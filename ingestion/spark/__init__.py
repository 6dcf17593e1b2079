"""Apache Spark in the place of DuckDB: the session, its files, and raw from the landing zone.

What is built from them is the dbt project's, on Spark as on DuckDB.
"""
