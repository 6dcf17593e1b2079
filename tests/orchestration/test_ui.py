"""The user interface ends whole when it is told to."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from ingestion.home import Home
from tests.command import environment


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def wait_until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        assert process.poll() is None, "the user interface ended"
        try:
            with urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise AssertionError("the user interface does not answer")


def test_a_stop_ends_the_user_interface_and_everything_it_started(first_night: Home) -> None:
    port = free_port()
    command = [sys.executable, "-m", "orchestration.cli", "ui", "--port", str(port)]
    process = subprocess.Popen(
        command,
        env=environment(first_night),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # As a shell does with what it starts in the background.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    wait_until_it_answers(port, process)
    started = psutil.Process(process.pid).children(recursive=True)
    assert len(started) >= 3  # web server, daemon and the code they run
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 0
    _, left = psutil.wait_procs(started, timeout=60)
    assert left == []
