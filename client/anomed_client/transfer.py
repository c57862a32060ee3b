"""Downloads that go on where they broke off, and that are what the server has, or nothing."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from anomed_client.answers import retry_after_s
from anomed_client.cache import Note, Places, opened_for_writing
from anomed_client.calls import Calls
from anomed_client.digests import expected_sha256, strong_etag
from anomed_client.errors import AnomedClientError, DownloadDamaged
from anomed_client.http import Answer, Incoming, Lost, whole
from anomed_client.progress import Reporter
from anomed_client.retries import verdict

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass(kw_only=True)
class _Arrived:
    """How far a download is."""

    size_bytes: int = 0
    total_bytes: int | None = None
    etag: str = ""
    sha256: str | None = None
    hashed: Any = field(default_factory=hashlib.sha256)


class _Damaged(Exception):  # noqa: N818 - never leaves this module
    """What has arrived is not what the server has."""


class _NotModified(Exception):  # noqa: N818 - never leaves this module
    """The kept file is what the server has."""


class Transfer:
    """One download, from the first request to the whole file.

    Parameters
    ----------
    calls
        For patience and exceptions.
    path, parameters
        What is asked for.
    name
        For people.
    places
        Where it is kept.
    declared
        SHA-256 of ``challenge.json``, where it tells one.
    """

    def __init__(
        self,
        calls: Calls,
        path: str,
        *,
        parameters: Mapping[str, str],
        name: str,
        places: Places,
        declared: str | None = None,
    ) -> None:
        self._calls = calls
        self._path = path
        self._parameters = parameters
        self._name = name
        self._places = places
        self._declared = declared
        self._reporter = Reporter(calls.progress, "download", name)

    def run(self, *, etag: str = "") -> Note | None:
        """Download into its places.

        Parameters
        ----------
        etag
            Of the file that is there already.

        Returns
        -------
        Note or None
            About the file; ``None`` if the one that is there is still right.

        Raises
        ------
        DownloadDamaged
            If what arrives is wrong twice.
        AnomedClientError
            If it does not arrive.
        """
        self._reporter.tell("started")
        try:
            note = self._until_whole(etag)
        except BaseException:
            self._reporter.tell("failed")
            raise
        size_bytes = note.size_bytes if note is not None else None
        self._reporter.tell("done", done_bytes=size_bytes or 0, total_bytes=size_bytes)
        return note

    def _until_whole(self, etag: str) -> Note | None:
        for is_last in (False, True):
            try:
                return self._once_through(etag)
            except _NotModified:
                return None
            except _Damaged as damage:
                self._places.drop_part()
                if is_last:
                    raise DownloadDamaged(
                        f"{self._name} arrived damaged twice: {damage}; nothing was kept. Try "
                        "another network, or tell the organiser.",
                        url=self._calls.connection.address(self._path),
                    ) from None
        raise AssertionError("unreachable")

    def _once_through(self, etag: str) -> Note:
        """Receive until everything is there, however often it breaks off meanwhile."""
        tries = self._calls.tries(self._name)
        arrived = self._found()
        while True:
            before = arrived.size_bytes
            outcome: Answer | Lost
            try:
                answer = self._receive(arrived, etag)
            except Lost as lost:
                outcome = lost
                if arrived.etag and arrived.size_bytes > before:
                    tries.begin_anew()
            else:
                if answer is None:
                    return self._finished(arrived)
                outcome = answer
            chosen = verdict(outcome)
            at_least_s = (retry_after_s(outcome) if isinstance(outcome, Answer) else None) or 0.0
            if chosen not in {"again", "once more"} or not tries.wait(
                chosen, at_least_s=at_least_s
            ):
                raise self._calls.failure(outcome, name=self._name)
            self._reporter.tell("retrying", done_bytes=arrived.size_bytes)

    def _found(self) -> _Arrived:
        """Return how far an earlier download came."""
        note = self._places.part_note()
        if note is None or not note.etag:
            self._places.drop_part()
            return _Arrived()
        arrived = _Arrived(etag=note.etag, total_bytes=note.size_bytes)
        arrived.sha256 = note.sha256 or None
        with self._places.part.open("rb") as file:
            while chunk := file.read(2**20):
                arrived.hashed.update(chunk)
                arrived.size_bytes += len(chunk)
        return arrived

    def _receive(self, arrived: _Arrived, etag: str) -> Answer | None:
        """Ask once and keep what comes; return an answer that is something else."""
        headers: dict[str, str] = {}
        if arrived.size_bytes and arrived.etag:
            headers = {"Range": f"bytes={arrived.size_bytes}-", "If-Range": arrived.etag}
        elif etag:
            headers = {"If-None-Match": etag}
        with self._calls.connection.incoming(
            "GET", self._path, parameters=self._parameters, headers=headers
        ) as incoming:
            status = incoming.head.status
            if status == 304 and "If-None-Match" in headers:
                raise _NotModified
            if status == 416 and "Range" in headers:
                self._check_end(arrived, incoming.head)
                return None
            if status == 206 and "Range" in headers:
                self._go_on(arrived, incoming.head)
            elif status == 200:
                self._begin(arrived, incoming)
            else:
                return whole(incoming)
            self._keep(arrived, incoming)
        if arrived.total_bytes is not None and arrived.size_bytes < arrived.total_bytes:
            raise Lost("broken", f"it ended after {arrived.size_bytes} bytes")
        return None

    def _check_end(self, arrived: _Arrived, head: Answer) -> None:
        total = head.headers.get("content-range", "").rpartition("/")[2]
        if total != str(arrived.size_bytes):
            raise _Damaged(f"{arrived.size_bytes} bytes were there, the server has {total or '?'}")

    def _go_on(self, arrived: _Arrived, head: Answer) -> None:
        """Check that a part begins where ours ends, and belongs to the same file."""
        found = _CONTENT_RANGE.fullmatch(head.headers.get("content-range", ""))
        if found is None or int(found[1]) != arrived.size_bytes:
            raise _Damaged("the server sent another part than it was asked for")
        total = int(found[3])
        if arrived.total_bytes not in {None, total}:
            raise _Damaged(f"the file had {arrived.total_bytes} bytes and now has {total}")
        if strong_etag(head.headers) not in {"", arrived.etag}:
            raise _Damaged("the file has changed meanwhile")
        arrived.total_bytes = total
        self._reporter.tell("resumed", done_bytes=arrived.size_bytes, total_bytes=total)

    def _begin(self, arrived: _Arrived, incoming: Incoming) -> None:
        """Begin with the first byte, and write down what it belongs to."""
        self._places.drop_part()
        headers = incoming.head.headers
        length = headers.get("content-length", "")
        arrived.size_bytes = 0
        arrived.hashed = hashlib.sha256()
        arrived.total_bytes = int(length) if length.isdigit() and not incoming.is_encoded else None
        arrived.etag = "" if incoming.is_encoded else strong_etag(headers)
        arrived.sha256 = expected_sha256(headers, self._declared)
        if arrived.etag:
            self._write_note(arrived)

    def _write_note(self, arrived: _Arrived) -> None:
        note = Note(etag=arrived.etag, sha256=arrived.sha256 or "", size_bytes=arrived.total_bytes)
        try:
            self._places.note_part(note)
        except OSError as error:
            raise self._no_room(error, arrived) from error

    def _keep(self, arrived: _Arrived, incoming: Incoming) -> None:
        is_begun = arrived.size_bytes > 0
        try:
            file = os.fdopen(opened_for_writing(self._places.part, append=is_begun), "ab")
            with file:
                for chunk in incoming.chunks():
                    file.write(chunk)
                    arrived.hashed.update(chunk)
                    arrived.size_bytes += len(chunk)
                    self._reporter.tell(
                        "running",
                        done_bytes=arrived.size_bytes,
                        total_bytes=arrived.total_bytes,
                    )
        except OSError as error:
            if isinstance(error, AnomedClientError):
                raise
            raise self._no_room(error, arrived) from error

    def _no_room(self, error: OSError, arrived: _Arrived) -> AnomedClientError:
        needed = f"{arrived.total_bytes} bytes" if arrived.total_bytes else "its bytes"
        reason = "there is no room" if error.errno == errno.ENOSPC else f"{error.strerror}"
        return DownloadDamaged(
            f"{self._name} cannot be written to {self._places.folder}: {reason} for {needed}; "
            "choose another folder with Options(cache=...)."
        )

    def _finished(self, arrived: _Arrived) -> Note:
        if arrived.total_bytes is not None and arrived.size_bytes != arrived.total_bytes:
            raise _Damaged(f"{arrived.size_bytes} bytes came instead of {arrived.total_bytes}")
        found = arrived.hashed.hexdigest()
        if arrived.sha256 is not None and found != arrived.sha256:
            raise _Damaged(f"its SHA-256 is {found} instead of {arrived.sha256}")
        note = Note(
            etag=arrived.etag,
            sha256=found,
            size_bytes=arrived.size_bytes,
            verified=arrived.sha256 is not None,
        )
        self._places.finish(note)
        return note
