"""A standalone Spark cluster of the tests' own: a master and two workers, each a process."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from ingestion.config import SparkSettings

PATIENCE_SECONDS = 120.0
WORKERS = 2
SMALL = {
    # What is compiled for millions of rows would cost a small company minutes.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m",
    "spark.sql.shuffle.partitions": "2",
    # A machine that stands still for a while is no reason to give up.
    "spark.network.timeout": "1h",
    "spark.sql.adaptive.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.executor.memory": "1g",
}


@dataclass(frozen=True)
class Cluster:
    """A running cluster."""

    master: str
    log: Path

    @property
    def settings(self) -> SparkSettings:
        """How it is named in the sources file, set up for little data."""
        return SparkSettings(master=self.master, settings=SMALL)


@pytest.fixture(scope="session")
def spark_is_there() -> None:
    """Java and Spark are installed, or the test is left out."""
    if find_spec("pyspark") and shutil.which("java"):
        return
    if os.environ.get("ADV_REQUIRE_SERVICES"):
        pytest.fail("Java and pyspark are to be installed")
    pytest.skip("needs Java and pyspark")


@pytest.fixture(scope="session")
def spark_cluster(
    spark_is_there: None,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Cluster]:
    """One cluster for all tests of a session."""
    folder = tmp_path_factory.mktemp("spark")
    port = _free_port()
    processes = [_start(folder, "master.Master", "--port", str(port))]
    try:
        master = f"spark://127.0.0.1:{port}"
        _await(lambda: _listens(port), folder)
        for number in range(WORKERS):
            work = folder / f"worker{number}"
            options = ("--cores", "1", "--memory", "1g", "--work-dir", str(work))
            processes.append(_start(folder, "worker.Worker", *options, master))
        log = folder / "log"
        _await(lambda: log.read_text().count("Registering worker") == WORKERS, folder)
        yield Cluster(master, log)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=60)


def _start(folder: Path, role: str, *options: str) -> subprocess.Popen[bytes]:
    import pyspark

    command = Path(str(pyspark.__file__)).parent / "bin" / "spark-class"
    kind = f"org.apache.spark.deploy.{role}"
    address = ("--host", "127.0.0.1", "--webui-port", "0")
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [str(command), kind, *address, *options],
            stdout=log,
            stderr=log,
            env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable},
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def _await(is_there: Callable[[], bool], folder: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_there():
        if time.monotonic() > until:
            pytest.fail(f"the cluster did not start: {(folder / 'log').read_text()[-2000:]}")
        time.sleep(0.2)
