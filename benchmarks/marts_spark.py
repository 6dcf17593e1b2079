# /// script
# requires-python = ">=3.11"
# dependencies = ["pyspark==4.3.0"]
# ///
"""A mart by Spark on this machine, from Parquet to Parquet.

    uv run --script benchmarks/marts_spark.py INPUTS SQL ANSWER

It has an environment of its own, which uv makes from the head of this file, and needs a Java 17.
`marts.py` takes it by turns with others. What the session takes to start is not counted, and
neither is a first time, which Java spends on compiling itself.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from pyspark.sql import SparkSession

from benchmarks.alternating import measured, tell

SETTINGS: dict[str, Any] = {
    "spark.driver.memory": "4g",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
"""Two processors do not share work in two hundred parts, as is the default."""


def main(inputs: str, sql: str, answer: str) -> None:
    """Take one turn."""
    builder = SparkSession.builder.master("local[2]").config(map=SETTINGS)
    session = builder.getOrCreate()
    for file in Path(inputs).glob("*.parquet"):
        session.read.parquet(str(file)).createOrReplaceTempView(file.stem)
    query = Path(sql).read_text(encoding="utf-8")

    def made() -> None:
        session.sql(query).write.mode("overwrite").parquet(answer)

    made()
    taken = measured(made)
    session.stop()
    tell(taken)


if __name__ == "__main__":
    main(*sys.argv[1:])
