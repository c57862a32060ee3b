"""Fill a state directory under a mark, which says that a part is there only."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from anomed_core.errors import UsageError
from anomed_core.state.directory import RESTORING
from anomed_core.state.syncing import sync_folder


@attrs.define
class UnfinishedDirectory:
    """A directory that is ours to fill, and nobody's to use before.

    Attributes
    ----------
    root
        The directory.
    is_resumed
        Whether somebody who was killed has left a part here.
    """

    root: Path
    is_resumed: bool

    def clear(self) -> None:
        """Remove all but the mark."""
        for path in list(self.root.iterdir()):
            if path.name == RESTORING:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        self.is_resumed = False


@contextmanager
def filling(root: Path) -> Iterator[UnfinishedDirectory]:
    """Mark an empty directory until it is filled; a failure leaves it as it was.

    What was left by one who was killed counts as empty, and stays until it is cleared.

    Raises
    ------
    UsageError
        If the directory is not empty, or somebody else fills it.
    """
    was_there, mark = root.exists(), root / RESTORING
    if was_there and (not root.is_dir() or (any(root.iterdir()) and not mark.exists())):
        raise UsageError(f"{root} is not empty; name an empty or a new directory with --state")
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(mark, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        _lock(descriptor, root)
        sync_folder(root)
        unfinished = UnfinishedDirectory(root, is_resumed=len(list(root.iterdir())) > 1)
        try:
            yield unfinished
        except BaseException:
            if not unfinished.is_resumed:
                unfinished.clear()
                mark.unlink()
                if not was_there:
                    root.rmdir()
            raise
        mark.unlink()
        sync_folder(root)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, root: Path) -> None:
    """Claim the mark; whoever is killed gives it up."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UsageError(f"another anomed restore fills {root} now; wait for its end") from error
