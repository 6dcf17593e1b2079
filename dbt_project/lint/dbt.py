"""dbt's cross-database macros, as far as the SQL linter must expand them; it has no dbt."""


def type_string() -> str:
    """The type of text."""
    return "varchar"


def type_timestamp() -> str:
    """The type of instants."""
    return "timestamp"


def split_part(string_text: str, delimiter_text: str, part_number: int) -> str:
    """Part of a text."""
    return f"split_part({string_text}, {delimiter_text}, {part_number})"


def dateadd(datepart: str, interval: object, from_date_or_timestamp: str) -> str:
    """A shifted date."""
    return f"date_add({from_date_or_timestamp}, {interval}, '{datepart}')"


def date_trunc(datepart: str, date: str) -> str:
    """Start of the period."""
    return f"date_trunc('{datepart}', {date})"


def last_day(date: str, datepart: str) -> str:
    """End of the period."""
    return f"last_day({date}, '{datepart}')"
