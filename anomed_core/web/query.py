"""Read a request's query, one value for each declared parameter, and its idempotency key."""

from __future__ import annotations

from collections.abc import Sequence

import falcon

from anomed_core.errors import InvalidParameterError
from anomed_core.model import Parameter

_LONGEST_KEY = 255


def read_query(req: falcon.Request, declared: Sequence[Parameter]) -> dict[str, str]:
    """Return the declared parameters of a query; unknown ones are tolerated.

    Raises
    ------
    InvalidParameterError
        If a declared one is given more than once.
    """
    query: dict[str, str] = {}
    for parameter in declared:
        value = req.params.get(parameter.name, "")
        if isinstance(value, list):
            raise InvalidParameterError(
                parameter.name, f"it is given {len(value)} times; give it once."
            )
        query[parameter.name] = value
    return query


def read_replay_key(req: falcon.Request) -> str | None:
    """Return a request's idempotency key, if it has one.

    Raises
    ------
    InvalidParameterError
        If it is too long.
    """
    key: str | None = req.get_header("Idempotency-Key")
    if key is not None and len(key) > _LONGEST_KEY:
        raise InvalidParameterError(
            "Idempotency-Key",
            f"it has {len(key)} characters; at most {_LONGEST_KEY} are allowed.",
        )
    return key
