"""The `adv` command, killed at one point: `python -m tests.faults.sabotage POINT run`."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from typing import Any

from orchestration import cli
from tests.faults.points import POINTS, Point


def main() -> None:
    """Arrange the death, then go about the command."""
    _, name, *arguments = sys.argv
    _arrange(POINTS[name])
    sys.argv = ["adv", *arguments]
    cli.main()


def _arrange(point: Point) -> None:
    module = import_module(point.module)
    function = getattr(module, point.function)
    calls = 0

    def fatal(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == point.call and point.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*given, **named)
        if calls == point.call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(module, point.function, fatal)


if __name__ == "__main__":
    main()
