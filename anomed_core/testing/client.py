"""A participant for tests: anomed-client's connection to a served challenge, without a socket."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import httpx
import numpy as np
from anomed_client import Options
from anomed_client.forms import encode_form
from anomed_client.http import Connection
from structlog.testing import capture_logs

from anomed_core.errors import AnomedError, ServiceError
from anomed_core.model import Parameter, Split, SubmissionKind
from anomed_core.service.encoding import encode_body
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.server import Server
from anomed_core.state.payloads import Body
from anomed_core.web import create_web_app

ANONYMIZER_ID = "test-anonymizer"
DEANONYMIZER_ID = "test-deanonymizer"
_ACCEPTED = 202


@attrs.frozen(kw_only=True)
class Answer:
    """What the server answered.

    Attributes
    ----------
    status
        HTTP status code.
    body
        Bytes of the body.
    headers
        With names in lower case.
    failure
        What the server's log says about a failure of ours, in one line; empty for all else.
    """

    status: int
    body: bytes = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(repr=False)
    failure: str = ""

    @property
    def json(self) -> Any:
        """The body, decoded as JSON."""
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        """Why a request was refused or failed, in one line."""
        try:
            told = self.json["description"]
        except (ValueError, KeyError, TypeError):
            told = self.body[:200].decode(errors="replace")
        return self.failure or str(told)


class AnswerError(AssertionError):
    """The server answered otherwise than the caller relies on.

    Parameters
    ----------
    request
        Method and path.
    answer
        What came.
    """

    def __init__(self, request: str, answer: Answer) -> None:
        super().__init__(f"{request} was answered with {answer.status}: {answer.reason}")
        self.answer = answer


class ChallengeClient:
    """Asks and submits as participants do.

    Parameters
    ----------
    server
        An open server.
    challenge_id
        One of its challenges.
    anonymizer
        Identifier of the anonymizer that it plays, or attacks.
    token
        Of whom it plays, where the server asks for tokens.
    """

    def __init__(
        self,
        server: Server,
        challenge_id: str,
        *,
        anonymizer: str = ANONYMIZER_ID,
        token: str | None = None,
    ) -> None:
        self.server = server
        self.anonymizer = anonymizer
        self.hosted: HostedChallenge = server.challenges[challenge_id]
        app: Any = create_web_app(server, access_log=False)
        options = Options(transport=httpx.WSGITransport(app=app))
        url = f"http://server/challenges/{challenge_id}"
        self._connection = Connection(url, token=token, options=options)

    def get(self, path: str, **query: str) -> Answer:
        """Get a path below the challenge."""
        return self.request("GET", path, query=query)

    def get_arrays(self, path: str, **query: str) -> dict[str, np.ndarray]:
        """Get a data product that is an npz file.

        Parameters
        ----------
        path
            Path of the product.
        **query
            Its parameters.

        Returns
        -------
        dict of str to ndarray

        Raises
        ------
        AnswerError
            If the answer is not 200.
        """
        with np.load(io.BytesIO(self._content(path, query)), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}

    def get_table(self, path: str, **query: str) -> Any:
        """Get a data product that is a table, as a ``pandas.DataFrame``; see `get_arrays`."""
        import pandas as pd

        return pd.read_parquet(io.BytesIO(self._content(path, query)))

    def get_json(self, path: str, **query: str) -> Any:
        """Get a JSON document; see `get_arrays`."""
        return json.loads(self._content(path, query))

    def _content(self, path: str, query: Mapping[str, str]) -> bytes:
        answer = self.get(path, **query)
        if answer.status != 200:
            raise AnswerError(f"GET {path}", answer)
        return answer.body

    def submit(self, kind: str, payload: Any, **query: str) -> Answer:
        """Submit a payload and return whatever is answered.

        Parameters
        ----------
        kind
            Name of the submission kind.
        payload
            As `anomed_core.Baseline` makes it: arrays by name, a table, a JSON value, or a mapping
            of a form's parts to those. Bytes are sent as they are.
        **query
            Parameters; those that are required and not given get a value: ids of test participants
            and the first choice, which is ``data_split="tuning"``.

        Returns
        -------
        Answer
            201 with the metrics if it was scored.
        """
        declared = self.hosted.kind(kind)
        chosen = default_query(declared) | query
        split = Split(chosen.get("data_split", declared.default_split or Split.TUNING))
        body = encode_body(payload, declared.schema_for(split))
        return self.request("POST", declared.path, query=chosen, body=body)

    def call(self, operation: str, payload: Any = None, **query: str) -> Answer:
        """Call an operation and return whatever is answered.

        Parameters
        ----------
        operation
            Its name.
        payload
            As its request is declared; nothing if it takes nothing.
        **query
            Parameters; those that are required and not given get a value, as for `submit`.

        Returns
        -------
        Answer
            200 with the answer, if there is one.
        """
        declared = self.hosted.operation(operation)
        body = b"" if declared.request is None else encode_body(payload, declared.request)
        chosen = filled_in(declared.query, {}) | query
        return self.request(declared.method, declared.path, query=chosen, body=body)

    def score(self, kind: str, payload: Any, **query: str) -> dict[str, float]:
        """Submit a payload that must be scored and return its metrics.

        Raises
        ------
        AnswerError
            If the answer is not 201.

        See also `submit`.
        """
        answer = self.submit(kind, payload, **query)
        if answer.status != 201:
            raise AnswerError(f"POST {self.hosted.kind(kind).path}", answer)
        metrics: dict[str, float] = answer.json
        return metrics

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Body = b"",
        headers: Mapping[str, str] | None = None,
        waits: bool = True,
    ) -> Answer:
        """Send a request to a path below the challenge; what is answered later is waited for.

        Parameters
        ----------
        method
            HTTP method.
        path
            Begins with a slash.
        query
            Query parameters.
        body
            Bytes, or the parts of a form.
        headers
            Further ones.
        waits
            Whether to do a job that is to answer it, and to return what came of that.
        """
        headers = dict(headers or {})
        if not isinstance(body, bytes):
            body, headers["Content-Type"] = encode_form(body)
        with capture_logs() as lines:
            told = self._connection.exchange(
                method, path, parameters=query, headers=headers, body=body
            )
            if told.status == _ACCEPTED and waits:
                told = self._waited_for(told.headers["location"].rpartition("/")[2])
        return Answer(
            status=told.status,
            body=told.body,
            headers=told.headers,
            failure=_failure(lines) if told.status >= 500 else "",
        )

    def _waited_for(self, job: str) -> Any:
        """Do jobs until this one has ended, as a server does in the background."""
        while (
            json.loads(self._connection.exchange("GET", f"/jobs/{job}").body)["state"] == "queued"
        ):
            self.server.job_worker.do_one(lambda: False)
        return self._connection.exchange("GET", f"/jobs/{job}/result")


def default_query(kind: SubmissionKind) -> dict[str, str]:
    """Return a value for each required parameter of a submission kind, and its selector."""
    return filled_in(kind.parameters, {}) | dict([kind.selector] if kind.selector else [])


def filled_in(parameters: Iterable[Parameter], known: Mapping[str, str]) -> dict[str, str]:
    """Return a value for each identifier, for what is known, and for what is required."""
    known = {"anonymizer": ANONYMIZER_ID, "deanonymizer": DEANONYMIZER_ID, **known}
    return {
        parameter.name: known.get(parameter.name, (*parameter.choices, "1")[0])
        for parameter in parameters
        if parameter.required or parameter.name in known
    }


def _failure(lines: list[Any]) -> str:
    """Return what was logged about a failure of ours, with the plugin that caused it."""
    for line in lines:
        error = line.get("exc_info")
        if isinstance(error, Exception):
            return described(error)
    return ""


def described(error: BaseException) -> str:
    """Return an exception as one line: its first cause, and notes about where it happened."""
    while isinstance(error, ServiceError) and error.__cause__ is not None:
        error = error.__cause__
    notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
    told = f"{error}" if isinstance(error, AnomedError) else f"{type(error).__name__}: {error}"
    return " ".join(f"{told}{notes}".split())
