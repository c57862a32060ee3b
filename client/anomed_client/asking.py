"""What a participant asks a challenge: calls of operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from io import BytesIO
from typing import Any
from urllib.parse import quote

from anomed_client.access import Access, Identity
from anomed_client.accounts import Account, account_of
from anomed_client.answers import json_of
from anomed_client.described import Described
from anomed_client.description import Operation, Split
from anomed_client.downloads import arrays_of, table_of
from anomed_client.errors import UsageError
from anomed_client.http import Answer
from anomed_client.jobs import ACCEPTED, job_of
from anomed_client.payloads import Encoded, encode
from anomed_client.schemas import ArraysSchema, DocumentSchema, TableSchema

_NOTHING = Encoded(body=b"", digest="")


class Asking(Described):
    """The part of a challenge that is asked for answers."""

    def call(
        self,
        operation: str,
        payload: Any = None,
        *,
        split: Split | None = None,
        name: str | None = None,
        target: str | None = None,
        **parameters: str,
    ) -> Any:
        """Call an operation and wait for its answer.

        Parameters
        ----------
        operation
            Its name.
        payload
            What it asks for, as for `submit`; nothing if it takes nothing.
        split, target
            What it is about, where it depends on that.
        name
            Under which name; that of `connect`, if it is not given.
        **parameters
            Of the challenge's own.

        Returns
        -------
        Any
            A JSON value, `Arrays` or a data frame, as the operation declares; the bytes of what
            this release cannot read.

        Raises
        ------
        UsageError
            Before anything is sent.
        Refused
            If the server refuses.
        AnomedClientError
            If nothing comes back, or the server fails.
        """
        access = self._named(name)
        asked = access.operation(operation)
        query = access.parameters(asked, split=split, target=target, more=parameters)
        answer = _answer(access, asked, query, _encoded(asked, payload))
        if answer.status != ACCEPTED:
            return read_answer(answer, asked)
        job = job_of(access.calls, answer, name=operation, read=partial(read_answer, asked=asked))
        return job.wait()

    def query(
        self, dataset: str, *, library: str = "counts", name: str | None = None, **query: Any
    ) -> Any:
        """Ask a hidden table a question, and pay for the answer.

        For challenges with an operation ``query``, such as those of the type ``dp-query``.

        Parameters
        ----------
        dataset
            Name of the table.
        library
            Who answers.
        name
            Under which name; that of `connect`, if it is not given.
        **query
            What the library reads, such as ``by=["sex"], epsilon="0.1"``.

        Returns
        -------
        Any
            As `call`: for ``dp-query``, ``result``, ``price`` with its parts, and ``lines``.

        Raises
        ------
        UsageError, Refused, AnomedClientError
            As `call` does.
        """
        return self.call("query", _question(dataset, library, query), name=name)

    def price(
        self, dataset: str, *, library: str = "counts", name: str | None = None, **query: Any
    ) -> Any:
        """Ask what a `query` would cost, part by part; nothing is paid."""
        return self.call("price", _question(dataset, library, query), name=name)

    def accounts(
        self, *, name: str | None = None, target: str | None = None
    ) -> Mapping[str, Account]:
        """Return how one's accounts stand, by name.

        Parameters
        ----------
        name
            Whose; that of `connect`, if it is not given.
        target
            Those for questions about this anonymizer.

        Raises
        ------
        NotSupported
            If the server has none.
        """
        access = self._named(name)
        access.require("accounts", "what is left of accounts")
        told = access.calls.get_json("/accounts", parameters=self._holder(access, target))
        return {one["name"]: account_of(one) for one in told["accounts"]}

    def seal(self, account: str, *, name: str | None = None, target: str | None = None) -> Account:
        """Close an account for ever: nothing is taken from it any more.

        Parameters
        ----------
        account
            Its name.
        name, target
            As for `accounts`.

        Raises
        ------
        Refused
            If there is none of this name, or others share it.
        """
        access = self._named(name)
        access.require("accounts", "what is left of accounts")
        query = self._holder(access, target)
        path = f"/accounts/{quote(account, safe='')}/seal"

        def once() -> Answer:
            return access.calls.connection.exchange("POST", path, parameters=query)

        return account_of(json_of(access.calls.settled(once, name=path, is_post=True)))

    def _holder(self, access: Access, target: str | None) -> dict[str, str]:
        """Return whose accounts are meant, as a query."""
        if access.me is None:
            raise UsageError('Whose accounts? Say connect(..., name="...") or name="...".')
        role = "deanonymizer" if target is not None else access.me.role or "anonymizer"
        query = {role: access.me.name_as(role)}
        return query | ({"anonymizer": target} if target is not None else {})

    def _named(self, name: str | None) -> Access:
        if name is None:
            return self._access
        role = self.me.role if self.me is not None else ""
        return replace(self._access, me=Identity(name=name, role=role))


def _question(dataset: str, library: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a query; exact numbers go as texts."""
    told = {key: str(one) if isinstance(one, Decimal) else one for key, one in query.items()}
    return {"dataset": dataset, "library": library, "query": told}


def _encoded(asked: Operation, payload: Any) -> Encoded:
    if asked.request is not None:
        return encode(payload, asked.request)
    if payload is not None:
        raise UsageError(f"{asked.name} takes no payload; leave it out.")
    return _NOTHING


def _answer(access: Access, asked: Operation, query: dict[str, str], encoded: Encoded) -> Answer:
    headers = {"Content-Type": encoded.content_type} if encoded.content_type else {}

    def once() -> Answer:
        return access.calls.connection.exchange(
            asked.method,
            asked.path,
            parameters=query,
            headers=headers,
            body=encoded.body if asked.method == "POST" else None,
        )

    # A call that costs something is not sent again: it would be paid twice.
    is_free = not asked.accounts
    is_post = asked.method == "POST"
    return access.calls.settled(once, name=asked.name, is_post=is_post, is_safe=is_free)


def read_answer(answer: Answer, asked: Operation) -> Any:
    """Return what an operation has answered.

    Raises
    ------
    DownloadDamaged
        If it is not what the operation declares.
    MissingExtra
        If it is a table, and pandas is not installed.
    """
    if isinstance(asked.answer, DocumentSchema):
        return json_of(answer)
    if isinstance(asked.answer, ArraysSchema):
        return arrays_of(BytesIO(answer.body), None)
    if isinstance(asked.answer, TableSchema):
        return table_of(BytesIO(answer.body))
    return answer.body
