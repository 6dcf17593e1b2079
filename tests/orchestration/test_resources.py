"""The as-of date: the last day that is over everywhere."""

from datetime import UTC, date, datetime

from orchestration.resources import last_complete_day


def test_a_day_counts_once_it_is_over_in_every_company() -> None:
    # 23:30 UTC on New Year's Eve: Paris is in the new year, New York is not.
    instant = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    assert last_complete_day(("Europe/Paris",), instant) == date(2025, 12, 31)
    assert last_complete_day(("Europe/Paris", "America/New_York"), instant) == date(2025, 12, 30)


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
