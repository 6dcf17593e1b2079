"""Tests of the three gates."""
