"""How long it takes to put built and checked marts in force, beside the rename that shows them.

    python -m benchmarks.publication --home /somewhere --times 5

The home has a publication. Each turn copies it, so that its bytes still have to reach the disk, and
publishes the copy: its tables looked for, stamped, synchronised, renamed. Parquet is there already.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.alternating import alternate_on, measured, options, table, tell
from ingestion.engine import connect, one_row
from ingestion.home import Home
from ingestion.ledger import CurrentRun
from orchestration import publish
from orchestration.dbt_runner import MARTS_FILE
from orchestration.lock import run_lock


def _published(home: Home) -> None:
    with run_lock(home, "a benchmark") as lock:
        publish.publish(home, _run(home), keep=1, lock=lock)


def _renamed(home: Home) -> None:
    publish.put_in_force(home, _run(home).run_id)


WAYS: dict[str, Callable[[Home], None]] = {"rename": _renamed, "publish": _published}


def main() -> None:
    """Publish a copy in both ways."""
    given = options(__doc__, WAYS, times=5).parse_args()
    if given.way:
        with TemporaryDirectory(dir=given.home) as folder:
            copy = _copied(Home(given.home.resolve()), Path(folder))
            tell(measured(partial(WAYS[given.way], copy)))
        return
    turns = alternate_on(given.home, "benchmarks.publication", WAYS, given.times)
    print(table(turns, {"publish": "rename"}))


def _copied(home: Home, folder: Path) -> Home:
    """A home that has built what this one has published, and not published it."""
    copy = Home(folder)
    run_id = publish.current_run_id(home)
    assert run_id
    built = copy.published / run_id
    shutil.copytree(home.published / run_id, built)
    (built / publish.COMPLETE).unlink()
    copy.dbt.symlink_to(home.dbt)
    return copy


def _run(home: Home) -> CurrentRun:
    """The run that built the copy, as its marts tell."""
    (folder,) = (path for path in home.published.iterdir() if path.is_dir())
    connection = connect(folder / MARTS_FILE, read_only=True)
    newest = "select run_id, as_of_date, known_load, started_at from meta.runs order by known_load"
    row = one_row(connection, f"{newest} desc limit 1")
    connection.close()
    return CurrentRun(*row)


if __name__ == "__main__":
    main()
