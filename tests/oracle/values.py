"""Ratios and medians as marts keep them: in whole units of their last decimal."""

from __future__ import annotations

import numpy as np
import pandas as pd


def ratio(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """A ratio in millionths; empty where there is nothing to divide by."""
    whole = denominator.astype(float).where(denominator != 0)
    return in_units(numerator.astype(float) / whole, 1_000_000)


def in_units(values: pd.Series, units: int) -> pd.Series:
    """Values that are not negative in whole units, rounded half up."""
    return (values.astype(float) * units + 0.5 + 1e-9).apply(np.floor).astype("Int64")
