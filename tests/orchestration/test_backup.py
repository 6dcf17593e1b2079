"""A backup holds all that cannot be made again, and a restored installation goes on from it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ingestion.errors import BackupError, ConfigurationError, LayoutError
from ingestion.home import Home
from ingestion.landing import batches
from ingestion.layout import LAYOUT, bring_up_to_date
from ingestion.ledger import merge, positions
from ingestion.pseudonyms import pseudonym_key
from ingestion.replay import replay
from orchestration.backup import BackedUp, _copy, back_up, read_inventory, restore
from orchestration.publish import last_published_load
from tests.ingestion.batches import LOAD, a_run, accepted


def load(home: Home, number: int, code: str) -> None:
    """A load that is merged, and a publication of it."""
    batch = accepted(home, [{"id": 1, "code": code}], load_id=number)
    merge(home, a_run(number), [batch], gate=lambda _connection, _merged: ())
    folder = home.published / f"run-{number}"
    folder.mkdir(parents=True)
    (folder / "marts.duckdb").write_text(code)
    (folder / "published.json").write_text(json.dumps({"known_load": number}))
    for link, target in (("current", folder.name), ("marts.duckdb", "current/marts.duckdb")):
        (home.published / link).unlink(missing_ok=True)
        (home.published / link).symlink_to(target)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An installation after one load."""
    home = Home(tmp_path_factory.mktemp("original") / "home")
    home.sources_file.parent.mkdir(parents=True)
    home.sources_file.write_text("sources: {}")
    load(home, LOAD, "FR")
    home.acceptances.write_text("accepted\n")
    home.dagster.mkdir()
    with closing(sqlite3.connect(home.dagster / "event_log.db")) as log:
        log.execute("pragma journal_mode = wal")
        log.execute("create table event_logs (id)")
        log.execute("insert into event_logs values (1)")
        log.commit()
    bring_up_to_date(home)
    return home


@pytest.fixture
def lived(home: Home, original: Home) -> Home:
    """The same, for a test to change."""
    shutil.copytree(original.root, home.root, symlinks=True)
    return home


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "nightly"


def restored(home: Home, folder: Path) -> Home:
    """The installation, lost and restored."""
    shutil.rmtree(home.root)
    restore(home, folder)
    return home


def contents(home: Home) -> dict[str, tuple[bytes, int]]:
    """Every file that is no link, and who may read it."""
    return {
        str(path.relative_to(home.root)): (path.read_bytes(), path.stat().st_mode)
        for path in home.root.rglob("*")
        if path.is_file() and not path.is_symlink() and path != home.lock_file
    }


