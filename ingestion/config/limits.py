"""How much may be wrong, how far numbers may move, and for how long things are kept."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from ingestion.config.settings import Settings

Share = Annotated[float, Field(ge=0, le=1)]


class Limits(Settings):
    """How much of a source may be wrong before a batch is refused."""

    share: Share = 0.001
    """Share of a table's rows that may break a rule that has no threshold of its own."""
    systematic_share: Share = 0.1
    """A batch is refused when more than this share of the rows read break one rule ..."""
    systematic_rows: int = Field(default=10, ge=1)
    """... and they are at least this many: a handful in a small nightly delta is no pattern."""
    habit_rows: int = Field(default=100, ge=0)
    """Tables that held fewer rows than this may shrink and grow as they like."""
    least_share: Share = 0.5
    """Less than this share of the previous load's rows: the source lost too much."""
    most_times: float = Field(default=10.0, ge=1)
    """More than this many times the previous load's rows: the source grew too much."""
    may_be_emptied: bool = False
    """The source may hold no row of a table that held some."""
    by_rule: dict[str, Share] = Field(default_factory=dict)
    """Threshold of single rules, named `<table>.<rule code>`."""


class PublicationLimits(Settings):
    """How far a publication may move from the one before it, until a person accepts that."""

    habit_rows: int = Field(default=100, ge=0)
    """Marts that held fewer rows than this may shrink as they like."""
    least_share: Share = 0.5
    """Less than this share of the published rows: the mart lost too much."""
    most_times: float = Field(default=3.0, ge=1)
    """More than this many times the greatest move before: the measure moves beyond its habit."""
    habit_days: int = Field(default=365, ge=1)
    """Days in which the greatest move is looked for; measures known for half of them are judged."""
    closed_through: date | None = None
    """The books are closed up to this day."""
    months_close_after_days: int | None = Field(default=None, ge=0)
    """A month is closed so many days after its end."""
    restated_share: Share = 0.001
    """Share of what a closed month moved that may still be restated."""


class Retention(Settings):
    """For how long what is over is kept. What `adv accept` still lists is always kept."""

    quarantine_days: int = Field(default=90, ge=1)
    """Refused batches, counted from the load that read them."""
    refusals_days: int = Field(default=90, ge=1)
    """What each load refused, and which rule did."""
    runs_days: int = Field(default=90, ge=1)
    """Dagster's record of runs that ended; the warehouse keeps what they loaded and published."""
    logs_days: int = Field(default=30, ge=1)
    """What runs, schedules and sensors wrote while they ran."""
    replaced_days: int = Field(default=7, ge=1)
    """The warehouse that `adv rebuild --replace` put aside."""
    history_days: int | None = Field(default=1100, ge=1)
    """Days that the time machine reaches back. Of before, one version of each row is kept; with
    `null`, all of them."""
