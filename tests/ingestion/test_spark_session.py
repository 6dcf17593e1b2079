"""What is missing for Spark is said before anything is read for it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ingestion.config import SparkSettings
from ingestion.errors import ConfigurationError, SparkError
from ingestion.spark import session
from ingestion.spark.session import assert_usable


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match=r"adv-warehouse\[spark\]"):
        assert_usable(SparkSettings())


def test_without_java_its_versions_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    with pytest.raises(ConfigurationError, match="Java 17 or 21, and there is none at /nowhere"):
        assert_usable(SparkSettings())


def test_a_cluster_that_does_not_answer_is_told_at_once(
    spark_is_there: None,  # noqa: ARG001
) -> None:
    with pytest.raises(SparkError, match=r"No Spark answers at spark://127\.0\.0\.1:9,127"):
        assert_usable(SparkSettings(master="spark://127.0.0.1:9,127.0.0.1:10"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"settings": {"executor.memory": "1g"}}, "begin with `spark.`"),
        ({"settings": {"spark.sql.ansi.enabled": "false"}}, "the models rely on it"),
        ({"storage": "bucket/adv"}, "must begin with its scheme"),
        ({"storage": "s3a://key:secret@bucket/adv"}, "holds no key"),
        ({"threads": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SparkSettings.model_validate(given)


def test_a_folder_elsewhere_ends_without_a_slash() -> None:
    assert SparkSettings(storage="abfss://adv@account.dfs.core.windows.net/x/").storage == (
        "abfss://adv@account.dfs.core.windows.net/x"
    )
