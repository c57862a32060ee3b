"""Submitted bodies, kept by digest so that a score can be repeated."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import attrs

from anomed_core.state.directory import sync_folder
from anomed_core.wire.digests import canonical_json, digest_bytes

Body = bytes | Mapping[str, bytes]
"""A body as it came: bytes, or the parts of a form."""


def body_digest(body: Body) -> str:
    """Return the SHA-256 of a body; of a form, over names and digests of its parts."""
    return digest_bytes(_as_bytes(body))


def _as_bytes(body: Body) -> bytes:
    if isinstance(body, Mapping):
        return canonical_json({name: digest_bytes(part) for name, part in body.items()}).encode()
    return body


@attrs.frozen
class PayloadStore:
    """Bodies below one folder."""

    root: Path

    def keep(self, body: Body) -> None:
        """Write a body durably; of a form, each part and a list of them."""
        if isinstance(body, Mapping):
            for part in body.values():
                self._write(part)
        self._write(_as_bytes(body))

    def read(self, digest: str) -> bytes:
        """Return a body by its digest.

        Raises
        ------
        FileNotFoundError
            If it was not kept.
        """
        return self._path(digest).read_bytes()

    def _path(self, digest: str) -> Path:
        return self.root / digest[:2] / digest

    def _write(self, content: bytes) -> None:
        path = self._path(digest_bytes(content))
        if not path.exists():
            _write_whole(path, content)
        # Whoever was faster may not have come so far; and the score that is recorded next may be on
        # another disk, where nothing waits for this one.
        sync_folder(path.parent)
        sync_folder(self.root)


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that appears under its name when its content is on the disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
