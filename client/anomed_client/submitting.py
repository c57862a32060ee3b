"""Hand something in, so that it counts once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from anomed_client.access import Access
from anomed_client.answers import json_of
from anomed_client.description import Kind, Split, time_of
from anomed_client.downloads import read_arrays
from anomed_client.errors import ServerFailed, UsageError
from anomed_client.fetching import fetch
from anomed_client.http import Answer
from anomed_client.idempotency import random_key, submission_key
from anomed_client.jobs import ACCEPTED, Job, job_of
from anomed_client.payloads import Encoded, encode
from anomed_client.progress import Reporter
from anomed_client.refusals import not_ours
from anomed_client.results import Receipt, Score
from anomed_client.schemas import ArraysSchema

_ANSWER_S = 75.0
_BEYOND_THE_LIMIT_S = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A submission that has passed every check that can be made here."""

    kind: Kind
    split: Split
    parameters: Mapping[str, str]
    encoded: Encoded


def prepare(
    access: Access,
    payload: Any,
    *,
    split: Split,
    kind: Kind,
    target: str | None,
    more: Mapping[str, str],
) -> Prepared:
    """Check and encode a submission; nothing is sent.

    Raises
    ------
    UsageError
        With what is wrong and what would be right.
    """
    if split not in kind.schemas:
        raise UsageError(f"split is {split!r}; {kind.name} takes {' or '.join(kind.schemas)}.")
    parameters = access.parameters(kind, split=split, target=target, more=more)
    parameters |= kind.selector
    if access.server.published:
        _compare_with_download(access, payload, kind, parameters, split)
    encoded = encode(payload, kind.schemas[split])
    most = access.description.limits.body_bytes
    if most is not None and len(encoded.body) > most:
        raise UsageError(f"The payload has {len(encoded.body)} bytes; at most {most} are allowed.")
    return Prepared(kind=kind, split=split, parameters=parameters, encoded=encoded)


def send(access: Access, prepared: Prepared, *, repeat: bool = False) -> Score:
    """Send a submission and return what it comes to, however long that takes.

    Parameters
    ----------
    access
        Who submits to what server.
    prepared
        What is sent.
    repeat
        Whether it counts once more, if the same was submitted before.

    Raises
    ------
    AnomedClientError
        If it is refused, or if nothing comes back.
    """
    job = begin(access, prepared, repeat=repeat, headers={})
    return job.wait()


def begin(
    access: Access,
    prepared: Prepared,
    *,
    repeat: bool = False,
    headers: Mapping[str, str] = MappingProxyType({"Prefer": "respond-async"}),
) -> Job[Score]:
    """Send a submission, and return without its result where the server answers later.

    Parameters
    ----------
    access, prepared, repeat
        As for `send`.
    headers
        That say whether somebody waits.

    Raises
    ------
    AnomedClientError
        If it is refused, or if nothing comes back.
    """
    key = "" if access.server.published else _key(access, prepared, repeat=repeat)
    headers = {**headers, **({"Idempotency-Key": key} if key else {})}
    if prepared.encoded.content_type:
        headers["Content-Type"] = prepared.encoded.content_type
    reporter = Reporter(access.calls.progress, "evaluation", prepared.kind.name)
    uploads = Reporter(access.calls.progress, "upload", prepared.kind.name)
    total = len(prepared.encoded.body)
    answer_s = _answer_s(access)

    def once() -> Answer:
        return access.calls.connection.exchange(
            "POST",
            prepared.kind.path,
            parameters=prepared.parameters,
            headers=headers,
            body=prepared.encoded.body,
            sent=lambda n_bytes: uploads.tell("running", done_bytes=n_bytes, total_bytes=total),
            answer_s=answer_s,
        )

    reporter.tell("started")
    try:
        answer = access.calls.settled(
            once,
            name=prepared.kind.name,
            is_post=True,
            is_safe=bool(key),
            key=key,
            answer_s=answer_s,
        )
        job = _job(access, prepared, answer)
    except BaseException as error:
        reporter.tell("failed")
        if access.server.published and isinstance(error, ServerFailed):
            raise _with_usual_causes(error) from error
        raise
    reporter.tell("done")
    return job


