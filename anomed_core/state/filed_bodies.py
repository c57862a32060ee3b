"""Bodies in a folder for each job or claim that they belong to, so that they can go with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Collection
from pathlib import Path

import attrs

from anomed_core.state.local_copies import LocalCopies
from anomed_core.state.payloads import Body, PayloadStore
from anomed_core.state.syncing import sync_folder

_ENDED = "ended"
"""An object that is written when an owner has ended, so that its time tells when."""

LINGER_S = 3600.0
"""Seconds that a body outlives its owner, so that a backup that saw the owner finds it."""


@attrs.frozen
class FiledBodies:
    """Bodies by the name of whatever they belong to, below one folder.

    Attributes
    ----------
    root
        The folder.
    copies
        Where bodies are that are not here, if servers share a store.
    """

    root: Path
    copies: LocalCopies | None = None

    @property
    def sweep_every_s(self) -> float:
        """How often it pays to look for what belongs to nobody: a store has to be listed."""
        return 60.0 if self.copies is None else LINGER_S

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
        if self.copies is None:
            return [folder.name for folder in self.root.glob("*")]
        return list(self._shared(self.copies))

    def linger(self, owner: str) -> None:
        """Let what belongs to an owner that has ended stay for a while, from now on."""
        with contextlib.suppress(OSError):
            os.utime(self._store(owner).root)
        if self.copies is not None:
            self.copies.store.put(f"{self.copies.prefix}/{owner}/{_ENDED}", b"")

    def remove(self, owner: str) -> None:
        """Remove what belongs to an owner that is gone, or was never there."""
        shutil.rmtree(self._store(owner).root, ignore_errors=True)
        if self.copies is not None:
            for stored in list(self.copies.store.find(f"{self.copies.prefix}/{owner}/")):
                self.copies.store.remove(stored.name)

    def sweep(self, owners: Collection[str], *, linger_s: float = LINGER_S) -> None:
        """Remove what belongs to nobody, since a while ago."""
        oldest = time.time() - linger_s
        if self.copies is not None:
            for owner, modified_at in self._shared(self.copies).items():
                if owner not in owners and modified_at < oldest:
                    self.remove(owner)
        for folder in self.root.glob("*"):
            with contextlib.suppress(FileNotFoundError):  # another worker may be faster
                if folder.name not in owners and folder.stat().st_mtime < oldest:
                    self.remove(folder.name)

    def _store(self, owner: str) -> PayloadStore:
        copies = self.copies.below(owner) if self.copies is not None else None
        return PayloadStore(self.root / owner, copies)

    @staticmethod
    def _shared(copies: LocalCopies) -> dict[str, float]:
        """Return when something of each owner was written last, in the store."""
        owners: dict[str, float] = {}
        for stored in copies.store.find(f"{copies.prefix}/"):
            owner = stored.name.removeprefix(f"{copies.prefix}/").partition("/")[0]
            owners[owner] = max(owners.get(owner, 0.0), stored.modified_at)
        return owners
