"""The archive over HTTP: what one has asked, and was answered."""

from __future__ import annotations

import json

import attrs
import falcon

from anomed_core.errors import UnknownResourceError
from anomed_core.ledger import Entry
from anomed_core.model import ANONYMIZER, DEANONYMIZER, Parameter, Role, Subject
from anomed_core.service import HostedChallenge
from anomed_core.service.acting import with_own_id
from anomed_core.service.archived_calls import entry_as_json
from anomed_core.service.parameters import checked_parameters
from anomed_core.service.server import Server
from anomed_core.web.attempts import number_of
from anomed_core.web.query import read_query

AFTER = Parameter(
    name="after",
    required=False,
    description="Number of the last entry that was seen; those behind it follow.",
)
ARCHIVE_PARAMETERS = (
    *(attrs.evolve(p, required=False) for p in (ANONYMIZER, DEANONYMIZER)),
    AFTER,
)
_PAGE = 200
_PLAYERS = (Role.ANONYMIZER, Role.DEANONYMIZER)


@attrs.frozen
class ArchiveResource:
    """``GET /archive``: one's own calls, oldest first; an organiser's are everybody's."""

    hosted: HostedChallenge
    server: Server

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send a page of entries; bodies are told by their digests."""
        identity = req.context.identity
        given = read_query(req, ARCHIVE_PARAMETERS)
        query = with_own_id(given, identity, self.hosted, _PLAYERS)
        chosen = checked_parameters(ARCHIVE_PARAMETERS, query)
        entries = self.server.archive.entries(
            self.hosted,
            _subject(chosen),
            identity,
            after=number_of(AFTER, chosen.get(AFTER.name, "0")),
            limit=_PAGE + 1,
        )
        page = entries[:_PAGE]
        following = page[-1].id if len(entries) > len(page) else None
        _send(resp, {"entries": [entry_as_json(entry) for entry in page], "next": following})

    on_head = on_get


@attrs.frozen
class EntryResource:
    """``GET /archive/N``: a call of one's own."""

    hosted: HostedChallenge
    server: Server

    def on_get(self, req: falcon.Request, resp: falcon.Response, number: int) -> None:
        """Send what is known of the call."""
        entry = self.server.archive.one(self.hosted, number, req.context.identity)
        _send(resp, entry_as_json(entry))

    on_head = on_get


@attrs.frozen
class ArchivedBodyResource:
    """``GET /archive/N/request`` and ``/answer``: the bytes of a call of one's own."""

    hosted: HostedChallenge
    server: Server
    name: str

    def on_get(self, req: falcon.Request, resp: falcon.Response, number: int) -> None:
        """Send the bytes as they are archived."""
        entry: Entry = self.server.archive.one(self.hosted, number, req.context.identity)
        kept = entry.request if self.name == "request" else entry.answer
        content = self.server.archive.content(entry, kept)
        if content is None:
            raise UnknownResourceError(
                f"There is no {self.name} of the call {number}, or it is not kept any more."
            )
        resp.set_header("Cache-Control", "private, no-store")
        resp.content_type = kept.media_type
        resp.data = content

    on_head = on_get


def _subject(chosen: dict[str, str]) -> Subject | None:
    """Return whose calls are asked for; nobody's in particular if nobody is named."""
    anonymizer, deanonymizer = (
        chosen.get(name, "") for name in (ANONYMIZER.name, DEANONYMIZER.name)
    )
    if deanonymizer:
        return Subject(role=Role.DEANONYMIZER, anonymizer=anonymizer, deanonymizer=deanonymizer)
    return Subject(role=Role.ANONYMIZER, anonymizer=anonymizer) if anonymizer else None


def _send(resp: falcon.Response, told: object) -> None:
    resp.content_type = falcon.MEDIA_JSON
    resp.set_header("Cache-Control", "private, no-store")
    resp.data = json.dumps(told).encode()
