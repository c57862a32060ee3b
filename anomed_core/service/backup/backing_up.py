"""Write one archive of a server, whether it is running or not."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import attrs

from anomed_core.errors import UsageError
from anomed_core.ledger import ChainFault
from anomed_core.ledger.transfer import LeavingLedger, TransferredRow, leaving_ledger
from anomed_core.service.backup.archive import SECRET, ArchiveWriter, Progress, writing_archive
from anomed_core.state.directory import StateDirectory
from anomed_core.state.kept_files import is_damaged, kept_files, kept_objects
from anomed_core.state.stores import Store
from anomed_core.state.syncing import sync_folder
from anomed_core.version import __version__


@attrs.frozen(kw_only=True)
class BackedUp:
    """What an archive holds.

    Attributes
    ----------
    file
        Where it is.
    size_bytes
        Its size.
    revision
        Schema of the ledger.
    tables
        Number of rows by table.
    n_files
        Number of payloads and artifacts.
    secret
        Whether the secret is inside.
    damaged
        Files of the state directory that are not what their names say, and are left out.
    faults
        Rows of the ledger that are not as they were recorded; they are inside as they are.
    """

    file: Path
    size_bytes: int
    revision: str
    tables: dict[str, int]
    n_files: int
    secret: bool
    damaged: list[str]
    faults: list[ChainFault]


def back_up(
    url: str,
    state: Path,
    output: Path,
    *,
    store: Store | None = None,
    with_secret: bool = True,
    progress: Progress,
) -> BackedUp:
    """Write ledger, payloads, artifacts and secret of a server to a new file.

    The ledger is as one moment sees it. Files are read after it and are never changed by a server,
    so every submission that it has scored, and keeps, is inside.

    Parameters
    ----------
    url
        Database of the ledger.
    state
        The state directory.
    output
        A file that is not there yet; nobody but its owner may read it.
    store
        Where its files are, if servers share a store; otherwise they are in the state directory.
    with_secret
        Whether the file ``secret`` is inside.
    progress
        Told what is under way.

    Raises
    ------
    UsageError
        If there is no ledger or state directory, or the output is there already.
    StoreError
        If the store cannot be used; then no output is left.
    OSError
        If something cannot be read or written; then no output is left.
    """
    if not state.is_dir():
        raise UsageError(
            f"there is no state directory {state.absolute()}; give --state as to serve"
        )
    StateDirectory(state, for_reading=True)  # refuses a part
    with _new_file(output) as file:
        with writing_archive(file) as archive:
            with leaving_ledger(url) as ledger:
                revision, tables = ledger.revision, _add_tables(archive, ledger, progress)
                progress("checking the ledger", 0, 0)
                faults = ledger.faults()
            damaged, n_files = _add_files(archive, state, store, progress)
            has_secret = with_secret and (state / SECRET).exists()
            if has_secret:
                archive.add_file(SECRET, state / SECRET)
            made_at = datetime.now(UTC).isoformat(timespec="seconds")
            archive.finish(
                revision=revision, core_version=__version__, made_at=made_at, tables=tables
            )
        size = file.tell()
    return BackedUp(
        file=output,
        size_bytes=size,
        revision=revision,
        tables=tables,
        n_files=n_files,
        secret=has_secret,
        damaged=damaged,
        faults=faults,
    )


def _add_tables(
    archive: ArchiveWriter, ledger: LeavingLedger, progress: Progress
) -> dict[str, int]:
    n_rows = dict.fromkeys(ledger.tables, 0)

    def counted(table: str) -> Iterator[TransferredRow]:
        for row in ledger.rows(table):
            n_rows[table] += 1
            progress(f"rows of {table}", n_rows[table], 0)
            yield row

    for table in n_rows:
        archive.add_rows(table, counted(table))
    return n_rows


def _add_files(
    archive: ArchiveWriter, state: Path, store: Store | None, progress: Progress
) -> tuple[list[str], int]:
    names = kept_files(state) if store is None else kept_objects(store)
    damaged, n_added = [], 0
    for number, name in enumerate(names, start=1):
        progress("payloads and artifacts", number, len(names))
        with _local(state, store, name) as path:
            if path is None:  # removed meanwhile, as what had expired
                continue
            if is_damaged(path):
                damaged.append(name)
            else:
                archive.add_file(name, path)
                n_added += 1
    return damaged, n_added


@contextmanager
def _local(state: Path, store: Store | None, name: str) -> Iterator[Path | None]:
    """Return where a file is; ``None`` if the store has it no more."""
    if store is None:
        yield state / name
        return
    with tempfile.TemporaryDirectory(prefix="anomed-backup-") as folder:
        path = Path(folder) / Path(name).parent.name / Path(name).name
        path.parent.mkdir()
        try:
            with path.open("wb") as file:
                store.fetch(name, file)
        except FileNotFoundError:
            yield None
        else:
            yield path


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that appears whole or not at all, for its owner's eyes."""
    if path.exists():
        raise UsageError(f"{path} is there already; name another file")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.filename is not None:
            raise
        raise UsageError(
            f"{path} cannot be written: {error.strerror or error}; free some space or name another "
            "place"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.absolute().parent)
