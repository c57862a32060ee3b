"""Ask an anonymizer over HTTP, as an attacker does, and trust nothing that it sends."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

import httpx
import numpy as np

from anomed_core import SubmissionRejected, decode_npz, encode_npz

_TIMEOUT_S = 30.0
_LARGEST_ANSWER_BYTES = 64 * 2**20


class AnonymizerUnavailableError(RuntimeError):
    """The anonymizer did not answer, or not with a prediction that fits each record."""


def refuse_foreign_url(url: str, allowed_hosts: Collection[str]) -> None:
    """Refuse a URL that the server may not be sent to.

    Parameters
    ----------
    url
        As the participant gave it.
    allowed_hosts
        ``host`` or ``host:port``, as the organiser listed them.

    Raises
    ------
    SubmissionRejected
        If it is no plain HTTP URL, or of another host.
    """
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme in {"http", "https"} and parts.username is None
        host, port = parts.hostname or "", parts.port
    except ValueError:
        is_plain, host, port = False, "", None
    if not is_plain or not ({host, f"{host}:{port}"} & set(allowed_hosts)):
        raise SubmissionRejected(
            f"predict_url is {url[:120]!r}; allowed are http URLs at {', '.join(allowed_hosts)}."
        )


def ask(url: str, X: np.ndarray) -> np.ndarray:
    """Ask an anonymizer for predictions.

    Parameters
    ----------
    url
        Of its ``/predict``.
    X
        Features of shape (n_records, ...).

    Returns
    -------
    ndarray
        Labels of shape (n_records,), or probabilities of shape (n_records, n_classes).

    Raises
    ------
    AnonymizerUnavailableError
        If it does not answer in time, answers too much, or not one prediction for each record.
    """
    try:
        body = _post(url, encode_npz({"X": X}))
        prediction = decode_npz(body, ["prediction"]).get("prediction")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise AnonymizerUnavailableError(f"{url} gave no prediction: {error}") from error
    if prediction is None or prediction.ndim not in {1, 2} or len(prediction) != len(X):
        raise AnonymizerUnavailableError(f"{url} did not give one prediction for each record")
    return prediction


def _post(url: str, content: bytes) -> bytes:
    with (
        httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False) as client,
        client.stream("POST", url, content=content) as answer,
    ):
        if not answer.is_success:
            raise AnonymizerUnavailableError(f"{url} answered {answer.status_code}")
        body = bytearray()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > _LARGEST_ANSWER_BYTES:
                raise AnonymizerUnavailableError(f"{url} answers too much")
    return bytes(body)
