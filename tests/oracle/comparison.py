"""A mart against its oracle: which rows are there only once, and which columns differ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ingestion.engine import connect

_SHOWN = 8
_STATISTIC_TOLERANCE = 1e-9


@dataclass
class Difference:
    """What differs between a mart and its oracle; nothing, when they are equal."""

    mart: str
    rows: int
    """Rows of the mart."""
    only_mart: pd.DataFrame
    only_oracle: pd.DataFrame
    columns: dict[str, pd.DataFrame] = field(default_factory=dict)
    """By column, the keys at which the two say different things, with both values."""

    @property
    def is_none(self) -> bool:
        """Mart and oracle are equal, row for row."""
        return self.only_mart.empty and self.only_oracle.empty and not self.columns

    def __str__(self) -> str:
        """The first rows that differ, by column."""
        if self.is_none:
            return f"{self.mart}: {self.rows:,} rows, equal"
        told = [f"{self.mart}: {self.rows:,} rows in the mart"]
        for what, rows in (("mart", self.only_mart), ("oracle", self.only_oracle)):
            if len(rows):
                told.append(f"{len(rows):,} rows only in the {what}:")
                told.append(rows.head(_SHOWN).to_string(index=False))
        for column, rows in self.columns.items():
            told.append(f"{column} differs in {len(rows):,} rows:")
            told.append(rows.head(_SHOWN).to_string(index=False))
        return "\n".join(told)


def compare(
    mart: str,
    key: Sequence[str],
    marts_file: Path,
    expected: pd.DataFrame,
    statistics: Sequence[str] = (),
    *,
    ignored: Collection[str] = (),
    rows: str = "true",
    fitted: Mapping[str, int] | None = None,
    implied: Mapping[str, Callable[[pd.DataFrame], pd.Series]] | None = None,
) -> Difference:
    """Compare a mart with what its oracle expects.

    Args:
        mart: name in the schema `kpi`.
        key: columns that identify a row.
        marts_file: where the mart lies.
        expected: the key and every column. Decimals are whole units of the mart's last place,
            which for amounts and quantities is a ten-thousandth.
        statistics: columns in which a ratio or median may differ by 1e-9 of itself, and in the
            last decimal that the mart keeps.
        ignored: columns of the mart that the oracle says nothing of.
        rows: condition of the rows of the mart that are compared.
        fitted: columns that rest on a fit, with the units of their last place by which they may
            differ.
        implied: columns that follow from others of the mart's own row, and how; the oracle need
            not say them.
    """
    fitted, implied = fitted or {}, implied or {}
    found = _read(mart, marts_file, rows).drop(columns=list(ignored))
    assert not expected.duplicated(list(key)).any(), f"the oracle of {mart} repeats a key"
    expected = expected.assign(**dict.fromkeys(implied))
    missing = [column for column in found if column not in expected]
    assert not missing, f"the oracle of {mart} says nothing of {missing}"
    alike = pd.DataFrame({column: _like(found[column], expected[column]) for column in found})
    ours, theirs = _keyed(found, key), _keyed(alike, key)
    both = ours.add_suffix(" mart").join(theirs.add_suffix(" oracle"), how="outer")
    in_mart, in_oracle = both.pop("_there mart").notna(), both.pop("_there oracle").notna()
    difference = Difference(
        mart,
        len(found),
        _shown(both[in_mart & ~in_oracle], " mart"),
        _shown(both[in_oracle & ~in_mart], " oracle"),
    )
    shared = both[in_mart & in_oracle]
    of_mart = shared.filter(regex=" mart$").rename(columns=lambda name: name.removesuffix(" mart"))
    for column in found.columns:
        if column in key:
            continue
        left, right = shared[f"{column} mart"], shared[f"{column} oracle"]
        if column in implied:
            right = _like(left, implied[column](of_mart))
        equal = (left == right).fillna(False).astype(bool) | (left.isna() & right.isna())
        if column in statistics:
            equal |= _nearly(left, right)
        if column in fitted:
            equal |= (left - right).abs().le(fitted[column]).fillna(False).astype(bool)
        if not equal.all():
            told = pd.DataFrame({"mart": left[~equal], "oracle": right[~equal]})
            difference.columns[column] = told.reset_index()
    return difference


def _read(mart: str, marts_file: Path, rows: str) -> pd.DataFrame:
    connection = connect(marts_file, read_only=True)
    try:
        described = connection.execute(f"describe kpi.{mart}").fetchall()
        scales = {
            name: int(kind.rstrip(")").split(",")[1])
            for name, kind, *_ in described
            if kind.startswith("DECIMAL")
        }
        columns = [
            f'("{name}" * {10 ** scales[name]})::bigint as "{name}"' if name in scales else name
            for name, *_ in described
        ]
        selected = ", ".join(columns)
        frame = connection.execute(f"select {selected} from kpi.{mart} where {rows}").df()
    finally:
        connection.close()
    for name, kind, *_ in described:
        if name in scales or kind == "BIGINT":
            frame[name] = frame[name].astype("Int64")
        elif kind in ("DATE", "TIMESTAMP"):
            frame[name] = frame[name].astype("datetime64[us]")
        else:
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    return frame


def _like(found: pd.Series, expected: pd.Series) -> pd.Series:
    """The expected values in the type of those found."""
    if isinstance(found.dtype, pd.Int64Dtype):
        return pd.to_numeric(expected).astype("Int64")
    if found.dtype == "datetime64[us]":
        return pd.to_datetime(expected).astype("datetime64[us]")
    return expected.astype(object).where(expected.notna(), None)


def _keyed(frame: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """Indexed by the key as text, in which a missing part is a value like any other."""
    words = [frame[column].astype(object).where(frame[column].notna(), "-") for column in key]
    index = pd.MultiIndex.from_arrays([word.astype(str) for word in words], names=list(key))
    rest = frame.drop(columns=list(key))
    return rest.assign(_there=1).set_axis(index)


def _shown(rows: pd.DataFrame, side: str) -> pd.DataFrame:
    columns = [column for column in rows.columns if column.endswith(side)]
    shown = rows[columns].rename(columns=lambda column: column.removesuffix(side))
    return shown.reset_index()


def _nearly(left: pd.Series, right: pd.Series) -> pd.Series:
    """Equal to 1e-9 of itself, or to the last decimal kept."""
    a, b = left.astype(float), right.astype(float)
    return (a - b).abs() <= 1 + _STATISTIC_TOLERANCE * b.abs()
