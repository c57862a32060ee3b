"""Operations of an OpenAPI document that are about jobs."""

from __future__ import annotations

from typing import Any

from anomed_core.service import HostedChallenge
from anomed_core.web.jobs import AUDIT_PARAMETERS
from anomed_core.web.openapi_parts import json_answer, operation_id, parameter_object, refusals

PREFER = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "respond-async asks to be answered with a job (RFC 7240).",
}

_TEXT = {"type": "string"}
_TIME = {"type": "string", "format": "date-time"}
_JOB = {
    "type": "object",
    "properties": {
        "id": _TEXT,
        "what": {"enum": ["submission", "operation", "audit"]},
        "kind": _TEXT,
        "anonymizer": _TEXT,
        "deanonymizer": _TEXT,
        "data_split": {"type": ["string", "null"]},
        "state": {"enum": ["queued", "running", "done", "failed", "cancelled"]},
        "created_at": _TIME,
        "updated_at": _TIME,
        "expires_at": {"type": ["string", "null"], "format": "date-time"},
        "result": _TEXT,
    },
    "required": ["id", "state", "result"],
}
_ID = {"name": "job_id", "in": "path", "required": True, "schema": _TEXT}


def accepted() -> dict[str, Any]:
    """Describe the answer that a job will do what was asked for."""
    headers = {name: {"schema": _TEXT} for name in ("Location", "Retry-After")}
    return {**json_answer("Accepted; a job at the location does it.", _JOB), "headers": headers}


def job_paths(hosted: HostedChallenge, base: str) -> dict[str, Any]:
    """Return the operations about jobs by their paths.

    Parameters
    ----------
    hosted
        The challenge.
    base
        URL path below which its routes are.
    """

    def named(verb: str, path: str, summary: str, **more: Any) -> dict[str, Any]:
        identifier = operation_id(hosted, base, verb=verb, path=path)
        return {"operationId": identifier, "summary": summary, "parameters": [_ID], **more}

    told = json_answer("The job.", _JOB)
    result = "What came of it, with the status that the answer would have had."
    return {
        f"{base}/jobs/{{job_id}}": {
            "get": named(
                "get",
                "/job",
                "Ask how far a job of one's own is.",
                responses={"200": told, **refusals(401, 403, 404)},
            ),
            "delete": named(
                "delete",
                "/job",
                "End a job of one's own; its attempt is free again.",
                responses={"200": told, **refusals(401, 403, 404)},
            ),
        },
        f"{base}/jobs/{{job_id}}/result": {
            "get": named(
                "get",
                "/job-result",
                "Ask what came of a job: the answer that waiting would have brought.",
                responses={
                    "201": json_answer(result, {"type": "object"}),
                    **refusals(401, 403, 404, 409, 422, 503, 504, 507),
                },
            ),
        },
        f"{base}/audits": {
            "post": named(
                "post",
                "/audits",
                "Let the house attack an anonymizer, for organisers.",
                parameters=[parameter_object(parameter) for parameter in AUDIT_PARAMETERS],
                responses={"202": accepted(), **refusals(400, 401, 403, 422, 429, 503)},
            )
        },
    }
