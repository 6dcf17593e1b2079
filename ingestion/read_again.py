"""What a run is asked to read again, though it had been read: a full refresh, or a backfill."""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ingestion.declarations import Table
from ingestion.errors import ConfigurationError


class ReadAgain(BaseModel):
    """Sources and tables to read again, whole or the rows that changed on some days.

    The run is a night like any other: what changed since the last one is read, too, of every
    source, and nothing is merged twice. So a backfill never leaves a gap, and may be repeated.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: tuple[str, ...] = ()
    """`erp` for a source, `erp.sale_order` for a table; all where none is named."""
    first_day: date | None = None
    """The rows that changed from this day on, by the cursor and the clock of the source."""
    last_day: date | None = None
    """The last day of them; up to now where none is said."""

    @model_validator(mode="after")
    def _is_a_range(self) -> ReadAgain:
        if self.last_day and self.first_day is None:
            raise ValueError("a last day needs a first one")
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValueError(f"{self.last_day} is before {self.first_day}")
        return self

    def asks_for(self, source_id: str, table: Table) -> bool:
        """Whether the table is to be read again."""
        return not self.names or not {source_id, f"{source_id}.{table.name}"}.isdisjoint(self.names)

    @property
    def days(self) -> tuple[date, date] | None:
        """The first day and the one after the last; none where whole tables are wanted."""
        if self.first_day is None:
            return None
        last = min(self.last_day or date.max, date.max - timedelta(days=1))
        return self.first_day, last + timedelta(days=1)


def read_again(**asked: object) -> ReadAgain:
    """What is asked for, by a command or in the user interface.

    Raises:
        ConfigurationError: the days are none, or no range.

    """
    try:
        return ReadAgain.model_validate(asked)
    except ValidationError as error:
        (fault, *_) = error.errors()
        where = ".".join(str(part) for part in fault["loc"]) or "days"
        raise ConfigurationError(
            f"To read again: {where}: {fault['msg'].removeprefix('Value error, ')}"
        ) from None
