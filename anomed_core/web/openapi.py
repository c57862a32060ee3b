"""OpenAPI 3.1, derived from what challenges declare."""

from __future__ import annotations

from typing import Any

import attrs

from anomed_core.model import (
    ANONYMIZER,
    DEANONYMIZER,
    ArraysSchema,
    DataProduct,
    FormSchema,
    JSONSchema,
    Metric,
    Parameter,
    SubmissionKind,
    TextSchema,
)
from anomed_core.service import HostedChallenge
from anomed_core.service.description import metric_as_json, schema_as_json
from anomed_core.service.parameters import IDENTIFIER
from anomed_core.version import __version__

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


def openapi(challenges: dict[str, HostedChallenge]) -> dict[str, Any]:
    """Return the OpenAPI document of challenges.

    Parameters
    ----------
    challenges
        By the URL path below which their routes are.

    Returns
    -------
    dict
        An OpenAPI 3.1 document.
    """
    titles = " · ".join(hosted.challenge.title for hosted in challenges.values())
    paths: dict[str, Any] = {
        "/": {"get": _alive(), "head": {"responses": {"200": {"description": "Alive."}}}},
        "/livez": {"get": _document("Whether the process answers.")},
        "/readyz": {"get": _ready()},
        "/metrics": {"get": _metrics_page()},
    }
    for base, hosted in challenges.items():
        for product in hosted.products.values():
            paths[base + product.path] = {
                "get": _product(product, hosted, base),
                "head": _product_head(product, hosted, base),
            }
        for kind in hosted.kinds:
            paths[base + kind.path] = {"post": _kind(kind, hosted, base)}
        paths[f"{base}/challenge.json"] = {
            "get": _document("What the challenge says about itself.")
        }
        paths[f"{base}/scores/{{score_id}}"] = {"get": _score(hosted, base)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": titles or "Challenge server",
            "version": __version__,
            "description": "A server for privacy challenges. npz bodies are NumPy archives without "
            "pickle; tables are parquet.",
        },
        "paths": paths,
        "components": {
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["title"],
                    "properties": {
                        "title": {"type": "string"},
                        "description": {"type": "string"},
                        "request_id": {"type": "string"},
                    },
                }
            },
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _alive() -> dict[str, Any]:
    message = {"type": "object", "properties": {"message": {"const": "Challenge server is alive!"}}}
    return {
        "operationId": "alive",
        "summary": "Ask whether the server is alive.",
        "responses": {
            "200": {
                "description": "It is.",
                "content": {
                    "application/json": {"schema": message},
                    "text/html": {"schema": {"type": "string"}},
                },
            }
        },
    }


