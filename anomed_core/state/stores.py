"""What outlives all machines: objects under names, behind a few calls that any storage can answer.

An object appears whole or not at all, and is durable when `put` or `create` returns. Names are like
those of files below a state directory; all but keys of artifacts end with the SHA-256 of what is
inside, so that whoever fetches one can judge it.
"""

from __future__ import annotations

import io
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import attrs

from anomed_core.errors import ConfigError

KEY = "server.store"


@attrs.frozen(kw_only=True)
class StoredObject:
    """An object as it is listed.

    Attributes
    ----------
    name
        Its name.
    size_bytes
        Its size.
    modified_at
        When it was written last, in seconds since the epoch.
    """

    name: str
    size_bytes: int
    modified_at: float


class Store(ABC):
    """Objects under names. All calls may be made from any thread, and after a fork.

    Every call raises `StoreError` if the store cannot be used now.
    """

    @property
    @abstractmethod
    def url(self) -> str:
        """Where it is, without what opens it."""

    @abstractmethod
    def put(self, name: str, content: bytes | Path) -> None:
        """Write an object, or write it again."""

    @abstractmethod
    def create(self, name: str, content: bytes) -> bool:
        """Write an object if there is none of this name; say so.

        Of any number of simultaneous calls on all machines, one is told `True`.
        """

    @abstractmethod
    def fetch(self, name: str, file: BinaryIO) -> float:
        """Write what an object holds to an open file.

        Returns
        -------
        float
            When the object was written last, in seconds since the epoch.

        Raises
        ------
        FileNotFoundError
            If there is none of this name.
        """

    @abstractmethod
    def find(self, prefix: str = "") -> Iterator[StoredObject]:
        """Yield the objects whose name begins so, in the order of their names."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""

    def remove_unfinished(self, *, older_than_s: float) -> int:
        """Remove what was begun to be written and never ended; return how many."""
        del older_than_s
        return 0

    def read(self, name: str) -> bytes:
        """Return what an object holds.

        Raises
        ------
        FileNotFoundError
            If there is none of this name.
        """
        file = io.BytesIO()
        self.fetch(name, file)
        return file.getvalue()

    def require_agreement(self) -> None:
        """Refuse a store in which two servers could both be the first to write a name.

        Raises
        ------
        ConfigError
            If `create` succeeds twice.
        """
        name = f"probes/{secrets.token_hex(16)}"
        try:
            created = [self.create(name, b"one"), self.create(name, b"two")]
        finally:
            self.remove(name)
        if created != [True, False]:
            raise ConfigError(
                KEY,
                f"{self.url} writes a name twice that is to be written once (it ignores the "
                "condition If-None-Match), so servers would not agree on their data; use another "
                "store",
            )
