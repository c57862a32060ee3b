"""``/accounts``: what a participant has left to ask with, and how it ends that for ever."""

from __future__ import annotations

import json

import attrs
import falcon

from anomed_core.errors import MissingParameterError
from anomed_core.model import ANONYMIZER, DEANONYMIZER, Account, Role, Subject
from anomed_core.service import HostedChallenge
from anomed_core.service.accounts import account_as_json, account_of, accounts_of, seal
from anomed_core.service.acting import with_own_id
from anomed_core.service.parameters import checked_parameters
from anomed_core.service.server import Server
from anomed_core.web.query import read_query

PARAMETERS = tuple(attrs.evolve(one, required=False) for one in (ANONYMIZER, DEANONYMIZER))
_PLAYERS = (Role.ANONYMIZER, Role.DEANONYMIZER)


@attrs.frozen
class AccountsResource:
    """``GET /accounts``: how the accounts of one participant stand."""

    hosted: HostedChallenge
    server: Server

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the accounts of whoever the query names; a pair's, if it names both.

        With a token, the token's own id may be left out.
        """
        subject = _subject(req, self.hosted)
        self.server.authorizer.may_see(self.hosted, subject, req.context.identity)
        _send(
            resp,
            {
                "anonymizer": subject.anonymizer,
                "deanonymizer": subject.deanonymizer,
                "now": self.server.ledger.now().isoformat(),
                "accounts": [
                    _told(self.server, self.hosted, account, subject)
                    for account in accounts_of(self.hosted, subject)
                ],
            },
        )

    on_head = on_get


@attrs.frozen
class SealResource:
    """``POST /accounts/NAME/seal``: its holder closes an account for ever."""

    hosted: HostedChallenge
    server: Server

    def on_post(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Seal the account and send how it stands; a sealed one stays so."""
        subject = _subject(req, self.hosted)
        self.server.authorizer.may_seal(self.hosted, subject, req.context.identity)
        account = account_of(self.hosted, subject, name)
        seal(self.hosted, account, subject, self.server.ledger)
        _send(resp, _told(self.server, self.hosted, account, subject))


def _subject(req: falcon.Request, hosted: HostedChallenge) -> Subject:
    query = with_own_id(read_query(req, PARAMETERS), req.context.identity, hosted, _PLAYERS)
    chosen = checked_parameters(PARAMETERS, query)
    if not chosen:
        raise MissingParameterError(ANONYMIZER.name)
    deanonymizer = chosen.get(DEANONYMIZER.name, "")
    return Subject(
        role=Role.DEANONYMIZER if deanonymizer else Role.ANONYMIZER,
        anonymizer=chosen.get(ANONYMIZER.name, ""),
        deanonymizer=deanonymizer,
    )


def _told(
    server: Server, hosted: HostedChallenge, account: Account, subject: Subject
) -> dict[str, object]:
    return account_as_json(account, server.ledger.budgets.of(hosted.id, account, subject))


def _send(resp: falcon.Response, told: object) -> None:
    resp.content_type = falcon.MEDIA_JSON
    resp.set_header("Cache-Control", "private, no-store")
    resp.data = json.dumps(told).encode()
