"""``GET /ranking``: who won, as JSON or as CSV."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import attrs
import falcon

from anomed_core.errors import InvalidParameterError
from anomed_core.model import Parameter, Split
from anomed_core.service import HostedChallenge
from anomed_core.service.parameters import checked_parameters
from anomed_core.service.ranking.rankings import MOST_ENTRIES
from anomed_core.service.ranking.table import as_csv
from anomed_core.service.server import Server
from anomed_core.web.query import read_query

_CSV = "text/csv"
_LONGEST = 100_000

RANKING_PARAMETERS = (
    Parameter(name="name", required=False, description="Only the ranking of this name."),
    Parameter(
        name="split",
        required=False,
        choices=(Split.VALIDATION.value, Split.TUNING.value),
        description="Finals, which is the default, or the newest tuning score of each participant.",
    ),
    Parameter(name="entry", required=False, description="Only the entries of this participant."),
    Parameter(
        name="at_most",
        required=False,
        description=f"How many entries of each ranking; {MOST_ENTRIES} without it.",
    ),
    Parameter(
        name="format",
        required=False,
        choices=("json", "csv"),
        description="The form of the answer; without it, what the request accepts.",
    ),
)


@attrs.frozen
class RankingResource:
    """Who won: the rankings of a challenge, the headline first."""

    hosted: HostedChallenge
    server: Server
    forms: ClassVar[tuple[str, ...]] = ("csv",)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the rankings, as far as they are shown to whoever asks."""
        query = checked_parameters(RANKING_PARAMETERS, read_query(req, RANKING_PARAMETERS))
        split = Split(query.get("split", Split.VALIDATION))
        self.server.authorizer.may_rank(
            self.hosted,
            req.context.identity,
            shown_from=self.server.seals.of_rankings(self.hosted),
            split=split,
        )
        wants_csv = _wants_csv(req, query.get("format", ""))
        asked = json.dumps([sorted(query.items()), wants_csv])
        moment = self.server.rankings.moment(self.hosted)
        etag = falcon.ETag(self.server.numbers.tag(f"{moment} {asked}"))
        resp.etag = etag
        resp.set_header("Cache-Control", "private, no-cache")
        resp.set_header("Vary", "Accept, Authorization")
        if any(tag in ("*", etag) for tag in req.if_none_match or ()):
            resp.status = falcon.HTTP_304
            return
        tables = self.server.rankings.tables(
            self.hosted,
            name=query.get("name", ""),
            split=split,
            at_most=_at_most(query.get("at_most", "")),
            entry=query.get("entry", ""),
        )
        tables = [table.with_numbers(self.server.numbers.told) for table in tables]
        if wants_csv:
            resp.content_type = f"{_CSV}; charset=utf-8"
            resp.text = as_csv(tables)
        else:
            resp.content_type = falcon.MEDIA_JSON
            resp.data = json.dumps([table.as_dict() for table in tables]).encode()

    on_head = on_get


def _wants_csv(req: falcon.Request, form: str) -> bool:
    if form:
        return form == "csv"
    return req.client_prefers((falcon.MEDIA_JSON, _CSV)) == _CSV


def _at_most(text: str) -> int:
    if not text:
        return MOST_ENTRIES
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= _LONGEST):
        raise InvalidParameterError(
            "at_most", f"got {text[:80]!r}; give a whole number from 1 to {_LONGEST}."
        )
    return int(text)


def described() -> dict[str, Any]:
    """Return the schema of the answer, for the OpenAPI document."""
    number = {"type": ["number", "null"]}
    entry = {
        "type": "object",
        "required": ["place", "state", "labels", "anonymizer", "deanonymizer", "values"],
        "properties": {
            "place": {"type": ["integer", "null"]},
            "state": {"type": "string"},
            "labels": {"type": "array", "items": {"type": "string"}},
            "anonymizer": {"type": "string"},
            "deanonymizer": {"type": "string"},
            "score": {"type": ["integer", "null"]},
            "first_score": {"type": "integer"},
            "values": {"type": "object", "additionalProperties": number},
            "n_attacks": {"type": "integer"},
            "worst_attack": {"type": ["object", "null"]},
        },
    }
    return {
        "type": "array",
        "items": {
            "type": "object",
            "required": [
                "challenge",
                "name",
                "title",
                "kind",
                "data_split",
                "columns",
                "n_entries",
                "names",
                "entries",
            ],
            "properties": {
                "challenge": {"type": "string"},
                "data_split": {"type": "string"},
                "name": {"type": "string"},
                "title": {"type": "string"},
                "kind": {"type": "string"},
                "columns": {"type": "array", "items": {"type": "object"}},
                "n_entries": {"type": "integer"},
                "names": {"type": "object", "additionalProperties": {"type": "string"}},
                "entries": {"type": "array", "items": entry},
            },
        },
    }
