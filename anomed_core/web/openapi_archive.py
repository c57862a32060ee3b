"""Operations of an OpenAPI document that are about the archive."""

from __future__ import annotations

from typing import Any

from anomed_core.service import HostedChallenge
from anomed_core.web.archive import ARCHIVE_PARAMETERS
from anomed_core.web.openapi_parts import json_answer, operation_id, parameter_object, refusals

_NUMBER = {
    "name": "number",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}


def archive_paths(hosted: HostedChallenge, base: str) -> dict[str, Any]:
    """Return the operations about the archive by their paths.

    Parameters
    ----------
    hosted
        The challenge.
    base
        URL path below which its routes are.
    """

    def got(path: str, summary: str, parameters: list[Any], answer: dict[str, Any]) -> Any:
        return {
            "get": {
                "operationId": operation_id(hosted, base, verb="get", path=path),
                "summary": summary,
                "parameters": parameters,
                "responses": {"200": answer, **refusals(400, 401, 403, 404)},
            }
        }

    document = {"type": "object"}
    bytes_ = {"description": "The bytes.", "content": {"*/*": {}}}
    listed = [parameter_object(parameter) for parameter in ARCHIVE_PARAMETERS]
    one = f"{base}/archive/{{number}}"
    return {
        f"{base}/archive": got(
            "/archive",
            "One's own paid calls, oldest first.",
            listed,
            json_answer("Entries, without their bodies.", document),
        ),
        one: got(
            "/archive-entry",
            "A paid call of one's own.",
            [_NUMBER],
            json_answer("What is known of it.", document),
        ),
        f"{one}/request": got(
            "/archive-request", "What was asked, as it is archived.", [_NUMBER], bytes_
        ),
        f"{one}/answer": got(
            "/archive-answer", "What was answered, byte for byte.", [_NUMBER], bytes_
        ),
    }
