"""Servers that hold a copy of the publication, for readers that keep a connection."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from ingestion.config.connection import Connection
from ingestion.config.settings import Settings


class PostgresServer(Connection):
    """A PostgreSQL database of the marts' own, whose schemas core, kpi and meta the user owns."""

    reader_role: str = Field(min_length=1)
    """Role that may read what is copied there, and do nothing else."""

    @model_validator(mode="after")
    def _readers_do_not_write(self) -> PostgresServer:
        if self.reader_role == self.user:
            raise ValueError("`reader_role` must be another role than `user`, which may write")
        return self

    @property
    def name(self) -> str:
        """How people are told of it."""
        return f"PostgreSQL {self.host}/{self.database}"


class PublishTo(Settings):
    """The servers that are brought to the publication in force."""

    postgres: PostgresServer

    def relative_to(self, folder: Path) -> PublishTo:
        """The same, with files found from the folder on."""
        return PublishTo(postgres=self.postgres.relative_to(folder))
