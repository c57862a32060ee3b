"""Copies of a store's objects in the state directory: what was read once is read here.

A copy is what its name says, since it is judged before it gets its name. All copies together stay
below a limit, the oldest goes first; what a process has mapped stays. The directory must be on a
disk of this machine.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import attrs

from anomed_core.errors import StoreError
from anomed_core.state.stores import Store
from anomed_core.wire.digests import digest_bytes, digest_file

_STEP = 20
"""Copies are counted whenever this part of the limit has come in."""

FETCHED = "fetched"
"""Where a copy is until it is judged."""

_OLD_S = 3600.0

_MAPPED: dict[Path, BinaryIO] = {}
"""What this process has mapped, each held open under a shared lock for as long as it lives."""


@attrs.frozen(kw_only=True)
class Room:
    """How much room all copies may take.

    Attributes
    ----------
    root
        The state directory.
    folders
        Names of the folders below it that hold copies.
    limit_bytes
        The most that copies may take.
    """

    root: Path
    folders: tuple[str, ...]
    limit_bytes: int
    _came_bytes: list[int] = attrs.field(factory=lambda: [0], init=False, eq=False)
    _counting: threading.Lock = attrs.field(factory=threading.Lock, init=False, eq=False)

    def came(self, size_bytes: int) -> None:
        """Note that a copy was made, and make room if it is time to look."""
        with self._counting:
            self._came_bytes[0] += size_bytes
            if self._came_bytes[0] * _STEP < self.limit_bytes:
                return
            self._came_bytes[0] = 0
        self.make()

    def make(self) -> None:
        """Remove the oldest copies until the limit is kept, unless another process is at it."""
        with (self.root / "run" / "making-room").open("wb") as turn:
            try:
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self._remove_unfinished()
            copies = sorted(self._copies())
            taken = sum(size for _, size, _ in copies)
            for _, size, path in copies[:-1]:  # the newest was asked for just now
                if taken <= self.limit_bytes:
                    return
                if _removed(path):
                    taken -= size

    def _remove_unfinished(self) -> None:
        """Remove what processes were fetching that were killed."""
        oldest = time.time() - _OLD_S
        for folder in self.folders:
            for path in (self.root / folder).rglob(f"{FETCHED}/*"):
                with contextlib.suppress(FileNotFoundError):
                    if path.stat().st_mtime < oldest:
                        path.unlink()

    def _copies(self) -> Iterator[tuple[float, int, Path]]:
        for folder in self.folders:
            for path in (self.root / folder).rglob("[0-9a-f]" * 64):
                if path.parent.name == "keys":
                    continue
                with contextlib.suppress(FileNotFoundError):
                    facts = path.stat()
                    yield facts.st_mtime, facts.st_size, path


def _removed(path: Path) -> bool:
    """Remove a copy, unless somebody has mapped it."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


@attrs.frozen(kw_only=True)
class LocalCopies:
    """One folder of a store, and the copies of what is in it.

    Attributes
    ----------
    store
        The store.
    prefix
        The folder's name there.
    root
        The folder with the copies.
    room
        Bounds all copies.
    """

    store: Store
    prefix: str
    root: Path
    room: Room

    def below(self, folder: str) -> LocalCopies:
        """Return a folder inside of this one."""
        return attrs.evolve(self, prefix=f"{self.prefix}/{folder}", root=self.root / folder)

    def name(self, digest: str) -> str:
        """Return the name of an object in the store."""
        return f"{self.prefix}/{digest[:2]}/{digest}"

    def adopt(self, digest: str, file: Path) -> None:
        """Write a file to the store, and let it become a copy here."""
        self.store.put(self.name(digest), file)
        self._place(digest, file)

    def _place(self, digest: str, file: Path) -> None:
        path = self.root / digest[:2] / digest
        size = file.stat().st_size
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.replace(path)
        self.room.came(size)

    def copy(self, digest: str) -> Path:
        """Return the copy of an object, fetching it if there is none.

        Raises
        ------
        FileNotFoundError
            If the store has no such object either.
        StoreError
            If the store cannot be used, or what it holds is not what its name says.
        """
        path = self.root / digest[:2] / digest
        try:
            os.utime(path)
        except FileNotFoundError:
            with self._lock(digest):
                if not path.exists():
                    self._fetch(digest)
        return path

    def map(self, digest: str) -> Path:
        """Return the copy of an object that stays until this process ends."""
        while True:
            path = self.copy(digest)
            if path in _MAPPED:
                return path
            with contextlib.suppress(FileNotFoundError):  # removed between the two
                file = path.open("rb")
                fcntl.flock(file, fcntl.LOCK_SH)
                if path.exists():
                    _MAPPED[path] = file
                    return path
                file.close()

    def read(self, digest: str) -> bytes:
        """Return what an object holds, judged by its name; raises as `copy` does."""
        while True:
            try:
                content = self.copy(digest).read_bytes()
            except FileNotFoundError:
                if (self.root / digest[:2] / digest).exists():  # removed and fetched meanwhile
                    continue
                raise
            if digest_bytes(content) == digest:
                return content
            (self.root / digest[:2] / digest).unlink(missing_ok=True)  # a disk that forgets

    def _fetch(self, digest: str) -> None:
        folder = self.root / FETCHED
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = folder / secrets.token_hex(16)
        try:
            with temporary.open("xb") as file:
                self.store.fetch(self.name(digest), file)
                file.flush()
                os.fsync(file.fileno())  # before the name, which must never lead to less
            if digest_file(temporary) != digest:
                raise StoreError(
                    reason=f"{self.name(digest)} in {self.store.url} is not what its name says"
                )
            self._place(digest, temporary)
        finally:
            temporary.unlink(missing_ok=True)

    @contextmanager
    def _lock(self, digest: str) -> Iterator[None]:
        """Let one process of this machine fetch an object; the others wait for it."""
        folder = self.root / "locks"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / digest[:3]).open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
