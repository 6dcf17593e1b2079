"""The Spark cluster that builds the marts, for `adv run --target spark`."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from ingestion.config.settings import Settings

OWN_SETTINGS = (
    *("spark.master", "spark.sql.ansi.enabled", "spark.sql.session.timeZone"),
    *("spark.sql.timestampType", "spark.sql.warehouse.dir"),
)
"""What the models rely on, or is said by another setting."""


class SparkSettings(Settings):
    """Where `adv run --target spark` builds the marts; the process of the run is the driver."""

    master: str = "local[*]"
    """The cluster: `spark://host:7077`, `yarn`, `k8s://https://host:443`, or this machine alone."""
    settings: dict[str, str] = Field(default_factory=dict)
    """Spark's own settings, such as `spark.executor.memory`. None of them may be a secret: those
    are found in the provider's own way."""
    storage: str | None = None
    """Folder that the driver and all workers reach under one name, such as `s3a://bucket/adv`: what
    is read is copied there, tables are kept there while they are built. By default
    `ADV_HOME/spark`, which suits workers that share the file system, as the same user."""
    threads: int = Field(default=4, ge=1)
    """Models that are built at a time."""

    @field_validator("settings")
    @classmethod
    def _leave_ours_alone(cls, settings: dict[str, str]) -> dict[str, str]:
        for name in settings:
            if not name.startswith("spark."):
                raise ValueError(f"{name}: settings of Spark begin with `spark.`")
            if name in OWN_SETTINGS:
                raise ValueError(f"{name} is not chosen here, since the models rely on it")
        return settings

    @field_validator("storage")
    @classmethod
    def _is_a_folder(cls, storage: str | None) -> str | None:
        if storage is None:
            return None
        found = urlsplit(storage)
        if not found.scheme:
            raise ValueError("must begin with its scheme, such as s3a:// or file:///")
        if found.password or (found.username and found.scheme.startswith("s3")):
            raise ValueError("holds no key and no password")
        return storage.rstrip("/")
