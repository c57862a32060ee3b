"""The archive of calls: what was asked and answered, whose it is, and how long it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import attrs

from anomed_core.errors import UnknownResourceError
from anomed_core.ledger import ArchivedBody, ArchiveEntry, Entry, Identity, KeptBody, Ledger
from anomed_core.model import Operation, Payload, Role, Subject
from anomed_core.service.acting import acting_grant, own_id
from anomed_core.service.answering import Asking
from anomed_core.service.archived_calls import content_of
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.identities import Authorizer
from anomed_core.service.submissions import stored
from anomed_core.state.filed_bodies import FiledBodies
from anomed_core.state.payloads import Body
from anomed_core.wire.digests import canonical_json

_JSON = "application/json"
_BYTES = "application/octet-stream"
_STEPS = 24
"""Into so many steps retention is divided: as often, bodies are retired."""


@attrs.frozen(kw_only=True)
class Archive:
    """Keeps calls and tells them to whom they belong.

    Attributes
    ----------
    ledger
        Holds the rows.
    bodies
        Holds what is too large for them.
    authorizer
        Knows who asks.
    kept_s
        Seconds that bodies are kept; 0 for as long as the ledger.
    """

    ledger: Ledger
    bodies: FiledBodies
    authorizer: Authorizer
    kept_s: float = 0.0

    def entry(
        self, operation: Operation, asking: Asking, body: Body | None, answer: bytes | None
    ) -> ArchiveEntry:
        """Return what is archived of a call.

        Parameters
        ----------
        operation
            What was called.
        asking
            How.
        body
            As it came.
        answer
            As it is sent; ``None`` if it is lost.
        """
        told = None
        if answer is not None:
            told = ArchivedBody(content=answer, media_type=operation.answer.media_type)
        subject = asking.subject
        return ArchiveEntry(
            challenge=asking.challenge,
            operation=operation.name,
            subject=None if subject.role is Role.PUBLIC else subject,
            parameters=asking.parameters,
            request=_request(operation, asking.payload, body),
            answer=told,
        )

    def lost(self, operation: Operation, asking: Asking, body: Body | None) -> ArchiveEntry:
        """Return what is archived of a call whose answer never came to be."""
        entry = self.entry(operation, asking, body, None)
        if entry.request is None or not entry.filed:
            return entry
        # It was not filed, and what has failed may be the disk.
        return attrs.evolve(entry, request=None, request_digest=entry.request.digest)

    def file(self, claim_id: int, entry: ArchiveEntry) -> None:
        """Write what is no part of the row, durably, before the entry is recorded.

        Raises
        ------
        LedgerFullError
            If there is no room.
        """
        for body in entry.filed:
            stored(partial(self.bodies.keep, str(claim_id), body.content))

    def content(self, entry: Entry, body: KeptBody) -> bytes | None:
        """Return a body of an entry; ``None`` if there was none, or it is kept no longer."""
        return content_of(self.bodies, entry, body)

    def entries(
        self,
        hosted: HostedChallenge,
        subject: Subject | None,
        identity: Identity | None,
        *,
        after: int,
        limit: int,
    ) -> Sequence[Entry]:
        """Return entries of a subject; of everybody for an organiser who names nobody.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
            If they are somebody else's.
        """
        if subject is None:
            self.authorizer.organiser(hosted, identity, "read archive")
            return self.ledger.entries(hosted.id, after=after, limit=limit)
        self.authorizer.may_see(hosted, subject, identity)
        return self.ledger.entries(
            hosted.id, role=subject.role, holder=own_id(subject), after=after, limit=limit
        )

    def one(self, hosted: HostedChallenge, number: int, identity: Identity | None) -> Entry:
        """Return an entry of whoever asks, or any one for an organiser.

        Raises
        ------
        UnknownResourceError
            If there is none of this number, or it is somebody else's, which nobody else learns.
        NotAuthenticatedError, NotAllowedError
            Without a token of this challenge, whatever the number.
        """
        self.authorizer.grants(hosted, identity)
        entry = self.ledger.entry(hosted.id, number)
        grant = acting_grant(identity, hosted)
        is_organisers = grant is not None and grant.role is Role.ORGANISER
        if entry is None or not (is_organisers or self._is_own(hosted, entry, identity)):
            raise UnknownResourceError(f"There is no call {number} of yours in the archive.")
        return entry

    def _is_own(self, hosted: HostedChallenge, entry: Entry, identity: Identity | None) -> bool:
        if entry.subject is None:
            return self.authorizer.trusts_ids
        return self.authorizer.is_holder(
            hosted, identity, entry.subject.role, own_id(entry.subject)
        )

    def retire(self) -> int:
        """Remove bodies that were kept for long enough; return of how many calls."""
        if not self.kept_s:
            return 0
        now, step_s = self.ledger.now(), self.kept_s / _STEPS
        # In steps, since each leaves a row in the audit.
        passed_s = now.timestamp() % step_s
        before = now - timedelta(seconds=self.kept_s + passed_s)
        claims = self.ledger.retire_archive(before)
        for claim in claims:
            self.bodies.remove(str(claim))
        return len(claims)

    def sweep(self) -> None:
        """Remove what was filed for entries that never were recorded."""
        there = [int(name) for name in self.bodies.owners() if name.isdigit()]
        if there:
            self.bodies.sweep({str(claim) for claim in self.ledger.archived(there)})


def _request(operation: Operation, payload: Payload, body: Body | None) -> ArchivedBody | None:
    """Return what was asked: of JSON the canonical text, of all else the bytes that came."""
    if operation.request is None or body is None:
        return None
    if operation.request.media_type == _JSON:
        return ArchivedBody(content=canonical_json(payload).encode())
    if not isinstance(body, bytes):  # a form: its parts in the order of their names
        parts = {name: part.hex() for name, part in sorted(body.items())}
        return ArchivedBody(content=canonical_json(parts).encode(), media_type="multipart/hex")
    return ArchivedBody(content=body, media_type=operation.request.media_type or _BYTES)
