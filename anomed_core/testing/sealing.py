"""Seal what must be sealed before, as whoever plays would."""

from __future__ import annotations

from collections.abc import Mapping

from anomed_core.model import AccountState, Role, Subject
from anomed_core.service.accounts import seal
from anomed_core.testing.client import ChallengeClient


def seal_for(client: ChallengeClient, name: str, query: Mapping[str, str]) -> None:
    """Seal an account of whoever a request names, unless it is sealed.

    Parameters
    ----------
    client
        The served challenge.
    name
        Of the account; empty for none.
    query
        Parameters of the request that needs it.
    """
    if not name:
        return
    deanonymizer = query.get("deanonymizer", "")
    subject = Subject(
        role=Role.DEANONYMIZER if deanonymizer else Role.ANONYMIZER,
        anonymizer=query.get("anonymizer", ""),
        deanonymizer=deanonymizer,
    )
    account, ledger = client.hosted.accounts[name], client.server.ledger
    if ledger.budgets.of(client.hosted.id, account, subject).state is not AccountState.SEALED:
        seal(client.hosted, account, subject, ledger)
