"""What an OpenAPI document says about accounts."""

from __future__ import annotations

from typing import Any

from anomed_core.service import HostedChallenge
from anomed_core.web.accounts import PARAMETERS
from anomed_core.web.openapi_parts import operation_id, parameter_object, refusals

_AMOUNT = {"type": ["string", "null"], "pattern": r"^\d+(\.\d+)?$"}
_RESOURCE = {
    "type": "object",
    "required": ["name", "limit", "reserved", "spent", "remaining"],
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        **dict.fromkeys(("limit", "granted", "reserved", "spent", "remaining"), _AMOUNT),
        "lapse": {"enum": ["released", "spent"]},
    },
}
_ACCOUNT = {
    "type": "object",
    "required": ["name", "state", "resources"],
    "properties": {
        "name": {"type": "string"},
        "state": {"enum": ["open", "frozen", "sealed"]},
        "shared": {"type": "boolean"},
        "period_ends_at": {"type": ["string", "null"]},
        "resources": {"type": "array", "items": _RESOURCE},
    },
}


def described_accounts(hosted: HostedChallenge, base: str) -> dict[str, Any]:
    """Describe the routes of accounts, by path."""
    accounts = {
        "type": "object",
        "required": ["accounts"],
        "properties": {"accounts": {"type": "array", "items": _ACCOUNT}},
    }
    name = {
        "name": "name",
        "in": "path",
        "required": True,
        "schema": {"enum": sorted(hosted.accounts)} if hosted.accounts else {"type": "string"},
        "description": "Name of the account.",
    }
    listed = _described(
        hosted, base, "get", "/accounts", "What a participant has left, exactly.", accounts
    )
    sealed = _described(
        hosted, base, "post", "/accounts/name/seal", "Seal an account of one's own.", _ACCOUNT
    )
    sealed["parameters"].insert(0, name)
    sealed["responses"] |= refusals(404)
    return {
        f"{base}/accounts": {"get": listed},
        f"{base}/accounts/{{name}}/seal": {"post": sealed},
    }


def _described(
    hosted: HostedChallenge, base: str, verb: str, path: str, summary: str, schema: dict[str, Any]
) -> dict[str, Any]:
    return {
        "operationId": operation_id(hosted, base, verb=verb, path=path),
        "summary": summary,
        "parameters": [parameter_object(parameter) for parameter in PARAMETERS],
        "responses": {
            "200": {"description": summary, "content": {"application/json": {"schema": schema}}},
            **refusals(400, 401, 403),
        },
    }
