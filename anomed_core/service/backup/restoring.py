"""Put an archive back: all of it, or nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from anomed_core.errors import UsageError
from anomed_core.ledger import ChainFault
from anomed_core.ledger.connecting import file_of
from anomed_core.ledger.transfer import ArrivingLedger, TransferredRow, arriving_ledger
from anomed_core.service.backup.archive import SECRET, ArchiveReader, Progress, reading_archive
from anomed_core.service.backup.filling import UnfinishedDirectory, filling
from anomed_core.state import StateDirectory, Store
from anomed_core.state.directory import ledger_url_in
from anomed_core.state.kept_files import sync_folders, write_kept


@attrs.frozen(kw_only=True)
class Restored:
    """What was put back.

    Attributes
    ----------
    state
        The state directory.
    made_at
        When the archive was made.
    revision
        Schema of the ledger in the archive; it was migrated to that of this release.
    tables
        Number of rows by table.
    n_files
        Number of payloads and artifacts.
    secret
        Whether the secret was inside.
    faults
        Rows of the ledger that are not as they were recorded, and were not when it was backed up.
    """

    state: Path
    made_at: str
    revision: str
    tables: dict[str, int]
    n_files: int
    secret: bool
    faults: list[ChainFault]


def restore(
    file: Path, state: Path, *, url: str = "", store: Store | None = None, progress: Progress
) -> Restored:
    """Put ledger, payloads, artifacts and secret into an empty place.

    Until all is there, the place is marked: no server uses it, and what is left of one that was
    killed goes when it is filled again.

    Parameters
    ----------
    file
        What `back_up` wrote, from a ledger in any sort of database.
    state
        The state directory: empty, or to be made.
    url
        An empty database for the ledger; SQLite in the state directory, if none is given.
    store
        An empty store for the files, if servers share one.
    progress
        Told what is under way.

    Raises
    ------
    UsageError
        If the file is no sound archive, or the place is not empty or full.
    StoreError
        If the store cannot be used; what is there already stays.
    LedgerMismatchError
        If the ledger is of a newer release.
    OSError
        If something cannot be read or written; then nothing is left.
    """
    url = url or ledger_url_in(state.absolute())
    if store is not None:
        _require_empty(store, file)
    with reading_archive(file) as archive, _filled(state.absolute()) as place:
        manifest = archive.manifest
        if _is_inside(url, place.root):
            place.clear()
        # Rows become visible last: where a ledger is, all of it is.
        with arriving_ledger(url, manifest.revision) as ledger:
            if place.is_resumed:
                place.clear()
            tables = _insert(archive, ledger, progress)
            progress("checking the ledger", 0, 0)
            faults = ledger.complete()
            for number, name in enumerate(archive.files, start=1):
                progress("payloads and artifacts", number, len(archive.files))
                _write(name, archive.content(name), place.root, store)
            if SECRET in manifest.members:
                _write_secret(place.root / SECRET, b"".join(archive.content(SECRET)))
            sync_folders(place.root)
    return Restored(
        state=StateDirectory(state).root,
        made_at=manifest.made_at,
        revision=manifest.revision,
        tables=tables,
        n_files=len(archive.files),
        secret=SECRET in manifest.members,
        faults=faults,
    )


def _require_empty(store: Store, file: Path) -> None:
    """Refuse a store with objects that are not those of the archive: of one that was killed."""
    with reading_archive(file) as archive:
        own = set(archive.files)
    strange = next((stored.name for stored in store.find() if stored.name not in own), None)
    if strange is not None:
        raise UsageError(
            f"{store.url} is not empty, it holds {strange}; name an empty prefix with --store"
        )


def _write(name: str, content: Iterator[bytes], root: Path, store: Store | None) -> None:
    if store is None:
        write_kept(root, name, content)
        return
    with tempfile.NamedTemporaryFile(prefix="anomed-restore-") as file:
        for part in content:
            file.write(part)
        file.flush()
        store.put(name, Path(file.name))


def _insert(archive: ArchiveReader, ledger: ArrivingLedger, progress: Progress) -> dict[str, int]:
    def counted(table: str, n_rows: int) -> Iterator[TransferredRow]:
        for number, row in enumerate(archive.rows(table), start=1):
            progress(f"rows of {table}", number, n_rows)
            yield row

    listed = archive.manifest.tables
    if set(listed) != set(ledger.tables):
        strange = sorted(set(listed) ^ set(ledger.tables))
        raise UsageError(
            f"{archive.path} lacks or adds tables of the schema {archive.manifest.revision}: "
            f"{', '.join(strange)}; take another copy"
        )
    tables = {name: ledger.insert(name, counted(name, listed[name])) for name in ledger.tables}
    if tables != listed:
        raise UsageError(f"{archive.path} lacks rows that its manifest counts; take another copy")
    return tables


@contextmanager
def _filled(state: Path) -> Iterator[UnfinishedDirectory]:
    """Fill an empty directory, and say where there is no room for it."""
    try:
        with filling(state) as place:
            yield place
    except OSError as error:
        if error.filename is not None:
            raise
        raise UsageError(
            f"{state} cannot be written: {error.strerror or error}; nothing is restored, free some "
            "space or name another place"
        ) from error


def _is_inside(url: str, root: Path) -> bool:
    """Whether the ledger is a file of the state directory, and goes with all else in it."""
    file = file_of(url)
    return file is not None and file.path.absolute().is_relative_to(root)


def _write_secret(path: Path, secret: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
