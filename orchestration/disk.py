"""The room that an installation takes, and what its next night needs."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ingestion.home import Home
from orchestration import publish

BLOCK = 512
"""The unit, in bytes, in which the system counts what a file occupies."""


@dataclass(frozen=True)
class DiskUse:
    """Bytes on disk."""

    by_area: dict[str, int]
    """What each file and folder of ADV_HOME occupies, the largest first."""
    free: int
    """What the installation may still write there."""
    needed: int
    """What a night may write before it gives anything back: as much as the warehouse, and twice
    the publication, since it may have grown."""

    @property
    def is_short(self) -> bool:
        """The next night may find no room."""
        return self.free < self.needed


def disk_use(home: Home) -> DiskUse:
    """Look at everything that lies under ADV_HOME."""
    areas = {path.name: _occupied(path) for path in home.root.iterdir()}
    marts = publish.marts_in_force(home)
    publication = _occupied(marts.parent) if marts else 0
    return DiskUse(
        by_area=dict(sorted(areas.items(), key=lambda area: -area[1])),
        free=shutil.disk_usage(home.root).free,
        needed=_occupied(home.warehouse) + 2 * publication,
    )


def _occupied(path: Path) -> int:
    """Bytes of a file or of all that a folder holds; runs add and remove files meanwhile."""
    total = 0
    # Unlike `rglob`, `walk` does not mind a folder that is gone when its turn comes.
    within = (Path(root, name) for root, *names in os.walk(path) for name in chain(*names))
    for found in chain([path], within):
        with suppress(FileNotFoundError):
            total += found.lstat().st_blocks * BLOCK
    return total