def test_what_is_restored_is_what_was_there(lived: Home, folder: Path) -> None:
    before, key = contents(lived), pseudonym_key(lived)
    with closing(sqlite3.connect(lived.dagster / "event_log.db")) as writer:
        writer.execute("insert into event_logs values (2)")
        writer.commit()  # into its log, since the daemon keeps the database open
        back_up(lived, folder)
    after = contents(restored(lived, folder))
    left_out = {name for name in before.keys() - after.keys() if "event_log" not in name}
    assert left_out == {"warehouse.duckdb"}
    same = after.keys() - {"dagster/event_log.db"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert lived.marts.read_text() == "FR"
    assert pseudonym_key(lived) == key
    with closing(sqlite3.connect(lived.dagster / "event_log.db")) as log:
        assert log.execute("select id from event_logs").fetchall() == [(1,), (2,)]
    replay(lived, lived)
    assert positions(lived)["erp", "res_country"].load_id == LOAD


def test_a_restored_publication_is_open_to_readers_and_nothing_else_is(
    lived: Home, folder: Path
) -> None:
    back_up(lived, folder)
    opened = {
        path.resolve()
        for path in restored(lived, folder).root.rglob("*")
        if path.is_dir() and path.stat().st_mode & 0o077
    }
    assert opened == {lived.published, lived.published / f"run-{LOAD}"}


def test_nobody_but_its_owner_can_read_a_backup(lived: Home, folder: Path) -> None:
    back_up(lived, folder)
    assert [path for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077] == []


def test_a_second_backup_reads_only_what_is_new(
    lived: Home, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = back_up(lived, folder)
    assert back_up(lived, folder) == BackedUp(whole.files, bytes_added=0, objects_removed=0)
    load(lived, LOAD + 1, "IT")
    read: list[Path] = []

    def copy(source: Path, target: Path) -> tuple[str, int]:
        read.append(source)
        return _copy(source, target)

    monkeypatch.setattr("orchestration.backup._copy", copy)
    back_up(lived, folder)
    assert {str(LOAD + 1), f"run-{LOAD + 1}", "objects"} == {path.parent.name for path in read}
    monkeypatch.undo()
    loads = [batch.manifest.load_id for batch in batches(restored(lived, folder).landing)]
    assert loads == [LOAD, LOAD + 1]
    assert last_published_load(lived) == LOAD + 1


def test_what_was_erased_leaves_the_backup_with_the_next_one(lived: Home, folder: Path) -> None:
    load(lived, LOAD + 1, "Dupont")
    back_up(lived, folder)
    batch = lived.landing / "erp" / "res_country" / str(LOAD + 1)
    erased = (batch / "rows.parquet").read_bytes()
    for path in batch.glob("*.parquet"):
        path.write_bytes(b"erased")
    assert erased in [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    back_up(lived, folder)
    assert erased not in [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def die(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("moment", ["_keep", "_write_inventory", "_remove_others"])
def test_a_backup_that_is_killed_leaves_the_one_before(
    lived: Home, folder: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(lived, folder)
    before = contents(lived)
    lived.acceptances.write_text("accepted later\n")
    shutil.rmtree(lived.landing / "erp" / "res_country" / str(LOAD))
    with monkeypatch.context() as killed:
        killed.setattr(f"orchestration.backup.{moment}", die)
        with pytest.raises(KeyboardInterrupt):
            back_up(lived, folder)
    if moment == "_remove_others":
        assert restored(lived, folder).acceptances.read_text() == "accepted later\n"
    else:
        assert restored(lived, folder).acceptances.read_text() == "accepted\n"
        assert contents(lived).keys() >= {name for name in before if name.startswith("landing")}
    assert not list(folder.rglob("*.new"))


def test_an_installation_that_lost_loads_does_not_take_its_backup_with_it(
    lived: Home, folder: Path
) -> None:
    back_up(lived, folder)
    shutil.rmtree(lived.landing)
    with pytest.raises(BackupError, match="has lost something"):
        back_up(lived, folder)
    assert batches(restored(lived, folder).landing)


def test_a_folder_of_something_else_is_left_alone(lived: Home, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "thesis.txt").touch()
    with pytest.raises(ConfigurationError, match="holds something else"):
        back_up(lived, folder)
    with pytest.raises(ConfigurationError, match="must lie apart"):
        back_up(lived, lived.root / "backup")
    with pytest.raises(BackupError, match="no complete backup"):
        restore(Home(folder.parent / "elsewhere"), folder)


def test_an_installation_that_is_not_empty_is_left_alone(lived: Home, folder: Path) -> None:
    back_up(lived, folder)
    before = contents(lived)
    with pytest.raises(ConfigurationError, match="is not empty"):
        restore(lived, folder)
    assert contents(lived) == before


def test_a_damaged_backup_restores_nothing_and_a_whole_one_then_everything(
    lived: Home, folder: Path
) -> None:
    back_up(lived, folder)
    inventory = read_inventory(folder)
    checksum = inventory.files["acceptances.jsonl"].checksum
    held = folder / "objects" / checksum[:2] / checksum
    held.write_text("acceptee\n")  # as long as it was
    shutil.rmtree(lived.root)
    with pytest.raises(BackupError, match=r"damaged there, such as acceptances\.jsonl"):
        restore(lived, folder)
    assert not lived.sources_file.exists()
    held.write_text("accepted\n")
    restore(lived, folder)
    assert lived.acceptances.read_text() == "accepted\n"


@pytest.mark.parametrize(
    ("name", "elsewhere"),
    [
        ('"acceptances.jsonl"', '"../acceptances"'),
        ('"acceptances.jsonl"', '"/acceptances"'),
        (f'"in_force":"run-{LOAD}"', '"in_force":"../run"'),
    ],
)
def test_an_inventory_that_leads_out_of_the_installation_is_refused(
    lived: Home, folder: Path, name: str, elsewhere: str
) -> None:
    back_up(lived, folder)
    inventory = folder / "backup.json"
    inventory.write_text(inventory.read_text().replace(name, elsewhere))
    with pytest.raises(BackupError, match="is damaged"):
        restore(Home(folder.parent / "elsewhere"), folder)


def killed_restore(home: Home, folder: Path, moment: str) -> None:
    """A restore that dies when it is about to move something, or to remove its own mark."""
    replace, unlink = Path.replace, Path.unlink

    def die_at(path: Path) -> None:
        if path == home.root / "restore.partial" / moment:
            raise KeyboardInterrupt

    def replaced(path: Path, to: Path) -> Path:
        die_at(path)
        return replace(path, to)

    def unlinked(path: Path, **options: bool) -> None:
        die_at(path)
        unlink(path, **options)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", replaced)
        patch.setattr(Path, "unlink", unlinked)
        restore(home, folder)


@pytest.mark.parametrize("moment", ["acceptances.jsonl", "landing", "config", "staged.json"])
def test_a_restore_that_was_killed_while_it_moved_things_is_gone_on_with(
    lived: Home, folder: Path, moment: str
) -> None:
    back_up(lived, folder)
    whole = contents(restored(lived, folder))
    shutil.rmtree(lived.root)
    killed_restore(lived, folder, moment)
    assert lived.sources_file.exists() == (moment == "staged.json")
    restore(lived, folder)
    assert contents(lived) == whole
    assert lived.marts.read_text() == "FR"
    assert not list(lived.root.glob("*.partial"))


def test_a_restore_that_was_killed_is_not_gone_on_with_from_another_backup(
    lived: Home, folder: Path
) -> None:
    back_up(lived, folder)
    another = folder.with_name("another")
    back_up(lived, another)
    shutil.rmtree(lived.root)
    killed_restore(lived, folder, "landing")
    with pytest.raises(ConfigurationError, match="is not empty"):
        restore(lived, another)
    restore(lived, folder)
    assert lived.sources_file.exists()


def test_a_backup_of_a_newer_product_is_not_restored(lived: Home, folder: Path) -> None:
    back_up(lived, folder)
    newer = read_inventory(folder).model_copy(update={"layout": LAYOUT + 1})
    (folder / "backup.json").write_text(newer.model_dump_json())
    with pytest.raises(LayoutError, match="newer version"):
        restore(Home(folder.parent / "elsewhere"), folder)
