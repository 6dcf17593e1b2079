"""The as-of date is the last day that is over everywhere, and loads keep their order."""

from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test
from dagster._utils.schedules import schedule_execution_time_iterator

from data_quality.acceptances import record_refusals
from ingestion.config import Sources
from ingestion.home import Home
from orchestration.definitions import nightly_schedule
from orchestration.resources import LOAD_TAG, _fixed, last_complete_day, present_day
from tests.data_quality.test_acceptances import refused

NIGHTS = {
    "Europe/Paris": (date(2026, 3, 29), date(2026, 10, 25)),
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/Havana": (date(2026, 3, 8), date(2026, 11, 1)),  # at midnight
    "America/Santiago": (date(2026, 9, 6), date(2026, 4, 5)),  # at midnight
    "Africa/Cairo": (date(2026, 4, 24), date(2026, 10, 30)),  # at midnight
    "Australia/Lord_Howe": (date(2026, 10, 4), date(2026, 4, 5)),  # by half an hour
}
"""The day on which the clocks have just gone forward, and that on which they have gone back."""


def sources(**settings: object) -> Sources:
    """One source, and what else is set."""
    source = {"system": "odoo", "transport": "sqlite", "path": "erp.db"}
    return Sources.model_validate({"sources": {"erp": source}, **settings})


def test_a_day_counts_once_it_is_over_in_every_company() -> None:
    # 23:30 UTC on New Year's Eve: Paris is in the new year, New York is not.
    instant = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    assert last_complete_day(("Europe/Paris",), instant) == date(2025, 12, 31)
    assert last_complete_day(("Europe/Paris", "America/New_York"), instant) == date(2025, 12, 30)


def test_a_day_is_present_once_it_has_begun_in_every_company() -> None:
    instant = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    assert present_day(("Europe/Paris",), instant) == date(2026, 1, 1)
    assert present_day(("Europe/Paris", "America/New_York"), instant) == date(2025, 12, 31)


def test_a_night_run_speaks_of_yesterday() -> None:
    assert last_complete_day(("Europe/Paris",), datetime(2026, 7, 1, 0, 5, tzinfo=UTC)) == date(
        2026, 6, 30
    )


def test_daylight_saving_moves_midnight() -> None:
    before, after = (
        datetime(2026, 3, 28, 22, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 22, 30, tzinfo=UTC),
    )
    assert last_complete_day(("Europe/Paris",), before) == date(2026, 3, 27)
    assert last_complete_day(("Europe/Paris",), after) == date(2026, 3, 29)


@pytest.mark.parametrize("zone", NIGHTS)
@pytest.mark.parametrize("second", [False, True], ids=["first", "second"])
@pytest.mark.parametrize("time", ["00:30", "02:00", "02:30", "03:00"])
def test_when_the_clocks_change_a_night_run_speaks_of_yesterday(
    zone: str, second: bool, time: str
) -> None:
    for day in NIGHTS[zone]:
        local = datetime.fromisoformat(f"{day} {time}").replace(
            tzinfo=ZoneInfo(zone), fold=int(second)
        )
        # A time that does not exist is shown by no clock: it is the one an hour later or earlier.
        shown = local.astimezone(UTC).astimezone(ZoneInfo(zone))
        expected = shown.date() - timedelta(days=1)
        assert last_complete_day((zone,), local.astimezone(UTC)) == expected


def test_a_day_of_which_an_hour_comes_twice_is_over_after_the_second() -> None:
    # At midnight Santiago goes back to 23:00 of the day before.
    santiago = ("America/Santiago",)
    for minutes, over in ((-1, date(2026, 4, 3)), (59, date(2026, 4, 3)), (60, date(2026, 4, 4))):
        instant = datetime(2026, 4, 5, 3, tzinfo=UTC) + timedelta(minutes=minutes)
        assert last_complete_day(santiago, instant) == over


def test_the_schedule_runs_once_a_night_and_leaves_no_day_out() -> None:
    schedule = nightly_schedule(sources())
    ticks = schedule_execution_time_iterator(
        datetime(2026, 1, 1, tzinfo=UTC).timestamp(),
        schedule.cron_schedule,
        schedule.execution_timezone,
    )
    year = list(takewhile(lambda tick: tick < datetime(2027, 1, 1, tzinfo=UTC), ticks))
    times = {tick.strftime("%d.%m. %H:%M") for tick in year if tick.strftime("%H:%M") != "02:00"}
    assert times == {"29.03. 03:00"}
    spoken_of = [last_complete_day(("Europe/Paris",), tick.astimezone(UTC)) for tick in year]
    assert spoken_of == [date(2025, 12, 31) + timedelta(days=n) for n in range(365)]


def test_the_night_is_at_the_hour_and_in_the_first_time_zone_that_are_configured() -> None:
    schedule = nightly_schedule(sources(nightly_at="05:45", time_zones=["America/New_York"]))
    assert schedule.cron_schedule == "45 5 * * *"
    assert schedule.execution_timezone == "America/New_York"


def test_a_load_refused_while_the_clock_was_ahead_is_older_than_the_next(home: Home) -> None:
    ahead = 29990101000000000
    record_refusals(home, ahead, "landing", [refused()])
    with dg.DagsterInstance.ephemeral() as instance:
        run = create_run_for_test(instance)
        tags = _fixed(dg.build_init_resource_context(instance=instance), home, sources(), run)
    assert int(tags[LOAD_TAG]) > ahead
