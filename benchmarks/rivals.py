# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "adbc-driver-postgresql==1.13.0",
#     "connectorx==0.4.6",
#     "dlt[filesystem,parquet,sql_database]==1.31.0",
#     "pandas==3.1.1",
#     "psycopg[binary]",
#     "pyarrow",
# ]
# ///
"""Others that read a query of PostgreSQL into Parquet, each as its own documentation has it.

    uv run --script benchmarks/rivals.py WAY SOCKET_FOLDER QUERY FOLDER

They have an environment of their own, which uv makes from the head of this file. `extract.py`
takes them by turns with ours. What they take to be imported is not counted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.alternating import measured, tell

ROWS_AT_A_TIME = 100_000


def uri(socket: str) -> str:
    """Where the database is, for libpq and SQLAlchemy."""
    return f"postgresql://postgres@/odoo?host={socket}"


def by_adbc(socket: str, query: str, folder: Path) -> None:
    """Arrow Database Connectivity: streams; a NUMERIC comes as text."""
    import adbc_driver_postgresql.dbapi
    import pyarrow.parquet

    with (
        adbc_driver_postgresql.dbapi.connect(uri(socket)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(query)
        reader = cursor.fetch_record_batch()
        target = folder / "rows.parquet"
        with pyarrow.parquet.ParquetWriter(target, reader.schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch)


def by_connectorx(socket: str, query: str, folder: Path) -> None:
    """ConnectorX: all rows in memory; a NUMERIC becomes a floating-point number."""
    import connectorx
    import pyarrow.parquet

    # It takes the folder of a socket for the name of a host.
    address = f"postgresql://postgres@{quote(socket, safe='')}/odoo"
    rows = connectorx.read_sql(address, query, return_type="arrow", protocol="binary")
    pyarrow.parquet.write_table(rows, folder / "rows.parquet", compression="zstd")


def by_pandas(socket: str, query: str, folder: Path) -> None:
    """Pandas over SQLAlchemy and psycopg2: every value a Python object."""
    import pandas
    from sqlalchemy import create_engine

    with create_engine(uri(socket)).connect() as connection:
        frame = pandas.read_sql(query, connection)
    frame.to_parquet(folder / "rows.parquet", compression="zstd")


def by_dlt(socket: str, query: str, folder: Path) -> None:
    """Dlt's sql_database with its Arrow backend, to files in a folder."""
    import dlt
    from dlt.sources.sql_database import sql_table
    from sqlalchemy import text

    rows = sql_table(
        credentials=uri(socket),
        table="big",
        backend="pyarrow",
        chunk_size=ROWS_AT_A_TIME,
        query_adapter_callback=lambda *_: text(query),
    )
    pipeline = dlt.pipeline(
        pipeline_name="rival",
        pipelines_dir=str(folder / "state"),
        destination=dlt.destinations.filesystem(bucket_url=str(folder / "rows")),
        dataset_name="landing",
    )
    pipeline.run(rows, loader_file_format="parquet")


WAYS: dict[str, tuple[Callable[[str, str, Path], None], tuple[str, ...]]] = {
    "adbc": (by_adbc, ("adbc_driver_postgresql.dbapi", "pyarrow.parquet")),
    "connectorx": (by_connectorx, ("connectorx", "pyarrow.parquet")),
    "dlt": (by_dlt, ("dlt.destinations", "dlt.sources.sql_database", "psycopg", "pyarrow.parquet")),
    "pandas": (by_pandas, ("pandas", "psycopg", "pyarrow.parquet", "sqlalchemy")),
}
"""How, and what is imported beforehand."""


def main(way: str, socket: str, query: str, folder: str) -> None:
    """Take one turn."""
    read, modules = WAYS[way]
    for module in modules:
        import_module(module)
    tell(measured(partial(read, socket, query, Path(folder))))


if __name__ == "__main__":
    main(*sys.argv[1:])
