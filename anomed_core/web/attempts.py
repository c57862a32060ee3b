"""``GET /attempts``: what participants may know about their own past and future."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import attrs
import falcon

from anomed_core.ledger import Attempt
from anomed_core.model import ANONYMIZER, DEANONYMIZER, Role, Split, Subject
from anomed_core.service import HostedChallenge
from anomed_core.service.identities import with_own_id
from anomed_core.service.parameters import checked_parameters
from anomed_core.service.server import Server
from anomed_core.web.query import read_query

_PARAMETERS = (ANONYMIZER, attrs.evolve(DEANONYMIZER, required=False))


@attrs.frozen
class AttemptsResource:
    """History, remaining attempts, when quotas reset, and phases of one subject, in UTC."""

    hosted: HostedChallenge
    server: Server
    base: str

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the history of the subject that the query names.

        With a token, the token's own id may be left out.
        """
        subject = self._subject(req)
        self.server.authorizer.may_see(self.hosted, subject, req.context.identity)
        history = self.server.ledger.attempts(challenge=self.hosted.id, subject=subject)
        kinds = [k for k in self.hosted.kinds if k.submitter is subject.role]
        resp.content_type = falcon.MEDIA_JSON
        resp.set_header("Cache-Control", "private, no-store")
        resp.data = json.dumps(
            {
                "anonymizer": subject.anonymizer,
                "deanonymizer": subject.deanonymizer,
                "now": self.server.ledger.now().isoformat(),
                "attempts": [self._attempt(attempt) for attempt in history],
                "kinds": {kind.name: self._outlook(kind.name, subject, history) for kind in kinds},
                "phases": {
                    split.value: {
                        "opens": phase.opens.isoformat() if phase.opens else None,
                        "closes": phase.closes.isoformat() if phase.closes else None,
                    }
                    for split, phase in self.hosted.phases.items()
                },
            }
        ).encode()

    on_head = on_get

    def _subject(self, req: falcon.Request) -> Subject:
        query = with_own_id(read_query(req, _PARAMETERS), req.context.identity)
        chosen = checked_parameters(_PARAMETERS, query)
        deanonymizer = chosen.get("deanonymizer", "")
        return Subject(
            role=Role.DEANONYMIZER if deanonymizer else Role.ANONYMIZER,
            anonymizer=chosen["anonymizer"],
            deanonymizer=deanonymizer,
        )

    def _attempt(self, attempt: Attempt) -> dict[str, Any]:
        return {
            "id": attempt.id,
            "kind": attempt.kind,
            "data_split": attempt.split.value,
            "state": attempt.state,
            "reason": attempt.reason,
            "score": f"{self.base}/scores/{attempt.score_id}" if attempt.score_id else None,
            "claimed_at": attempt.claimed_at.isoformat(),
            "settled_at": attempt.settled_at.isoformat() if attempt.settled_at else None,
        }

    def _outlook(self, kind: str, subject: Subject, history: Sequence[Attempt]) -> dict[str, Any]:
        used = {
            attempt.state
            for attempt in history
            if attempt.kind == kind and attempt.split is Split.VALIDATION
        }
        final = "scored" if "scored" in used else "claimed" if "claimed" in used else "open"
        quota = self.server.submissions.quota
        if quota is None:
            return {"final": final, "tuning_remaining": None, "resets_at": None}
        remaining, resets_at = self.server.ledger.remaining(
            challenge=self.hosted.id, kind=kind, subject=subject, quota=quota
        )
        return {
            "final": final,
            "tuning_remaining": remaining,
            "resets_at": resets_at.isoformat(),
        }
