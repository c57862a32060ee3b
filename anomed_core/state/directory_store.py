"""A store in a directory: on one machine, or on a disk that machines share."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import attrs

from anomed_core.errors import StoreError
from anomed_core.state.stores import Store, StoredObject
from anomed_core.state.syncing import sync_folder

_UNFINISHED = "unfinished"


@contextmanager
def _told(root: Path) -> Iterator[None]:
    """Turn what the system says into our words."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(reason=f"{root}: {error.strerror or error}") from error


@attrs.frozen
class DirectoryStore(Store):
    """See `Store`.

    Attributes
    ----------
    root
        The directory.
    """

    root: Path

    @property
    def url(self) -> str:
        """See `Store.url`."""
        return str(self.root)

    def put(self, name: str, content: bytes | Path) -> None:
        """See `Store.put`."""
        with _told(self.root), self._written(content) as temporary:
            path = self._place(name)
            temporary.replace(path)
            sync_folder(path.parent)

    def create(self, name: str, content: bytes) -> bool:
        """See `Store.create`."""
        with _told(self.root), self._written(content) as temporary:
            path = self._place(name)
            try:
                os.link(temporary, path)  # a rename would replace what somebody was faster with
            except FileExistsError:
                return False
            sync_folder(path.parent)
            return True

    def fetch(self, name: str, file: BinaryIO) -> float:
        """See `Store.fetch`."""
        with _told(self.root), (self.root / name).open("rb") as stored:
            shutil.copyfileobj(stored, file)
            return os.fstat(stored.fileno()).st_mtime

    def find(self, prefix: str = "") -> Iterator[StoredObject]:
        """See `Store.find`."""
        start = self.root / prefix.rpartition("/")[0]
        names = sorted(
            (Path(folder) / name).relative_to(self.root).as_posix()
            for folder, _, files in os.walk(start)
            for name in files
        )
        for name in names:
            if not name.startswith(prefix) or name.startswith(f"{_UNFINISHED}/"):
                continue
            try:
                facts = (self.root / name).stat()
            except FileNotFoundError:  # removed meanwhile
                continue
            yield StoredObject(name=name, size_bytes=facts.st_size, modified_at=facts.st_mtime)

    def remove(self, name: str) -> None:
        """See `Store.remove`."""
        with _told(self.root):
            (self.root / name).unlink(missing_ok=True)

    def remove_unfinished(self, *, older_than_s: float) -> int:
        """See `Store.remove_unfinished`."""
        oldest, n_removed = time.time() - older_than_s, 0
        with _told(self.root):
            for path in (self.root / _UNFINISHED).glob("*"):
                if path.stat().st_mtime < oldest:
                    path.unlink(missing_ok=True)
                    n_removed += 1
        return n_removed

    def _place(self, name: str) -> Path:
        path = self.root / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    @contextmanager
    def _written(self, content: bytes | Path) -> Iterator[Path]:
        """Write content durably under a name of its own, which goes in the end."""
        folder = self.root / _UNFINISHED
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = folder / secrets.token_hex(16)
        try:
            with temporary.open("xb") as file:
                if isinstance(content, Path):
                    with content.open("rb") as source:
                        shutil.copyfileobj(source, file)
                else:
                    file.write(content)
                file.flush()
                os.fsync(file.fileno())
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)
