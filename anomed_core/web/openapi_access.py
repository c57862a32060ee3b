"""Who one is and how others are let in, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from anomed_core.service import HostedChallenge
from anomed_core.service.derived_tokens import SECONDS
from anomed_core.web.devices import GRANT_TYPE, USER_CODE
from anomed_core.web.openapi_parts import document, operation_id, parameter_object, refusals

_OF_BODIES = (408, 411, 413)


def access(hosted: HostedChallenge, base: str) -> dict[str, Any]:
    """Return the paths of tokens and devices."""

    def told(verb: str, path: str, described: dict[str, Any]) -> dict[str, Any]:
        return {
            verb: {"operationId": operation_id(hosted, base, verb=verb, path=path), **described}
        }

    whoami = document("Whom the token belongs to; nobody in open mode.")
    whoami["responses"] |= refusals(401, 403)
    tokens = {
        "summary": "A short-lived token for this challenge that stands for one's own.",
        "parameters": [parameter_object(SECONDS)],
        "responses": {
            "201": {
                "description": "The token, and when it ends.",
                "content": {"application/json": {"schema": _TOKEN}},
            },
            **refusals(400, 401, 403),
        },
    }
    return {
        f"{base}/whoami": told("get", "/whoami", whoami),
        f"{base}/tokens": told("post", "/tokens", tokens),
        f"{base}/device": {
            **told("get", "/device", _page(parameters=[parameter_object(USER_CODE)])),
            **told("post", "/device", _page(requestBody=_form("user_code", "token", "decision"))),
        },
        f"{base}/device/codes": told("post", "/device/codes", _codes()),
        f"{base}/device/token": told("post", "/device/token", _token()),
    }


def _page(**more: Any) -> dict[str, Any]:
    html = {"text/html": {"schema": {"type": "string"}}}
    return {
        "summary": "The page on which somebody with a token lets a device in.",
        "responses": {
            "200": {"description": "The page.", "content": html},
            "4XX": {"description": "The page, and what is wrong.", "content": html},
        },
        **more,
    }


def _codes() -> dict[str, Any]:
    codes = document("Codes with which a device without a browser waits for a token (RFC 8628).")
    codes["responses"] |= refusals(400, 403, *_OF_BODIES)
    return {**codes, "requestBody": _form("client_id", required=())}


def _token() -> dict[str, Any]:
    token = document(f"The token of a waiting device; grant_type is {GRANT_TYPE}.")
    refusal = {"type": "object", "properties": {"error": {"type": "string"}}}
    token["responses"] |= refusals(*_OF_BODIES)
    token["responses"]["400"] = {
        "description": "Not yet, or not at all, in the words of RFC 6749 and 8628.",
        "content": {"application/json": {"schema": refusal}},
    }
    return {**token, "requestBody": _form("grant_type", "device_code")}


def _form(*names: str, required: tuple[str, ...] | None = None) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names if required is None else required),
    }
    return {"content": {"application/x-www-form-urlencoded": {"schema": schema}}}


_TOKEN = {
    "type": "object",
    "required": ["token", "expires_at"],
    "properties": {"token": {"type": "string"}, "expires_at": {"type": "string"}},
}
