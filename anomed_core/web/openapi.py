"""OpenAPI 3.1, derived from what challenges declare."""

from __future__ import annotations

from typing import Any

from anomed_core.model import DataProduct, JSONSchema
from anomed_core.service import HostedChallenge
from anomed_core.service.description import schema_as_json
from anomed_core.version import __version__
from anomed_core.web.attempts import PARAMETERS
from anomed_core.web.openapi_access import access
from anomed_core.web.openapi_accounts import described_accounts
from anomed_core.web.openapi_archive import archive_paths
from anomed_core.web.openapi_calls import described_operation
from anomed_core.web.openapi_jobs import job_paths
from anomed_core.web.openapi_parts import document, operation_id, parameter_object, refusals
from anomed_core.web.openapi_submissions import submission
from anomed_core.web.ranking import RANKING_PARAMETERS, described


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
        "/livez": {"get": document("Whether the process answers.")},
        "/readyz": {"get": _ready()},
        "/metrics": {"get": _metrics_page()},
        "/challenges": {"get": document("The challenges of this server.")},
    }
    for base, hosted in challenges.items():
        for product in hosted.products.values():
            paths[base + product.path] = {
                "get": _product(product, hosted, base),
                "head": _product_head(product, hosted, base),
            }
        for path in dict.fromkeys(kind.path for kind in hosted.kinds):
            paths[base + path] = {"post": submission(hosted, base, path)}
        for operation in hosted.operations:
            paths[base + operation.path] = described_operation(operation, hosted, base)
        paths |= described_accounts(hosted, base)
        for path in ("/attempts", "/team"):
            paths[f"{base}{path}"] = {"get": _attempts(hosted, base, path)}
        paths |= job_paths(hosted, base)
        paths |= archive_paths(hosted, base)
        paths[f"{base}/targets"] = {"get": _targets(hosted, base)}
        paths[f"{base}/attacks"] = {"get": _attacks(hosted, base)}
        paths |= access(hosted, base)
        paths[f"{base}/challenge.json"] = {"get": document("What the challenge says about itself.")}
        paths[f"{base}/ranking"] = {"get": _ranking(hosted, base)}
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
                        "code": {"type": "string"},
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


def _ready() -> dict[str, Any]:
    ready = document("Whether the ledger can be written and every challenge is healthy.")
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
            **refusals(401, 403),
        },
    }


def _attempts(hosted: HostedChallenge, base: str, path: str) -> dict[str, Any]:
    attempts = document("A participant's own history, remaining attempts and phases, in UTC.")
    attempts["operationId"] = operation_id(hosted, base, verb="get", path=path)
    attempts["parameters"] = [parameter_object(parameter) for parameter in PARAMETERS]
    attempts["responses"] |= refusals(400, 401, 403)
    return attempts


def _targets(hosted: HostedChallenge, base: str) -> dict[str, Any]:
    targets = document("The anonymizers that can be attacked, and for which splits.")
    targets["operationId"] = operation_id(hosted, base, verb="get", path="/targets")
    content = targets["responses"]["200"]["content"]["application/json"]
    content["schema"] = {"type": "array", "items": {"type": "object"}}
    targets["responses"] |= refusals(401, 403)
    return targets


def _attacks(hosted: HostedChallenge, base: str) -> dict[str, Any]:
    attacks = document("Whom one can attack, and what one has done already.")
    attacks["operationId"] = operation_id(hosted, base, verb="get", path="/attacks")
    content = attacks["responses"]["200"]["content"]
    content["application/json"]["schema"] = {"type": "array", "items": {"type": "object"}}
    content["text/csv"] = {"schema": {"type": "string"}}
    attacks["responses"] |= refusals(401, 403)
    return attacks


def _ranking(hosted: HostedChallenge, base: str) -> dict[str, Any]:
    return {
        "operationId": operation_id(hosted, base, verb="get", path="/ranking"),
        "summary": "Who won: the rankings of the challenge, the headline first.",
        "parameters": [parameter_object(parameter) for parameter in RANKING_PARAMETERS],
        "responses": {
            "200": {
                "description": "The rankings.",
                "content": {
                    "application/json": {"schema": described()},
                    "text/csv": {"schema": {"type": "string"}},
                },
            },
            "304": {"description": "Not changed since the given ETag."},
            **refusals(400, 401, 403, 404),
        },
    }


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
            **refusals(401, 403, 404),
        },
    }


def _product(product: DataProduct, hosted: HostedChallenge, base: str) -> dict[str, Any]:
    schema = (
        dict(product.schema.schema)
        if isinstance(product.schema, JSONSchema)
        else {"type": "string", "format": "binary", "x-anomed": schema_as_json(product.schema)}
    )
    content = {product.schema.media_type: {"schema": schema}}
    responses: dict[str, Any] = {"200": {"description": product.description, "content": content}}
    if product.static:
        responses["206"] = {"description": "The range that was asked for.", "content": content}
        responses["304"] = {"description": "Not modified since the given ETag."}
        responses |= refusals(401, 403, 416)
    else:
        responses["206"] = {"description": "The range that was asked for.", "content": content}
        responses["304"] = {"description": "Not modified since the given ETag."}
        responses |= refusals(400, 401, 403, 416, 422)
    return {
        "operationId": operation_id(hosted, base, verb="get", path=product.path),
        "summary": product.description,
        "parameters": [parameter_object(parameter) for parameter in product.parameters],
        "responses": responses,
        "x-anomed-audience": sorted(role.value for role in product.audience),
    }


def _product_head(product: DataProduct, hosted: HostedChallenge, base: str) -> dict[str, Any]:
    get = _product(product, hosted, base)
    return {
        **get,
        "operationId": operation_id(hosted, base, verb="head", path=product.path),
        "responses": {
            status: {"description": response["description"]}
            for status, response in get["responses"].items()
            if status not in {"206", "416"}
        },
    }
