"""Whether a JSON document fits its declared JSON Schema, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LONGEST_REASON = 200
"""Characters; a reason quotes the document, which may be long."""


def misfit(value: Any, schema: Mapping[str, Any]) -> str:
    """Say where a document does not fit.

    Parameters
    ----------
    value
        A decoded document.
    schema
        JSON Schema (draft 2020-12); an empty one is fitted by everything.

    Returns
    -------
    str
        The place in the document and what is wrong there; empty if it fits.

    Examples
    --------
    >>> schema = {"type": "object", "properties": {"epsilon": {"minimum": 0}}}
    >>> misfit({"epsilon": -1}, schema)
    '$.epsilon: -1 is less than the minimum of 0'
    >>> misfit({"epsilon": 1}, schema)
    ''
    """
    if not schema:
        return ""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(schema).iter_errors(value))
    if error is None:
        return ""
    reason = error.message
    if len(reason) > _LONGEST_REASON:
        reason = f"{reason[: _LONGEST_REASON // 2]} ... {reason[-_LONGEST_REASON // 2 :]}"
    return f"{error.json_path[:_LONGEST_REASON]}: {reason}"
