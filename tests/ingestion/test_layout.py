"""A home of an older version is brought up to date; one of a newer version is left alone."""

from __future__ import annotations

import pytest

from ingestion.errors import LayoutError
from ingestion.home import Home
from ingestion.layout import LAYOUT, bring_up_to_date, layout_of


def test_a_new_home_has_the_newest_layout(home: Home) -> None:
    home.root.mkdir()
    bring_up_to_date(home)
    assert layout_of(home) == LAYOUT


def test_files_that_anybody_could_read_are_closed(home: Home) -> None:
    rows = home.landing / "erp" / "rows.parquet"
    rows.parent.mkdir(parents=True)
    for path in (rows, home.warehouse, home.root / "exports.csv"):
        path.touch()
        path.chmod(0o664)
    home.published.mkdir()
    (home.published / "current").symlink_to("nothing")
    rows.parent.chmod(0o755)
    bring_up_to_date(home)
    modes = [path.stat().st_mode & 0o777 for path in (rows, home.warehouse, rows.parent)]
    assert modes == [0o640, 0o640, 0o750]
    assert (home.root / "exports.csv").stat().st_mode & 0o777 == 0o664  # not the product's


def test_steps_are_taken_once_and_in_their_order(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.root.mkdir()
    taken: list[int] = []

    def step(number: int, fails: bool = False) -> None:
        taken.append(number)
        if fails:
            raise OSError("killed")

    steps = [lambda _: step(1), lambda _: step(2, fails=True), lambda _: step(3)]
    monkeypatch.setattr("ingestion.layout.STEPS", steps)
    monkeypatch.setattr("ingestion.layout.LAYOUT", 3)
    with pytest.raises(OSError, match="killed"):
        bring_up_to_date(home)
    assert layout_of(home) == 1
    steps[1] = lambda _: step(2)
    bring_up_to_date(home)
    bring_up_to_date(home)
    assert taken == [1, 2, 2, 3]


def test_a_home_of_a_newer_version_is_refused(home: Home) -> None:
    home.root.mkdir()
    home.layout.write_text(f'{{"layout": {LAYOUT + 1}}}')
    with pytest.raises(LayoutError, match="Use the newer version"):
        bring_up_to_date(home)
    assert layout_of(home) == LAYOUT + 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"layout": null}', "\x00"])
def test_a_damaged_number_is_said_to_be_damaged(home: Home, text: str) -> None:
    home.root.mkdir()
    home.layout.write_text(text)
    with pytest.raises(LayoutError, match="Remove it"):
        bring_up_to_date(home)
