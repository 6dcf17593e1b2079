"""Dependencies are few, known and locked."""

from __future__ import annotations

import re
import tomllib
from itertools import chain

from ingestion.home import PROJECT

NAME = re.compile(r"[a-z0-9._-]+")


UNLOCKED = ("celery", "kubernetes", "storage-azure", "storage-google")
"""Extras that bring a cloud's or a cluster's own client library each: whoever wants one installs
it."""


def direct() -> set[str]:
    """The packages that the project itself asks for."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    locked_extras = (extras[name] for name in extras.keys() - UNLOCKED)
    wanted = chain(project["dependencies"], *locked_extras)
    return {name for requirement in wanted for name in NAME.findall(requirement.lower())[:1]}


def locked() -> dict[str, str]:
    """Every requirement of the lock, by package."""
    text = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text)
    return {found[0]: entry for entry in entries if (found := NAME.match(entry))}


def test_every_package_is_pinned_and_has_a_hash() -> None:
    packages = locked()
    assert len(packages) > 100
    for entry in packages.values():
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_every_direct_dependency_is_locked_and_has_a_reason() -> None:
    reasons = (PROJECT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    told = set(re.findall(NAME, reasons))
    assert direct() - locked().keys() == set()
    # What only says which types another package has goes with that package.
    unexplained = {name for name in direct() - told if not re.search("types-|-stubs", name)}
    assert unexplained == set()
