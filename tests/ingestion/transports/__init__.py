"""Tests of the ways to read a source."""
