"""Keys by which a server knows a submission again."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping

_SCHEME = "c1"
"""Changes whenever equal submissions would get other keys."""


def submission_key(
    *, challenge: str, fingerprint: str, kind: str, parameters: Mapping[str, str], digest: str
) -> str:
    """Return the key of a submission: equal submissions have equal ones.

    So a cell that was interrupted and runs again, a second process, and a crash between answer and
    note get the recorded score instead of spending another attempt.

    Parameters
    ----------
    challenge, fingerprint
        Which challenge, and which data and metrics.
    kind, parameters
        What is submitted, by and against whom, for which split.
    digest
        Of the payload, part by part, so that a form's boundary does not matter.

    Examples
    --------
    >>> facts = {"challenge": "iris", "fingerprint": "f", "kind": "anonymizer"}
    >>> one = submission_key(**facts, parameters={"a": "1", "b": "2"}, digest="d")
    >>> one == submission_key(**facts, parameters={"b": "2", "a": "1"}, digest="d")
    True
    >>> one == submission_key(**facts, parameters={"a": "1", "b": "3"}, digest="d")
    False
    """
    hashed = hashlib.sha256()
    for part in (challenge, fingerprint, kind, *_pairs(parameters), digest):
        encoded = part.encode()
        hashed.update(len(encoded).to_bytes(8, "big") + encoded)
    return f"{_SCHEME}-{base64.urlsafe_b64encode(hashed.digest()).decode().rstrip('=')}"


def random_key() -> str:
    """Return a key that no other request has: the same payload counts once more."""
    return f"r1-{secrets.token_urlsafe(24)}"


def _pairs(parameters: Mapping[str, str]) -> list[str]:
    return [text for pair in sorted(parameters.items()) for text in pair]
