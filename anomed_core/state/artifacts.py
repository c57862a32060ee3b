"""Files that are built once, whoever asks first, and then shared by every worker.

An artifact is addressed by what it is made from (its key) and stored under what it contains (its
SHA-256). One builder holds a lock file; everybody else waits for it. Machines that share a store
may build at the same time; who writes the key first decides what all of them have.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import attrs
import numpy as np

from anomed_core.state.local_copies import LocalCopies
from anomed_core.wire.digests import digest_bytes, digest_file

_DIGEST = re.compile(r"[0-9a-f]{64}")


@attrs.frozen
class Artifact:
    """A stored file.

    Attributes
    ----------
    path
        Where it is.
    digest
        SHA-256 of its content, hexadecimal.
    size_bytes
        Its size.
    """

    path: Path
    digest: str
    size_bytes: int


@attrs.frozen
class FrozenArrays:
    """Read-only arrays, memory-mapped from files that all processes share.

    Attributes
    ----------
    arrays
        Name to array.
    digest
        SHA-256 over names and contents, hexadecimal.
    frozen_at
        When they were computed, in seconds since the epoch.
    """

    arrays: Mapping[str, np.ndarray]
    digest: str
    frozen_at: float


@attrs.frozen
class ArtifactStore:
    """Content-addressed files below one folder.

    Attributes
    ----------
    root
        The folder.
    copies
        Where files are that are not here, if servers share a store; then the folder holds copies.
    """

    root: Path
    copies: LocalCopies | None = None

    def find(self, key: str) -> Artifact | None:
        """Return the artifact of a key if somebody has built it; ``None`` otherwise."""
        try:
            digest = self._pointed(key)
            if not _DIGEST.fullmatch(digest):
                return None
            path = self._object(digest) if self.copies is None else self.copies.copy(digest)
            return Artifact(path, digest, path.stat().st_size)
        except FileNotFoundError:
            return None

    def _pointed(self, key: str) -> str:
        """Return the digest of what a key leads to; another text if that is torn.

        Pointers are not synced, so a power loss may tear them.
        """
        pointer = self._pointer(key)
        with contextlib.suppress(FileNotFoundError):
            digest = pointer.read_text(encoding="ascii")
            if self.copies is None or _DIGEST.fullmatch(digest):
                return digest
        if self.copies is None:
            raise FileNotFoundError(pointer)
        content = io.BytesIO()
        written_at = self.copies.store.fetch(self._shared_pointer(key), content)
        digest = content.getvalue().decode("ascii")
        self._point(key, digest)
        os.utime(pointer, (written_at, written_at))  # when it was built, wherever that was
        return digest

    def build_once(self, key: str, build: Callable[[BinaryIO], None]) -> Artifact:
        """Return the artifact of a key, building it if nobody has.

        Parameters
        ----------
        key
            Everything the content depends on, as text.
        build
            Writes the content to the open file it is given. Called in one process at a time.

        Returns
        -------
        Artifact
            Durable on disk.
        """
        known = self.find(key)
        if known:
            return known
        with self._lock(key):
            known = self.find(key)
            if known:
                return known
            return self._store(key, build)

    def freeze(self, key: str, build: Callable[[], Mapping[str, np.ndarray]]) -> FrozenArrays:
        """Return arrays as read-only memory maps, computing them if nobody has.

        Parameters
        ----------
        key
            Everything the arrays depend on, as text.
        build
            Computes the arrays; called in one process at a time.

        Returns
        -------
        FrozenArrays
            A worker's memory holds only the pages that it touches.
        """
        frozen = self._frozen(key)
        if frozen is None:
            with self._lock(f"manifest {key}"):
                frozen = self._frozen(key)
                if frozen is None:
                    self._freeze(key, build)
                    frozen = self._frozen(key)
        if frozen is None:
            raise FileNotFoundError(f"what was just stored below {self.root} is gone")
        return frozen

    def _frozen(self, key: str) -> FrozenArrays | None:
        """Return what is frozen under a key; ``None`` if there is nothing, or a file is lost."""
        manifest = self.find(f"manifest {key}")
        if manifest is None:
            return None
        arrays = {}
        for line in manifest.path.read_text(encoding="utf-8").splitlines():
            digest, name = line.split(" ", 1)
            try:
                path = self._object(digest) if self.copies is None else self.copies.map(digest)
                arrays[name] = _mapped(path)
            except FileNotFoundError:
                return None
        frozen_at = self._pointer(f"manifest {key}").stat().st_mtime
        return FrozenArrays(arrays, manifest.digest, frozen_at)

    def _freeze(self, key: str, build: Callable[[], Mapping[str, np.ndarray]]) -> None:
        lines = []
        for name, array in build().items():
            # A scalar would be given a dimension by ascontiguousarray.
            contiguous = np.ascontiguousarray(array) if np.ndim(array) else np.asarray(array)
            stored = self._store(f"array {name} {key}", _array_writer(contiguous))
            lines.append(f"{stored.digest} {name}\n")
        # Last, so that whoever finds it finds what it names.
        self._store(f"manifest {key}", lambda file: _write(file, "".join(lines).encode()))

    def _object(self, digest: str) -> Path:
        return self.root / digest[:2] / digest

    def _pointer(self, key: str) -> Path:
        return self.root / "keys" / digest_bytes(key.encode())

    def _store(self, key: str, build: Callable[[BinaryIO], None]) -> Artifact:
        with self._temporary() as temporary:
            with temporary.open("wb") as file:
                build(file)
                file.flush()
                os.fsync(file.fileno())  # before the name, which must never lead to less
            digest = digest_file(temporary)
            path = self._object(digest)
            if self.copies is not None:
                self.copies.adopt(digest, temporary)
            else:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                temporary.replace(path)
        if self.copies is not None:
            path = self._agree(key, digest, self.copies)
        self._point(key, path.name)
        return Artifact(path, path.name, path.stat().st_size)

    def _agree(self, key: str, digest: str, copies: LocalCopies) -> Path:
        """Return the copy of what all servers take for the artifact of a key."""
        pointer = self._shared_pointer(key)
        if copies.store.create(pointer, digest.encode("ascii")):
            return copies.copy(digest)
        try:
            return copies.copy(copies.store.read(pointer).decode("ascii"))
        except FileNotFoundError:  # what it leads to is lost
            copies.store.put(pointer, digest.encode("ascii"))
            return copies.copy(digest)

    def _shared_pointer(self, key: str) -> str:
        return f"artifacts/keys/{self._pointer(key).name}"

    def _point(self, key: str, digest: str) -> None:
        pointer = self._pointer(key)
        pointer.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._temporary() as temporary:
            temporary.write_text(digest, encoding="ascii")
            temporary.replace(pointer)

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        path = self.root / f"building-{os.getpid()}-{secrets.token_hex(8)}"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def _lock(self, key: str) -> Iterator[None]:
        folder = self.root / "locks"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        # The file stays: whoever waited for one that was removed would build beside its successor.
        with (folder / name).open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _array_writer(array: np.ndarray) -> Callable[[BinaryIO], None]:
    def build(file: BinaryIO) -> None:
        np.lib.format.write_array(file, array, allow_pickle=False)

    return build


def _write(file: BinaryIO, content: bytes) -> None:
    file.write(content)


def _mapped(path: Path) -> np.ndarray:
    """Map an array; as a plain view, since slicing the ``memmap`` class costs far more."""
    mapped: np.ndarray = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    mapped.flags.writeable = False
    return mapped