def _document(summary: str) -> dict[str, Any]:
    return {
        "summary": summary,
        "responses": {
            "200": {
                "description": summary,
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
    }


def _ready() -> dict[str, Any]:
    ready = _document("Whether the ledger can be written and every challenge is healthy.")
    ready["responses"]["503"] = {
        "description": "It is not ready; the answer says why.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
    return ready


def _metrics_page() -> dict[str, Any]:
    return {
        "summary": "What has been counted, in Prometheus' text format.",
        "responses": {
            "200": {
                "description": "The counts of all workers.",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            },
            **_refusals(401, 403),
        },
    }


def _attempts() -> dict[str, Any]:
    attempts = _document("A participant's own history, remaining attempts and phases, in UTC.")
    attempts["parameters"] = [
        _parameter(ANONYMIZER),
        _parameter(attrs.evolve(DEANONYMIZER, required=False)),
    ]
    attempts["responses"] |= _refusals(400, 401, 403)
    return attempts


def _score(hosted: HostedChallenge, base: str) -> dict[str, Any]:
    return {
        "operationId": f"{hosted.id}{base and '-'}score",
        "summary": "Read a recorded score.",
        "parameters": [
            {
                "name": "score_id",
                "in": "path",
                "required": True,
                "schema": {"type": "integer", "minimum": 1},
            }
        ],
        "responses": {
            "200": {
                "description": "The score.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            **_refusals(401, 403, 404),
        },
    }


def _operation_id(hosted: HostedChallenge, base: str, verb: str, path: str) -> str:
    scope = f"{hosted.id}-" if base else ""
    return f"{scope}{verb}{path.replace('/', '-')}"


def _product(product: DataProduct, hosted: HostedChallenge, base: str) -> dict[str, Any]:
    content = (
        {"application/json": {"schema": dict(product.schema.schema)}}
        if isinstance(product.schema, JSONSchema)
        else {
            "application/octet-stream": {
                "schema": {
                    "type": "string",
                    "format": "binary",
                    "x-anomed": schema_as_json(product.schema),
                }
            }
        }
    )
    responses: dict[str, Any] = {"200": {"description": product.description, "content": content}}
    if product.static:
        responses["206"] = {"description": "The range that was asked for.", "content": content}
        responses["304"] = {"description": "Not modified since the given ETag."}
        responses |= _refusals(401, 403, 416)
    else:
        responses |= _refusals(400, 401, 403, 422)
    return {
        "operationId": _operation_id(hosted, base, "get", product.path),
        "summary": product.description,
        "parameters": [_parameter(parameter) for parameter in product.parameters],
        "responses": responses,
        "x-anomed-audience": sorted(role.value for role in product.audience),
    }


def _product_head(product: DataProduct, hosted: HostedChallenge, base: str) -> dict[str, Any]:
    get = _product(product, hosted, base)
    return {
        **get,
        "operationId": _operation_id(hosted, base, "head", product.path),
        "responses": {
            status: {"description": response["description"]}
            for status, response in get["responses"].items()
            if status not in {"206", "416"}
        },
    }


def _kind(kind: SubmissionKind, hosted: HostedChallenge, base: str) -> dict[str, Any]:
    return {
        "operationId": _operation_id(hosted, base, "post", kind.path),
        "summary": kind.description,
        "parameters": [
            *(_parameter(parameter) for parameter in kind.parameters),
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "maxLength": 255},
                "description": "A repeated request with the same key gets the recorded answer.",
            },
        ],
        "requestBody": {"required": True, "content": _body(kind)},
        "responses": {
            "201": {
                "description": "Scored and recorded.",
                "headers": {"Location": {"schema": {"type": "string"}}},
                "content": {"application/json": {"schema": _metrics(hosted.metrics[kind.name])}},
            },
            **_refusals(400, 401, 403, 408, 409, 411, 413, 422, 429, 503, 504, 507),
        },
    }


def _body(kind: SubmissionKind) -> dict[str, Any]:
    schemas = {split.value: kind.schema_for(split) for split in kind.splits}
    first = next(iter(schemas.values()))
    if isinstance(first, FormSchema):
        properties = {
            part.name: {"type": "string"}
            if isinstance(part.schema, TextSchema)
            else {"type": "string", "format": "binary"}
            for part in first.parts
        }
        required = [part.name for part in first.parts if part.required]
        form = {"type": "object", "properties": properties, "required": required}
        return {"multipart/form-data": {"schema": form}}
    if isinstance(first, JSONSchema):
        return {"application/json": {"schema": dict(first.schema)}}
    described = {split: schema_as_json(schema) for split, schema in schemas.items()}
    form_name = "npz" if isinstance(first, ArraysSchema) else "parquet"
    return {
        "application/octet-stream": {
            "schema": {
                "type": "string",
                "format": "binary",
                "description": f"An {form_name} file.",
                "x-anomed": described,
            }
        }
    }


def _metrics(metrics: tuple[Metric, ...]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for metric in metrics:
        facts = metric_as_json(metric)
        properties[metric.name] = {
            "type": "number",
            "description": metric.definition,
            **({"minimum": facts["low"]} if facts["low"] is not None else {}),
            **({"maximum": facts["high"]} if facts["high"] is not None else {}),
        }
    return {
        "type": "object",
        "properties": properties,
        "required": [metric.name for metric in metrics],
        "additionalProperties": False,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
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


def _refusals(*statuses: int) -> dict[str, Any]:
    more = {404: "There is none.", 416: "The range lies outside of the file."}
    return {
        str(status): {
            "description": _REFUSALS.get(status) or more[status],
            "content": {"application/json": {"schema": _ERROR}},
        }
        for status in statuses
    }
