"""A disk that is small enough to be filled: a file system in memory, where mounting is allowed."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

BLOCK = bytes(2**14)


@attrs.frozen
class SmallDisk:
    """A mounted file system.

    Attributes
    ----------
    folder
        Where it is.
    """

    folder: Path

    def fill(self) -> None:
        """Write until not one more byte fits."""
        with (self.folder / "ballast").open("ab", buffering=0) as file:
            for size in (len(BLOCK), 1):
                while True:
                    try:
                        file.write(BLOCK[:size])
                    except OSError:
                        break

    def make_room(self) -> None:
        """Remove what filled it."""
        (self.folder / "ballast").unlink()


@contextmanager
def small_disk(folder: Path, *, size_mib: int) -> Iterator[SmallDisk]:
    """Mount a tmpfs at a folder until the block ends; skip the test where that is not allowed."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        refusal = done.stderr.strip() if done.returncode else ""
    except FileNotFoundError as error:
        refusal = str(error)
    if refusal:
        pytest.skip(f"A FULL DISK IS NOT TESTED: no file system can be mounted here ({refusal})")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
