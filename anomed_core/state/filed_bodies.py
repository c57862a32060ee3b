"""Bodies in a folder for each job or claim that they belong to, so that they can go with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Collection
from pathlib import Path

import attrs

from anomed_core.state.directory import sync_folder
from anomed_core.state.payloads import Body, PayloadStore

LINGER_S = 3600.0
"""Seconds that a body outlives its owner, so that a backup that saw the owner finds it."""


@attrs.frozen
class FiledBodies:
    """Bodies by the name of whatever they belong to, below one folder."""

    root: Path

    def keep(self, owner: str, body: Body) -> None:
        """Write a body durably."""
        store = self._store(owner)
        store.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        store.keep(body)
        sync_folder(self.root)

    def read(self, owner: str, digest: str, *, is_form: bool) -> Body:
        """Return a body of an owner.

        Raises
        ------
        FileNotFoundError
            If it is not here.
        """
        return self._store(owner).body(digest, is_form=is_form)

    def owners(self) -> list[str]:
        """Return the names of all that something here belongs to."""
        return [folder.name for folder in self.root.glob("*")]

    def linger(self, owner: str) -> None:
        """Let what belongs to an owner that has ended stay for a while, from now on."""
        with contextlib.suppress(OSError):
            os.utime(self._store(owner).root)

    def remove(self, owner: str) -> None:
        """Remove what belongs to an owner that is gone, or was never there."""
        shutil.rmtree(self._store(owner).root, ignore_errors=True)

    def sweep(self, owners: Collection[str], *, linger_s: float = LINGER_S) -> None:
        """Remove what belongs to nobody, since a while ago."""
        oldest = time.time() - linger_s
        for folder in self.root.glob("*"):
            with contextlib.suppress(FileNotFoundError):  # another worker may be faster
                if folder.name not in owners and folder.stat().st_mtime < oldest:
                    self.remove(folder.name)

    def _store(self, owner: str) -> PayloadStore:
        return PayloadStore(self.root / owner)
