"""Submitted bodies, kept by digest so that a score can be repeated."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import attrs

from anomed_core.state.local_copies import LocalCopies
from anomed_core.state.syncing import sync_folder
from anomed_core.wire.digests import canonical_json, digest_bytes, digest_file

_OLD_S = 86_400.0

Body = bytes | Mapping[str, bytes]
"""A body as it came: bytes, or the parts of a form."""


def body_digest(body: Body) -> str:
    """Return the SHA-256 of a body; of a form, over names and digests of its parts."""
    return digest_bytes(_as_bytes(body))


def body_size(body: Body) -> int:
    """Return how many bytes a body has; of a form, its parts together."""
    return sum(map(len, body.values())) if isinstance(body, Mapping) else len(body)


def _as_bytes(body: Body) -> bytes:
    if isinstance(body, Mapping):
        return canonical_json({name: digest_bytes(part) for name, part in body.items()}).encode()
    return body


@attrs.frozen
class Staged:
    """Bodies that are on the disk, but under no digest yet; whatever is not published goes.

    Attributes
    ----------
    root
        The store's folder.
    files
        Where each content is that is not kept yet, and its place by digest.
    places
        Those of all contents.
    copies
        Where contents go, too, if servers share a store.
    """

    root: Path
    copies: LocalCopies | None = None
    files: dict[Path, Path] = attrs.field(factory=dict)
    places: list[Path] = attrs.field(factory=list)

    def publish(self) -> None:
        """Give every content its place, durably."""
        for temporary, place in self.files.items():
            if self.copies is not None:
                self.copies.adopt(place.name, temporary)
                continue
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.replace(place)
        # Whoever was faster may not have come so far; and the score that is recorded next may be on
        # another disk, where nothing waits for this one.
        for folder in dict.fromkeys(place.parent for place in self.places):
            sync_folder(folder)
        sync_folder(self.root)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for temporary in self.files:
            temporary.unlink(missing_ok=True)


@attrs.frozen
class PayloadStore:
    """Bodies below one folder.

    Attributes
    ----------
    root
        The folder.
    copies
        Where bodies are that are not here, if servers share a store.
    """

    root: Path
    copies: LocalCopies | None = None

    def keep(self, body: Body) -> None:
        """Write a body durably; of a form, each part and a list of them."""
        with self.stage(body) as staged:
            staged.publish()

    def stage(self, body: Body) -> Staged:
        """Write a body to the disk; it is kept when it is published.

        What an evaluation fails on, or is killed in, leaves nothing behind but a file that the
        next start sweeps, so that no room is taken by what has no score.
        """
        staged = Staged(self.root, self.copies)
        parts = [*body.values()] if isinstance(body, Mapping) else []
        try:
            for content in (*parts, _as_bytes(body)):
                self._stage(content, staged)
        except BaseException:
            staged.__exit__()
            raise
        return staged

    def sweep(self, *, older_than_s: float = _OLD_S) -> None:
        """Remove what was staged by processes that were killed long ago."""
        oldest = time.time() - older_than_s
        for path in self._staging.glob("*"):
            with contextlib.suppress(OSError):  # another server may be faster
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def read(self, digest: str) -> bytes:
        """Return a body by its digest.

        Raises
        ------
        FileNotFoundError
            If it was not kept, or is damaged.
        """
        if self.copies is not None:
            return self.copies.read(digest)
        content = self._path(digest).read_bytes()
        if digest_bytes(content) != digest:
            raise FileNotFoundError(f"{self._path(digest)} is damaged")
        return content

    def body(self, digest: str, *, is_form: bool) -> Body:
        """Return a body as it came: bytes, or the parts of a form.

        Raises
        ------
        FileNotFoundError
            If it was not kept.
        """
        stored = self.read(digest)
        if not is_form:
            return stored
        return {name: self.read(part) for name, part in json.loads(stored).items()}

    @property
    def _staging(self) -> Path:
        return self.root / "staged"

    def _path(self, digest: str) -> Path:
        return self.root / digest[:2] / digest

    def _stage(self, content: bytes, staged: Staged) -> None:
        digest = digest_bytes(content)
        place = self._path(digest)
        staged.places.append(place)
        # What is damaged is written anew, and so is what a store may have lost.
        if self.copies is None and place.exists() and digest_file(place) == digest:
            return
        self._staging.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._staging / f"{digest}.{secrets.token_hex(8)}"
        staged.files[temporary] = place
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
