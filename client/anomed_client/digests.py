"""How what has arrived is compared with what the server has."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path

_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
_REPR_DIGEST = re.compile(r"(?:^|,)\s*sha-256\s*=\s*:([A-Za-z0-9+/=]+):")
_CHUNK_BYTES = 2**20

_checked: set[tuple[str, int, int, str]] = set()
_checked_lock = threading.Lock()


def expected_sha256(headers: Mapping[str, str], declared: str | None) -> str | None:
    """Return the SHA-256 that a whole file must have; ``None`` if the server tells none.

    Parameters
    ----------
    headers
        Of the answer: ``Repr-Digest`` (RFC 9530), or a strong ETag of 64 hexadecimal digits, which
        is how servers of the first release tell it.
    declared
        By ``challenge.json``, which is believed last, as it may be older than the answer.
    """
    found = _REPR_DIGEST.search(headers.get("repr-digest", ""))
    if found is not None:
        try:
            return base64.b64decode(found[1], validate=True).hex()
        except binascii.Error:
            pass
    etag = strong_etag(headers).strip('"')
    if _HEX_DIGEST.fullmatch(etag):
        return etag
    return declared


def strong_etag(headers: Mapping[str, str]) -> str:
    """Return a strong ETag with its quotes; empty if there is none, or a weak one."""
    etag = headers.get("etag", "")
    return etag if etag.startswith('"') and len(etag) > 2 else ""


def file_sha256(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_intact(path: Path, *, size_bytes: int | None, sha256: str) -> bool:
    """Return whether a kept file still is what was downloaded; read once in each process."""
    found = path.stat()
    if size_bytes is not None and found.st_size != size_bytes:
        return False
    key = (os.fspath(path), found.st_mtime_ns, found.st_size, sha256)
    with _checked_lock:
        if key in _checked:
            return True
    if file_sha256(path) != sha256:
        return False
    with _checked_lock:
        _checked.add(key)
    return True
