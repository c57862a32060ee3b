"""Parts that an OpenAPI document repeats."""

from __future__ import annotations

from typing import Any

from anomed_core.model import ArraysSchema, FormSchema, JSONSchema, Parameter, TextSchema
from anomed_core.service import HostedChallenge
from anomed_core.service.parameters import IDENTIFIER

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 255},
    "description": "A repeated request with the same key gets the recorded answer.",
}
"""How a request is repeated without counting twice."""

_ERROR = {"$ref": "#/components/schemas/Error"}
_REFUSALS = {
    400: "A parameter or an expected part is missing, or the body is not of its format.",
    401: "A token is required.",
    403: "The subject may not do this.",
    408: "The body arrived too slowly.",
    409: "The final has been scored before, or is being evaluated now.",
    411: "The request announces no Content-Length.",
    413: "The body, or what it would unpack to, is too large.",
    422: "The submission does not fit what was asked for; it costs no attempt.",
    429: "No attempt is left in this period.",
    503: "The evaluation failed on our side; the attempt is free again.",
    504: "The evaluation took too long; the attempt is free again.",
    507: "There is no room left to record the score.",
}


def content_schema(schema: Any, *, described: Any) -> dict[str, Any]:
    """Return the schema of a body.

    Parameters
    ----------
    schema
        What it decodes to.
    described
        What is said about a file, beyond JSON Schema.
    """
    if isinstance(schema, FormSchema):
        properties = {
            part.name: {"type": "string"}
            if isinstance(part.schema, TextSchema)
            else {"type": "string", "format": "binary"}
            for part in schema.parts
        }
        required = [part.name for part in schema.parts if part.required]
        return {"type": "object", "properties": properties, "required": required}
    if isinstance(schema, JSONSchema):
        return dict(schema.schema)
    form_name = "An npz" if isinstance(schema, ArraysSchema) else "A parquet"
    return {
        "type": "string",
        "format": "binary",
        "description": f"{form_name} file.",
        "x-anomed": described,
    }


def operation_id(hosted: HostedChallenge, base: str, *, verb: str, path: str) -> str:
    """Return an id that no other operation of the document has."""
    scope = f"{hosted.id}-" if base else ""
    return f"{scope}{verb}{path.replace('/', '-')}"


def parameter_object(parameter: Parameter) -> dict[str, Any]:
    """Describe a query parameter."""
    schema: dict[str, Any] = {"type": "string"}
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    elif parameter.name in {"anonymizer", "deanonymizer"}:
        schema["pattern"] = f"^{IDENTIFIER.pattern}$"
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "schema": schema,
        "description": parameter.description,
    }


def json_answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Describe an answer that is a JSON document."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def refusals(*statuses: int) -> dict[str, Any]:
    """Describe the answers that refuse a request, by status."""
    more = {404: "There is none.", 416: "The range lies outside the file."}
    return {
        str(status): {
            "description": _REFUSALS.get(status) or more[status],
            "content": {"application/json": {"schema": _ERROR}},
        }
        for status in statuses
    }


def document(summary: str) -> dict[str, Any]:
    """Describe a route that answers with a JSON document."""
    return {
        "summary": summary,
        "responses": {
            "200": {
                "description": summary,
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
    }
