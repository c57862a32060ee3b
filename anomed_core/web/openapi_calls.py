"""What an OpenAPI document says about operations."""

from __future__ import annotations

from typing import Any

from anomed_core.model import Operation, Role
from anomed_core.service import HostedChallenge
from anomed_core.service.description import schema_as_json
from anomed_core.web.openapi_jobs import PREFER, accepted
from anomed_core.web.openapi_parts import (
    IDEMPOTENCY_KEY,
    content_schema,
    operation_id,
    parameter_object,
    refusals,
)

_PAID = {
    "X-Claim": {
        "schema": {"type": "integer"},
        "description": "Number of the claim that paid for the answer.",
    },
    "X-Remaining": {
        "schema": {"type": "string"},
        "description": "What is left of what it was paid from, as account/resource=amount.",
    },
}


def described_operation(
    operation: Operation, hosted: HostedChallenge, base: str
) -> dict[str, dict[str, Any]]:
    """Describe how to call an operation, by its method."""
    verb = operation.method.lower()
    described: dict[str, Any] = {
        "operationId": operation_id(hosted, base, verb=verb, path=operation.path),
        "summary": operation.description,
        "parameters": [parameter_object(parameter) for parameter in operation.query],
        "responses": {
            "200": {"description": "The answer.", "content": _content(operation.answer)},
            **refusals(400, 401, 403, 422, 429, 503, 504),
        },
        "x-anomed-audience": sorted(role.value for role in operation.audience),
    }
    if operation.method == "POST" and not operation.cheap and not _is_public(operation):
        described["responses"]["202"] = accepted()
        described["parameters"] += [] if operation.long else [PREFER]
    if operation.price is not None:
        described["parameters"].append(IDEMPOTENCY_KEY)
        described["responses"]["200"]["headers"] = _PAID
        described["responses"] |= refusals(409, 507)
    if operation.request is not None:
        described["requestBody"] = {"required": True, "content": _content(operation.request)}
        described["responses"] |= refusals(408, 411, 413)
    return {verb: described}


def _is_public(operation: Operation) -> bool:
    return operation.audience == {Role.PUBLIC}


def _content(schema: Any) -> dict[str, Any]:
    content = content_schema(schema, described=schema_as_json(schema))
    return {schema.media_type: {"schema": content}}
