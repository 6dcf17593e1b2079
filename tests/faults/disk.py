"""A disk that is full: a small file system of memory, in a mount namespace of its own."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
from functools import cache, partial

from tests.faults.company import Company

NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
FULL_DISK = """\
set -e
mount -t tmpfs -o size=4g tmpfs "$1"
cp -a "$2"/. "$1"
used=$(df --output=used --block-size=1 "$1" | tail -1)
mount -o remount,size=$((used + $3)) "$1"
trap 'mount -o remount,size=4g "$1" && cp -a "$1"/. "$4"' EXIT
"$5" -m orchestration.cli run
"""
"""What is there, and room for so many bytes more; afterwards all is brought to a roomy disk."""


@cache
def small_disks_can_be_made() -> bool:
    """Whether this machine lets its users mount a file system of their own."""
    command = [*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", tempfile.gettempdir()]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def full_disks(megabytes: tuple[float, ...]) -> dict[str, partial[None]]:
    """A disk with so much room left, for several sizes; or the next best thing, by its name."""
    if small_disks_can_be_made():
        return {
            f"a disk with {size:g} MB left": partial(_full_disk, left=size) for size in megabytes
        }
    # Said in the name, which is what the table shows.
    return {
        f"no file beyond {size} MB, in place of a full disk": partial(_no_large_file, largest=size)
        for size in (2, 20)
    }


def _full_disk(company: Company, left: float) -> None:
    home, before, after = (company.root / name for name in ("home", "disk", "emptied"))
    for folder in (before, after):
        shutil.rmtree(folder, ignore_errors=True)
    home.rename(before)
    home.mkdir()
    after.mkdir()
    script = ("sh", "-c", FULL_DISK, "sh")
    given = (str(home), str(before), str(int(left * 2**20)), str(after), sys.executable)
    company.start([*NAMESPACE, *script, *given]).wait()
    home.rmdir()
    after.rename(home)
    assert (home / "landing").is_dir(), company.told.read_text(encoding="utf-8")


def _no_large_file(company: Company, largest: int) -> None:
    """A write that finds no room; how far the run comes depends on the bound."""
    bytes_each = largest << 20
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (bytes_each, bytes_each))
    company.start(before=limit).wait()
