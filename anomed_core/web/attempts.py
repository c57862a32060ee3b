"""``GET /attempts``: what participants may know about their own past and future."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs
import falcon

from anomed_core.errors import InvalidParameterError, MissingParameterError
from anomed_core.ledger import Attempt, Choice
from anomed_core.model import ANONYMIZER, DEANONYMIZER, Parameter, Role, Subject
from anomed_core.service import HostedChallenge
from anomed_core.service.acting import with_own_id
from anomed_core.service.description import phases_as_json
from anomed_core.service.outlook import outlook_of
from anomed_core.service.parameters import checked_parameters
from anomed_core.service.server import Server
from anomed_core.service.told_numbers import ATTEMPTS
from anomed_core.web.query import read_query

AFTER = Parameter(
    name="after",
    required=False,
    description="Number of the last attempt that was seen; those behind it follow.",
)
PARAMETERS = (*(attrs.evolve(p, required=False) for p in (ANONYMIZER, DEANONYMIZER)), AFTER)
_PAGE = 500
_PLAYERS = (Role.ANONYMIZER, Role.DEANONYMIZER)


@attrs.frozen
class AttemptsResource:
    """History, remaining attempts, when quotas reset, and phases of one participant, in UTC."""

    hosted: HostedChallenge
    server: Server
    base: str

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the history of the participant that the query names.

        With a token, the token's own id may be left out. A deanonymizer that names no anonymizer
        gets all its pairs; what is left is told for one pair alone, as each has its own.
        """
        given = read_query(req, PARAMETERS)
        query = with_own_id(given, req.context.identity, self.hosted, _PLAYERS)
        chosen = checked_parameters(PARAMETERS, query)
        subject = _subject(chosen)
        self.server.authorizer.may_see(self.hosted, subject, req.context.identity)
        has_every_pair = not subject.anonymizer
        history = self.server.ledger.attempts(
            challenge=self.hosted.id,
            subject=subject,
            choice=Choice(
                every_pair=has_every_pair,
                after=self._after(chosen.get(AFTER.name, "")),
                limit=_PAGE + 1,
            ),
        )
        page = history[:_PAGE]
        kinds = [k for k in self.hosted.kinds if k.submitter is subject.role]
        if has_every_pair:
            kinds = []
        resp.content_type = falcon.MEDIA_JSON
        resp.set_header("Cache-Control", "private, no-store")
        resp.data = json.dumps(
            {
                "anonymizer": subject.anonymizer,
                "deanonymizer": subject.deanonymizer,
                "now": self.server.ledger.now().isoformat(),
                "attempts": [self._attempt(attempt, req.root_path) for attempt in page],
                "next": self._told(page[-1]) if len(history) > len(page) else None,
                "kinds": {kind.name: self._outlook(kind.name, subject) for kind in kinds},
                "phases": phases_as_json(self.hosted.phases),
            }
        ).encode()

    on_head = on_get

    def _told(self, attempt: Attempt) -> int:
        return self.server.numbers.told(attempt.id, ATTEMPTS)

    def _after(self, told: str) -> int:
        return self.server.numbers.meant(number_of(AFTER, told), ATTEMPTS) if told else 0

    def _attempt(self, attempt: Attempt, root: str) -> dict[str, Any]:
        score = None
        if attempt.score_id:
            score = f"{root}{self.base}/scores/{self.server.numbers.told(attempt.score_id)}"
        return {
            "id": self._told(attempt),
            "kind": attempt.kind,
            "anonymizer": attempt.subject.anonymizer,
            "deanonymizer": attempt.subject.deanonymizer,
            "data_split": attempt.split.value,
            "state": attempt.state,
            "reason": attempt.reason,
            "score": score,
            "claimed_at": attempt.claimed_at.isoformat(),
            "settled_at": attempt.settled_at.isoformat() if attempt.settled_at else None,
        }

    def _outlook(self, kind: str, subject: Subject) -> dict[str, Any]:
        outlook = outlook_of(
            self.server.ledger,
            challenge=self.hosted.id,
            kind=kind,
            subject=subject,
            quota=self.server.submissions.quota,
        )
        resets_at = outlook.resets_at
        return {
            "final": outlook.final,
            "tuning_remaining": outlook.tuning_remaining,
            "resets_at": resets_at.isoformat() if resets_at else None,
        }


def _subject(chosen: Mapping[str, str]) -> Subject:
    """Return whose history is asked for."""
    deanonymizer = chosen.get(DEANONYMIZER.name, "")
    if not deanonymizer and ANONYMIZER.name not in chosen:
        raise MissingParameterError(ANONYMIZER.name)
    return Subject(
        role=Role.DEANONYMIZER if deanonymizer else Role.ANONYMIZER,
        anonymizer=chosen.get(ANONYMIZER.name, ""),
        deanonymizer=deanonymizer,
    )


def number_of(parameter: Parameter, text: str) -> int:
    """Return the number that a parameter gives.

    Raises
    ------
    InvalidParameterError
        If it is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise InvalidParameterError(parameter.name, f"got {text[:80]!r}; give a number.")
    return int(text)


_MOST_DIGITS = 18
