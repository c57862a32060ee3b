"""Read a request's query: one value for each declared parameter."""

from __future__ import annotations

from collections.abc import Sequence

import falcon

from anomed_core.errors import InvalidParameterError
from anomed_core.model import Parameter


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
