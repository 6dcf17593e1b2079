"""Data quality: what must hold of landed batches, of raw before its commit, and of the marts.

Three gates, one kind of rule. Gate 1 (`validator`) looks at each landed batch through Great
Expectations; gate 2 (`reconciliation`) at merged but uncommitted raw; gate 3 (`marts`) at the
marts that are about to be published. Nothing here knows Dagster.
"""

import warnings

# Great Expectations imports pyspark where that is installed, whose doubts about pandas concern
# nobody here.
warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
