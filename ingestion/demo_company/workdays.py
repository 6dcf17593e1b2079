"""Working days of France and Italy, and how busy each day is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ingestion.demo_company.variables import set_variable

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    Days = NDArray[Any]

Column = Any
"""An Arrow array; DuckDB evaluates annotations, so it must be a name that exists at run time."""

FIRST_DAY = date(2022, 1, 1)
"""First day of the calendar, well before the company's first order."""
BEYOND = 900
"""Days after the end for which a future is planned (instalments of orders just taken)."""
ZONE = ZoneInfo("Europe/Paris")
"""France and Italy share the clock."""

# Demand by month: a dip in August and at New Year, peaks in spring and autumn.
_SEASON = (0.86, 0.95, 1.08, 1.10, 1.04, 1.08, 0.92, 0.62, 1.12, 1.16, 1.08, 0.99)
_YEARLY_GROWTH = 0.06
_QUIET_DAY = 0.02
_EPOCH = (FIRST_DAY - date(1970, 1, 1)).days
_WORKING_DAYS_PER_YEAR = 253.0
_OPENS = 510
"""Minute of the day at which work starts, 8:30 local time."""
_WORKS = 540
"""Minutes worked on a working day."""


def write_calendar(connection: duckdb.DuckDBPyConnection, start: date, until: date) -> None:
    """Create `life.calendar` and the SQL functions of working time.

    One row per company (1 French, 2 Italian) and day: whether people work.
    """
    import holidays
    import numpy as np

    days = [FIRST_DAY + timedelta(n) for n in range((until - FIRST_DAY).days + BEYOND)]
    weekday = np.array([day.weekday() for day in days])
    offsets = np.array([_minutes_from_utc(day) for day in days])
    season = np.array([_SEASON[day.month - 1] for day in days])
    growth = (1 + _YEARLY_GROWTH) ** (np.array([(day - start).days for day in days]) / 365.25)
    years = range(FIRST_DAY.year, days[-1].year + 1)
    closed = [holidays.country_holidays(country, years=years) for country in ("FR", "IT")]
    works = np.array(
        [(weekday < 5) & ~np.array([day in holiday for day in days]) for holiday in closed]
    )
    weight = np.where(works, 365.25 / _WORKING_DAYS_PER_YEAR, _QUIET_DAY) * season * growth
    weight[:, : (start - FIRST_DAY).days] = 0
    demand_until = np.cumsum(weight, axis=1)
    set_variable(connection, "utc_offset", offsets.tolist())
    set_variable(connection, "whole_demand", demand_until[:, (until - FIRST_DAY).days].tolist())
    for company, row in enumerate(works.astype(int).tolist(), start=1):
        into = "create table life.calendar as" if company == 1 else "insert into life.calendar"
        connection.execute(
            f"{into} select {company} as co, date '{FIRST_DAY}' + n::int as day, works = 1 as works"
            f" from (select unnest({row}) as works, unnest(range({len(row)})) as n)"
        )
    _register(connection, works, offsets, demand_until)


def _register(
    connection: duckdb.DuckDBPyConnection, works: Days, offsets: Days, demand_until: Days
) -> None:
    """Give SQL the arithmetic of working time, vectorised over the calendar's arrays.

    `after_work(company, instant, minutes)` is the instant that many working minutes later;
    `work_day(company, day, n)` the day n working days later (0: the day or the next working
    one); `utc(day, minute)` the instant of a local minute of a day; `demand_day(company, demand)`
    the day on which the cumulated demand reaches an amount.
    """
    import numpy as np
    import pyarrow as pa
    from duckdb.func import PythonUDFType

    before = np.cumsum(works, axis=1) - works
    last = works.shape[1] - 1
    nth = np.full(works.shape, last)
    for company, row in enumerate(works):
        worked = np.flatnonzero(row)
        nth[company, : len(worked)] = worked

    def to_instant(day: Days, minute: Days) -> Column:
        minutes = (day + _EPOCH) * 1440 + minute - offsets[day]
        return _arrow(minutes * 60_000_000, pa.timestamp("us"))

    def from_day(day: Column) -> Any:
        return np.clip(_integers(day) - _EPOCH, 0, last)

    def after_work(company: Column, moment: Column, minutes: Column) -> Column:
        row = _integers(company) - 1
        utc_minute = _integers(moment) // 60_000_000 - _EPOCH * 1440
        local = utc_minute + offsets[np.clip(utc_minute // 1440, 0, last)]
        day = np.clip(local // 1440, 0, last)
        today = np.where(works[row, day], np.clip(local % 1440 - _OPENS, 0, _WORKS), 0)
        total = before[row, day] * _WORKS + today + _integers(minutes)
        return to_instant(nth[row, np.clip(total // _WORKS, 0, last)], _OPENS + total % _WORKS)

    def work_day(company: Column, day: Column, count: Column) -> Column:
        row = _integers(company) - 1
        number = before[row, from_day(day)] + _integers(count)
        return _arrow(nth[row, np.clip(number, 0, last)] + _EPOCH, pa.date32())

    def utc(day: Column, minute: Column) -> Column:
        return to_instant(from_day(day), _integers(minute))

    def demand_day(company: Column, demand: Column) -> Column:
        wanted, row = _numbers(demand), _integers(company) - 1
        found = np.where(
            row == 0,
            np.searchsorted(demand_until[0], wanted),
            np.searchsorted(demand_until[1], wanted),
        )
        return _arrow(np.clip(found, 0, last) + _EPOCH, pa.date32())

    functions: tuple[tuple[Callable[..., Any], list[Any], str], ...] = (
        (after_work, ["BIGINT", "TIMESTAMP", "DOUBLE"], "TIMESTAMP"),
        (work_day, ["BIGINT", "DATE", "DOUBLE"], "DATE"),
        (utc, ["DATE", "DOUBLE"], "TIMESTAMP"),
        (demand_day, ["BIGINT", "DOUBLE"], "DATE"),
    )
    for function, parameters, result in functions:
        connection.create_function(
            function.__name__, function, parameters, result, type=PythonUDFType.ARROW
        )


def _arrow(values: Days, kind: Column) -> Column:
    """An Arrow array of numbers; `pa.array` would import pandas, which costs a second."""
    import pyarrow as pa

    packed = values.astype(f"int{kind.bit_width}")
    return pa.Array.from_buffers(kind, len(packed), [None, pa.py_buffer(packed)])


def _numbers(values: Column) -> Days:
    """The numbers behind an Arrow column, without pandas and without missing ones."""
    import numpy as np
    import pyarrow as pa

    kind = "float64" if pa.types.is_floating(values.type) else f"int{values.type.bit_width}"
    chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    return np.concatenate(
        [
            np.frombuffer(chunk.buffers()[1], kind)[chunk.offset : chunk.offset + len(chunk)]
            for chunk in chunks
        ]
    )


def _integers(values: Column) -> Days:
    return _numbers(values).astype("int64")


def _minutes_from_utc(day: date) -> int:
    offset = datetime.combine(day, time(12), ZONE).utcoffset()
    assert offset is not None  # a zone always has one
    return int(offset.total_seconds() // 60)