def _job(access: Access, prepared: Prepared, answer: Answer) -> Job[Score]:
    """Return what will come of a submission, or has come of it."""
    name = prepared.kind.name

    def read(told: Answer) -> Score:
        return score_of(
            access,
            told,
            kind=prepared.kind,
            split=prepared.split,
            digest=prepared.encoded.digest,
        )

    if answer.status == ACCEPTED:
        return job_of(access.calls, answer, name=name, read=read)
    read(answer)  # so that nonsense is refused now
    return Job(access.calls, "", name=name, read=read, answer=answer)


def job_again(access: Access, told: Mapping[str, Any]) -> Job[Any]:
    """Return a job as the server tells it: of a submission its score, else what was answered."""
    kind = access.description.kinds.get(told.get("kind", ""))

    def read(answer: Answer) -> Any:
        if told.get("what") != "submission" or kind is None:
            return json_of(answer)
        return score_of(access, answer, kind=kind, split=told["data_split"], digest="")

    return Job(access.calls, str(told["id"]), name=str(told.get("kind", "")), read=read)


def _key(access: Access, prepared: Prepared, *, repeat: bool) -> str:
    if repeat:
        return random_key()
    return submission_key(
        challenge=access.description.id,
        fingerprint=access.description.fingerprint,
        kind=prepared.kind.name,
        parameters=prepared.parameters,
        digest=prepared.encoded.digest,
    )


def _answer_s(access: Access) -> float:
    if access.calls.options.answer_s is not None:
        return access.calls.options.answer_s
    limit_s = access.description.limits.evaluation_timeout_s
    return _ANSWER_S if limit_s is None else limit_s + _BEYOND_THE_LIMIT_S


def score_of(access: Access, answer: Answer, *, kind: Kind, split: Split, digest: str) -> Score:
    """Return what an answer says of a submission.

    Parameters
    ----------
    access
        Who submitted.
    answer
        With status 201.
    kind, split, digest
        Of what was submitted.

    Raises
    ------
    NotAnAnomedServer
        If it says nothing.
    """
    told = json_of(answer)
    if not isinstance(told, dict):
        raise not_ours(answer, proxy=access.calls.options.proxy)
    place = answer.headers.get("location", "")
    number = place.rpartition("/")[2]
    score_id = int(number) if number.isdigit() else None
    url = f"{access.calls.connection.url}/scores/{score_id}" if score_id is not None else None
    replayed = answer.headers.get("idempotency-replayed") == "true"
    opens_at = answer.headers.get("x-sealed-until") or told.get("opens_at")
    if opens_at or any(not isinstance(value, (int, float)) for value in told.values()):
        return Receipt(
            id=score_id,
            url=url,
            kind=kind.name,
            split=split,
            opens_at=time_of(opens_at),
            payload_sha256=str(told.get("payload_sha256") or digest),
            replayed=replayed,
        )
    remaining = answer.headers.get("x-attempts-remaining", "")
    return Score(
        metrics=told,
        id=score_id,
        url=url,
        kind=kind.name,
        split=split,
        primary=kind.primary,
        attempts_remaining=int(remaining) if remaining.isdigit() else None,
        attempts_reset=time_of(answer.headers.get("x-attempts-reset")),
        replayed=replayed,
    )


def _compare_with_download(
    access: Access, payload: Any, kind: Kind, parameters: Mapping[str, str], split: Split
) -> None:
    """Compare lengths with what is answered: the published server says nothing about them."""
    path = kind.answers.get(split)
    is_array = isinstance(kind.schemas[split], ArraysSchema) and not isinstance(
        payload, (bytes, Path)
    )
    if path is None or not is_array:
        return
    product = access.product(path)
    query = {name: value for name, value in parameters.items() if product.takes(name)}
    known = (product.path, tuple(sorted(query.items())))
    if known not in access.n_rows:
        access.n_rows[known] = len(read_arrays(fetch(access, product, query))["X"])
    values = payload.get("prediction") if isinstance(payload, Mapping) else payload
    found = np.asarray(values).shape
    if found != (access.n_rows[known],):
        raise UsageError(
            f"The prediction has shape {found}; expected ({access.n_rows[known]},), one value for "
            f"each record of {product.path}."
        )


def _with_usual_causes(error: ServerFailed) -> ServerFailed:
    """Name what the published server answers with a failure and no reason."""
    return ServerFailed(
        f"{error.sentence} The published server fails without a reason on wrong lengths, on NaN, "
        "on attacks that are not bool, and where it cannot reach its platform.",
        status=error.status,
        title=error.title,
        method=error.method,
        url=error.url,
        request_id=error.request_id,
    )
