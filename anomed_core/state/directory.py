"""The state directory: everything that must outlive the process."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

import attrs

from anomed_core.errors import ConfigError, UsageError
from anomed_core.state.artifacts import ArtifactStore
from anomed_core.state.filed_bodies import FiledBodies
from anomed_core.state.local_copies import LocalCopies, Room
from anomed_core.state.payloads import PayloadStore
from anomed_core.state.stores import Store
from anomed_core.state.syncing import sync_folder

DEFAULT_STATE = Path("anomed-state")
DEFAULT_COPIES_BYTES = 10 * 2**30
SHARED = ("artifacts", "payloads", "jobs", "archive")
"""Folders that servers share, if they share a store."""

RESTORING = "restoring"
"""A file that is there until all else is."""

_SECRET_BYTES = 32
_LEAST_ROOM_BYTES = 2**18


def _absolute(path: str | Path) -> Path:
    return Path(path).absolute()


@attrs.frozen
class StateDirectory:
    """Paths below the state directory; creating one makes the folders.

    Raises
    ------
    UsageError
        If it cannot be made, or is being restored.

    Attributes
    ----------
    root
        The directory. It holds the secret and the ground truth: keep it private.
    for_reading
        Whether it is left as it is, so that a read-only medium will do.
    store
        Where artifacts and bodies are that servers share; ``None`` for this directory alone. With
        one, what is here of them are copies.
    copies_bytes
        The most that such copies may take.
    """

    root: Path = attrs.field(converter=_absolute)
    for_reading: bool = False
    store: Store | None = None
    copies_bytes: int = DEFAULT_COPIES_BYTES
    _room: Room = attrs.field(init=False, eq=False, repr=False)

    @_room.default
    def _all_room(self) -> Room:
        return Room(root=self.root, folders=SHARED, limit_bytes=self.copies_bytes)

    def __attrs_post_init__(self) -> None:
        if (self.root / RESTORING).exists():
            raise UsageError(
                f"{self.root} holds a part of an archive only, as anomed restore is at work or was "
                "interrupted; let it end, or run it again"
            )
        if self.for_reading:
            return
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            _close_to_others(self.root)
            for folder in self._folders:
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"The state directory {self.root} cannot be created ({error.strerror}); "
                "choose another with --state."
            ) from error

    @property
    def _folders(self) -> tuple[Path, ...]:
        return (self.artifacts_root, self.payloads, self.jobs, self.archive, self.root / "run")

    def problems(self) -> list[str]:
        """Return what keeps the directory from taking a submission, in sentences; mostly nothing.

        A folder that somebody removed is made again, as what was in it is made or found anew.
        """
        try:
            for folder in self._folders:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            facts = os.statvfs(self.root)
        except OSError as error:
            return [f"the state directory cannot be used ({error.strerror})"]
        if facts.f_bavail * facts.f_frsize < _LEAST_ROOM_BYTES:
            return ["there is no room left in the state directory"]
        return []

    @property
    def artifacts_root(self) -> Path:
        """Folder of content-addressed files."""
        return self.root / "artifacts"

    @property
    def payloads(self) -> Path:
        """Folder of submissions' bodies, by digest."""
        return self.root / "payloads"

    @property
    def jobs(self) -> Path:
        """Folder of bodies that wait for their jobs."""
        return self.root / "jobs"

    @property
    def archive(self) -> Path:
        """Folder of what is too large for the ledger's archive."""
        return self.root / "archive"

    @property
    def figures(self) -> Path:
        """Folder of drawings, which are made again if it is emptied."""
        return self.root / "figures"

    @property
    def ledger_url(self) -> str:
        """Database URL of the default ledger."""
        return ledger_url_in(self.root)

    @property
    def artifacts(self) -> ArtifactStore:
        """Store of files that are built once."""
        return ArtifactStore(self.artifacts_root, self.copies("artifacts"))

    @property
    def payload_store(self) -> PayloadStore:
        """Store of submissions' bodies."""
        return PayloadStore(self.payloads, self.copies("payloads"))

    @property
    def job_bodies(self) -> FiledBodies:
        """Bodies that wait for their jobs."""
        return FiledBodies(self.jobs, self.copies("jobs"))

    @property
    def call_bodies(self) -> FiledBodies:
        """Bodies of archived calls that are too large for the ledger."""
        return FiledBodies(self.archive, self.copies("archive"))

    def copies(self, folder: str) -> LocalCopies | None:
        """Return the copies of one of the folders that servers share; ``None`` without a store."""
        if self.store is None:
            return None
        return LocalCopies(
            store=self.store, prefix=folder, root=self.root / folder, room=self._room
        )

    def secret(self, from_environment: str | None = None) -> bytes:
        """Return the server's secret, creating it the first time.

        Parameters
        ----------
        from_environment
            Value of ``ANOMED_SECRET``, at least 32 hexadecimal digits; it takes precedence, so that
            replicas on several machines can share one.

        Returns
        -------
        bytes
            At least 16 bytes, equal for every process that shares the directory.

        Raises
        ------
        ConfigError
            If the given or stored secret is not hexadecimal or too short.
        """
        if from_environment:
            return _parsed_secret(from_environment, "ANOMED_SECRET")
        path = self.root / "secret"
        if not is_there(path):
            _create_exclusively(path, secrets.token_hex(_SECRET_BYTES))
        try:
            return _parsed_secret(path.read_text(encoding="ascii"), str(path))
        except PermissionError as error:
            raise _not_ours(path) from error


def ledger_url_in(root: Path) -> str:
    """Return the database URL of the default ledger of a state directory."""
    return f"sqlite:///{root / 'ledger.sqlite'}"


def is_there(path: Path) -> bool:
    """Whether there is such a file.

    Raises
    ------
    UsageError
        If this user may not know.
    """
    try:
        path.stat()
    except PermissionError as error:
        raise _not_ours(path) from error
    except OSError:
        return False
    return True


def _not_ours(path: Path) -> UsageError:
    return UsageError(
        f"{path} cannot be read (Permission denied): what a server keeps is for its own user "
        "alone, so run this as that user"
    )


def _close_to_others(root: Path) -> None:
    """Keep everybody else out, whoever made the directory; what is not ours stays as it is."""
    facts = root.stat()
    if facts.st_uid == os.getuid() and facts.st_mode & 0o077:
        with contextlib.suppress(OSError):  # read-only media
            root.chmod(0o700)


def _parsed_secret(text: str, origin: str) -> bytes:
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) < 16:
        raise ConfigError(
            origin,
            "the secret must be at least 32 hexadecimal digits; make one with "
            "python -c 'import secrets; print(secrets.token_hex(32))'",
        )
    return secret


def _create_exclusively(path: Path, text: str) -> None:
    """Write a file that appears whole or not at all, and only if it is not there yet."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # a rename would replace what somebody else was faster with
        except FileExistsError:
            return
    finally:
        temporary.unlink()
    sync_folder(path.parent)
