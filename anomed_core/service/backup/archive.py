"""The form of an archive: a ZIP file with rows as JSON lines, files, and a manifest of digests.

::

    tables/NAME.jsonl       rows of a table, one canonical JSON object a line
    payloads/..., artifacts/...   files of the state directory under their names there
    secret                  if it is not left out
    manifest.json           what was made when by which release, and SHA-256 and size of all others

Numbers are exact: Python writes the shortest decimals that give the same floating-point number.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import attrs

from anomed_core.errors import UsageError
from anomed_core.ledger.transfer import TransferredRow
from anomed_core.state.kept_files import is_kept
from anomed_core.wire.digests import canonical_json

Progress = Callable[[str, int, int], None]
"""Told what is under way, how many are done, and of how many; 0 if nobody knows."""

FORMAT = "anomed backup 1"
SECRET = "secret"  # noqa: S105 - the name of a member
_MANIFEST = "manifest.json"
_PART_BYTES = 2**20
_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ArithmeticError,
    KeyError,
    RuntimeError,  # includes NotImplementedError: a method of compression that nobody used
    ValueError,
)
"""What the ZIP reader raises on bytes that are not those that were written."""


def table_member(table: str) -> str:
    """Return the name of a table's rows in an archive."""
    return f"tables/{table}.jsonl"


@attrs.frozen(kw_only=True)
class Manifest:
    """What is in an archive.

    Attributes
    ----------
    revision
        Schema of the ledger.
    core_version
        Release that wrote it.
    made_at
        When, in UTC and ISO 8601.
    tables
        Number of rows by table.
    members
        SHA-256 and size in bytes of every other member, by name.
    """

    revision: str
    core_version: str
    made_at: str
    tables: Mapping[str, int]
    members: Mapping[str, tuple[str, int]]


@attrs.define
class ArchiveWriter:
    """Writes members one after another, and the manifest at the end."""

    _zip: zipfile.ZipFile
    _members: dict[str, tuple[str, int]] = attrs.field(factory=dict, init=False)

    def add(self, name: str, content: Iterable[bytes]) -> None:
        """Write a member."""
        digest, size = hashlib.sha256(), 0
        with self._zip.open(name, "w", force_zip64=True) as member:
            for part in content:
                member.write(part)
                digest.update(part)
                size += len(part)
        self._members[name] = (digest.hexdigest(), size)

    def add_rows(self, table: str, rows: Iterable[TransferredRow]) -> None:
        """Write the rows of a table."""
        self.add(table_member(table), (f"{canonical_json(row)}\n".encode() for row in rows))

    def add_file(self, name: str, path: Path) -> None:
        """Write a copy of a file."""
        with path.open("rb") as file:
            self.add(name, _parts(file))

    def finish(self, **facts: Any) -> None:
        """Write the manifest; `facts` are those of `Manifest` but its members."""
        manifest = attrs.asdict(Manifest(members=self._members, **facts))
        self._zip.writestr(_MANIFEST, canonical_json({"format": FORMAT, **manifest}))


@contextmanager
def writing_archive(file: IO[bytes]) -> Iterator[ArchiveWriter]:
    """Write an archive to an open file."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        yield ArchiveWriter(archive)


@attrs.frozen
class ArchiveReader:
    """Reads members, and believes none that is not as it was written."""

    path: Path
    _zip: zipfile.ZipFile
    manifest: Manifest

    @property
    def files(self) -> list[str]:
        """Names of files of the state directory."""
        return [name for name in self.manifest.members if is_kept(name)]

    def content(self, name: str) -> Iterator[bytes]:
        """Read a member in parts.

        Raises
        ------
        UsageError
            If it is damaged; at the latest after the last part.
        """
        return self._checked(name, _parts)

    def rows(self, table: str) -> Iterator[TransferredRow]:
        """Read the rows of a table; raises as `content` does."""
        for line in self._checked(table_member(table), iter):
            with _told(self.path):
                row = json.loads(line)
            yield row

    def _checked(
        self, name: str, parts_of: Callable[[IO[bytes]], Iterator[bytes]]
    ) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        with _told(self.path):
            member = self._zip.open(name)
        with member:
            parts = parts_of(member)
            while True:
                with _told(self.path):
                    part = next(parts, None)
                if part is None:
                    break
                digest.update(part)
                size += len(part)
                yield part
        if (digest.hexdigest(), size) != self.manifest.members[name]:
            raise _damaged(self.path, f"{name} is not what was written")


@contextmanager
def reading_archive(path: Path) -> Iterator[ArchiveReader]:
    """Open an archive.

    Raises
    ------
    UsageError
        If the file is no archive, is damaged, or is one of a newer release.
    """
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise _foreign(path)
        with _told(path):
            archive = zipfile.ZipFile(file)
        with archive:
            yield ArchiveReader(path, archive, _manifest(path, archive))


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    names = archive.namelist()
    if _MANIFEST not in names:
        raise _foreign(path)
    with _told(path):
        stored = json.loads(archive.read(_MANIFEST))
        form = stored.pop("format", "")
    if not str(form).startswith("anomed backup"):
        raise _foreign(path)
    if form != FORMAT:
        raise UsageError(
            f"{path} has the form {form!r}, this release knows {FORMAT!r}; install the newer one"
        )
    with _told(path):
        members = {name: (digest, size) for name, (digest, size) in stored["members"].items()}
        manifest = Manifest(**{**stored, "members": members})
    if sorted(names) != sorted([*members, _MANIFEST]):
        raise _damaged(path, "it does not hold what its manifest lists")
    tables = {table_member(table) for table in manifest.tables}
    strange = [name for name in members if not (is_kept(name) or name in {SECRET, *tables})]
    if strange:
        raise _damaged(path, f"it holds {strange[0]!r}, which no backup writes")
    return manifest


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    while part := file.read(_PART_BYTES):
        yield part


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say in one sentence that an archive is damaged."""
    try:
        yield
    except (*_DAMAGES, TypeError, AttributeError) as error:
        raise _damaged(path, str(error) or type(error).__name__) from error


def _damaged(path: Path, problem: str) -> UsageError:
    return UsageError(f"{path} is damaged ({problem}); nothing is restored, take another copy")


def _foreign(path: Path) -> UsageError:
    return UsageError(
        f"{path} is no archive of anomed backup, or its end is missing; name another one"
    )
