"""Files that the workers reach: on this machine's file system, or in a storage elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LANDING = "landing"
INPUTS = "inputs"
TABLES = "tables"


@dataclass(frozen=True)
class Workspace:
    """The folder of one build: what it reads and what it makes."""

    local: Path
    """On this machine."""
    elsewhere: str | None = None
    """The folder's URI, where workers reach another one."""

    @property
    def tables(self) -> str:
        """URI of the folder that holds Spark's tables, by schema."""
        return f"{self.elsewhere}/{TABLES}" if self.elsewhere else self.uri(self.local / TABLES)

    @staticmethod
    def uri(path: Path) -> str:
        """A local file or folder, as Spark names it."""
        return path.resolve().as_uri()

    def begin(self, session: SparkSession) -> None:
        """Leave nothing of an earlier build."""
        if self.elsewhere:
            self._files(session).delete(self._path(session, self.tables), True)

    def reached(self, session: SparkSession, path: Path, root: Path, name: str) -> str:
        """URI of a local file, copied to where workers reach it, unless it is there already.

        Args:
            session: the session.
            path: the file.
            root: the folder that its name is told from.
            name: what the folder is called there.

        """
        if not self.elsewhere:
            return self.uri(path)
        target = f"{self.elsewhere}/{name}/{path.relative_to(root).as_posix()}"
        files, there = self._files(session), self._path(session, target)
        if not files.exists(there) or files.getFileStatus(there).getLen() != path.stat().st_size:
            files.copyFromLocalFile(False, True, self._path(session, self.uri(path)), there)
        return target

    def fetched(self, session: SparkSession, schema: str) -> None:
        """Bring the tables of a schema to this machine."""
        if self.elsewhere:
            source = self._path(session, f"{self.tables}/{schema}.db")
            target = self._path(session, self.uri(self.local / TABLES / f"{schema}.db"))
            self._files(session).copyToLocalFile(False, source, target, True)

    def _files(self, session: SparkSession) -> Any:
        configuration = session.sparkContext._jsc.hadoopConfiguration()
        return self._path(session, str(self.elsewhere)).getFileSystem(configuration)

    @staticmethod
    def _path(session: SparkSession, uri: str) -> Any:
        assert session._jvm is not None
        return session._jvm.org.apache.hadoop.fs.Path(uri)
