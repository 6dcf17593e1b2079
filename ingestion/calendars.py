"""Writes the public-holiday seed of the dbt project from the `holidays` library.

The seed is committed, so that a run needs neither the library nor a decision about its version.
Run this again to add years, or the calendars of a country that `country_calendars.csv` names now:

    python -m ingestion.calendars --from 1990 --to 2045

An installation adds calendars of its own, beside those of the seed:

    python -m ingestion.calendars US FR-57 --into .adv/config/public_holidays.csv
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingestion.home import DBT_PROJECT

SEED = DBT_PROJECT / "seeds" / "public_holidays.csv"
COUNTRIES = DBT_PROJECT / "seeds" / "country_calendars.csv"
FIRST_YEAR = 1990
LAST_YEAR = 2045


def public_holidays(calendar_code: str, years: range) -> Iterator[tuple[str, str, str]]:
    """Days on which a calendar's offices are closed, in date order.

    Args:
        calendar_code: Country, or country and subdivision joined by a hyphen (`FR-57`), as the
            `holidays` library names them.
        years: Calendar years.

    Yields:
        Calendar code, ISO date and the holiday's name in the country's own language.

    Raises:
        NotImplementedError: the library does not know the country or the subdivision.

    """
    import holidays

    country, _, subdivision = calendar_code.partition("-")
    # Names in the country's own language, whatever the machine's.
    language = holidays.country_holidays(country).default_language
    found = holidays.country_holidays(
        country, subdiv=subdivision or None, years=years, language=language
    )
    for day, name in sorted(found.items()):
        yield calendar_code, day.isoformat(), name


def calendars_of_countries() -> list[str]:
    """The calendars that companies have by their country."""
    with COUNTRIES.open(encoding="utf-8", newline="") as file:
        return list(dict.fromkeys(row["calendar_code"] for row in csv.DictReader(file)))


def write_seed(path: Path, calendar_codes: Sequence[str], years: range) -> int:
    """Replace a file of holidays and say how many it holds."""
    rows = [row for code in calendar_codes for row in public_holidays(code, years)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("calendar_code", "holiday_date", "holiday_name"))
        writer.writerows(rows)
    return len(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line: years and calendars to write."""
    parser = argparse.ArgumentParser(description="Write the public-holiday seed.")
    parser.add_argument(
        "calendars", nargs="*", help="such as FR, IT, FR-57; by default those of all countries"
    )
    parser.add_argument("--from", dest="first", type=int, default=FIRST_YEAR)
    parser.add_argument("--to", dest="last", type=int, default=LAST_YEAR)
    parser.add_argument("--into", type=Path, default=SEED, help="by default the seed")
    chosen = parser.parse_args(arguments)
    calendars = chosen.calendars or calendars_of_countries()
    count = write_seed(chosen.into, calendars, range(chosen.first, chosen.last + 1))
    print(f"{count} holidays of {', '.join(calendars)} in {chosen.into}")


if __name__ == "__main__":
    main()
