"""Where downloads are kept: short names that no server chooses, one writer a file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_LAYOUT = "v1"
_REPLACE_TRIES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What is known about a file, beside it.

    Attributes
    ----------
    etag
        Strong; empty without.
    sha256
        Of the whole file; empty as long as it is not known.
    size_bytes
        Of the whole file; ``None`` as long as it is not known.
    verified
        Whether the digest is the server's.
    """

    etag: str = ""
    sha256: str = ""
    size_bytes: int | None = None
    verified: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """The places of one product: a whole file, an unfinished one, and a note for each."""

    folder: Path
    stem: str

    @property
    def data(self) -> Path:
        """The whole file."""
        return self.folder / f"{self.stem}.data"

    @property
    def part(self) -> Path:
        """What has arrived of it."""
        return self.folder / f"{self.stem}.part"

    def note(self) -> Note | None:
        """Return what is known about the whole file; ``None`` if there is none."""
        return _read(self._note(self.data)) if self.data.is_file() else None

    def part_note(self) -> Note | None:
        """Return what is known about the unfinished file; ``None`` if there is none."""
        return _read(self._note(self.part)) if self.part.is_file() else None

    def note_part(self, note: Note) -> None:
        """Write down what an unfinished file is a part of."""
        _write(self._note(self.part), note)

    def finish(self, note: Note) -> None:
        """Turn the unfinished file into the whole one."""
        # The old note goes first: a crash between the two replacements must not leave a file beside
        # a note about another one.
        self._note(self.data).unlink(missing_ok=True)
        replace(self.part, self.data)
        _write(self._note(self.data), note)
        self._note(self.part).unlink(missing_ok=True)

    def drop_part(self) -> None:
        """Forget what has arrived."""
        self.part.unlink(missing_ok=True)
        self._note(self.part).unlink(missing_ok=True)

    def drop(self) -> None:
        """Forget the whole file."""
        self.data.unlink(missing_ok=True)
        self._note(self.data).unlink(missing_ok=True)

    def forget(self) -> None:
        """Forget everything, for files that go with the object that shows them."""
        self.drop()
        self.drop_part()
        with contextlib.suppress(OSError):
            (self.folder / f"{self.stem}.lock").unlink(missing_ok=True)
            self.folder.rmdir()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep all others out, in this process and in others; they wait."""
        with (self.folder / f"{self.stem}.lock").open("a+b") as file:
            _lock(file.fileno())
            yield  # closing the file opens the lock

    @staticmethod
    def _note(file: Path) -> Path:
        return file.with_name(f"{file.name}.json")


def cache_folder(chosen: Path | None) -> Path:
    """Return the folder of all downloads.

    Parameters
    ----------
    chosen
        The caller's; otherwise ``ANOMED_CLIENT_CACHE`` or the system's place for caches.
    """
    if chosen is not None:
        return chosen / _LAYOUT
    told = os.environ.get("ANOMED_CLIENT_CACHE")
    if told:
        return Path(told).expanduser() / _LAYOUT
    return _system_folder() / "anomed-client" / _LAYOUT


def _system_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def places_of(
    root: Path, *, owner: str, fingerprint: str, path: str, parameters: Mapping[str, str]
) -> Places:
    """Return the places of a product, creating the folder.

    Parameters
    ----------
    root
        Of all downloads.
    owner
        Address of the challenge and name of the participant: what one may read, another may not.
    fingerprint, path, parameters
        Which product, of which data.
    """
    folder = root / _digest(owner)[:16]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    asked = json.dumps([fingerprint, path, sorted(parameters.items())])
    return Places(folder=folder, stem=_digest(asked)[:32])


def replace(source: Path, target: Path) -> None:
    """Put a file into another's place, even where somebody has that open for a moment."""
    for left in reversed(range(_REPLACE_TRIES)):
        try:
            source.replace(target)
        except PermissionError:
            if not left:
                raise
            time.sleep(0.1)
        else:
            return


def opened_for_writing(path: Path, *, append: bool) -> int:
    """Open a file that only its owner may read, and return its descriptor."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC)
    return os.open(path, flags | getattr(os, "O_BINARY", 0), 0o600)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> Note | None:
    try:
        told: Any = json.loads(path.read_bytes())
        return Note(**{name: told[name] for name in Note.__dataclass_fields__})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _write(path: Path, note: Note) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(opened_for_writing(beside, append=False), "wb") as file:
        file.write(json.dumps(asdict(note)).encode())
    replace(beside, path)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
            except OSError:  # after ten seconds
                continue
            return

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
