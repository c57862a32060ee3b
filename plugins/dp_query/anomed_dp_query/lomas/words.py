"""Errors as Lomas words them: one body for all dialects.

Clients of 0.3 read the last key, named like the type; later ones ``type`` and ``message``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

INVALID = "InvalidQueryException"
UNAUTHORIZED = "UnauthorizedAccessException"
EXTERNAL = "ExternalLibraryException"
INTERNAL = "InternalServerException"

STATUS = {INVALID: 400, UNAUTHORIZED: 403, EXTERNAL: 422, INTERNAL: 500}
"""HTTP status of each type."""

LIBRARIES = {
    "opendp": "opendp",
    "smartnoise-sql": "smartnoise_sql",
    "diffprivlib": "diffprivlib",
    "smartnoise-synth": "smartnoise_synth",
}
"""Names of libraries here, and as Lomas spells them."""

AFTERWARDS = "The query failed after its price was paid; its amount is spent."
"""What is said of every failure after rows were touched, whatever it was."""


@attrs.frozen(kw_only=True)
class LomasError:
    """An error on Lomas' wire.

    Attributes
    ----------
    type
        One of the four.
    message
        One sentence; empty for a failure of ours of which nothing is told.
    library
        Of an error in a library's words: which, as Lomas spells it.
    """

    type: str
    message: str = ""
    library: str = ""

    @property
    def status(self) -> int:
        """HTTP status."""
        return STATUS[self.type]

    def document(self) -> dict[str, Any]:
        """Return the body."""
        told = {"type": self.type}
        if self.library:
            told["library"] = self.library
        if self.message:
            told |= {"message": self.message}
        return {**told, self.type: self.message}

    def details(self) -> dict[str, str]:
        """Return what a refusal carries to be written as this error."""
        return {"type": self.type, "library": self.library}


def unknown_user(name: str) -> LomasError:
    """Return the error for a user who has no valid token; an empty name is none."""
    return LomasError(
        type=UNAUTHORIZED,
        message=f"User {name or None} does not exist. Please, verify the client object "
        "initialisation.",
    )


def no_access(name: str, dataset: str) -> LomasError:
    """Return the error for somebody who was granted nothing of a dataset."""
    return LomasError(type=UNAUTHORIZED, message=f"{name} does not have access to {dataset}.")


def unknown_dataset(dataset: str) -> LomasError:
    """Return the error for a dataset that there is not."""
    return LomasError(
        type=INVALID,
        message=f"Dataset {dataset} does not exist. Please, verify the client object "
        "initialisation.",
    )


def over_budget(epsilon: float, delta: float) -> LomasError:
    """Return the error for a query that costs more than is left."""
    return LomasError(
        type=INVALID,
        message=f"Not enough budget for this query epsilon remaining {epsilon}, "
        f"delta remaining {delta}.",
    )


def not_offered(route: str) -> LomasError:
    """Return the error for a route whose library is not there."""
    return LomasError(type=INVALID, message=f"{route} is not offered here.")


def error_of(
    *, status: int, code: str, sentence: str, details: Mapping[str, str], claimed: str
) -> LomasError:
    """Return the error that a refusal of the server's is on this wire, but for budgets.

    Parameters
    ----------
    status, code, sentence, details, claimed
        As the server's refusal has them: who the client says it is, too.
    """
    if details.get("type") in STATUS:
        return LomasError(
            type=details["type"], message=sentence, library=details.get("library", "")
        )
    if code in {"not_authenticated", "missing_parameter"} or (code == "not_allowed" and claimed):
        return unknown_user(claimed)
    if status in {401, 403} or code == "account_sealed":
        return LomasError(type=UNAUTHORIZED, message=sentence)
    if status < 500:
        return LomasError(type=INVALID, message=sentence)
    is_afterwards = code in {"evaluation_failed", "evaluation_timeout"}
    return LomasError(type=INTERNAL, message=AFTERWARDS if is_afterwards else "")
