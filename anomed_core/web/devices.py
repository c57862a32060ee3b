"""Devices over HTTP: what they ask (RFC 8628)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import attrs
import falcon

from anomed_core.model import Parameter
from anomed_core.service import HostedChallenge
from anomed_core.service.derived_tokens import DerivedToken
from anomed_core.service.devices import (
    EVERY_S,
    EXPIRES_S,
    TOKEN_S,
    DeviceRefusedError,
    shown,
)
from anomed_core.service.server import Server
from anomed_core.web.forms import read_fields

USER_CODE = Parameter(name="user_code", required=False, description="The code on the device.")
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"


@attrs.frozen
class DeviceCodeResource:
    """``POST /device/codes``: a device begins to wait."""

    hosted: HostedChallenge
    server: Server
    base: str

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send both codes, and where somebody types the one."""
        form = read_fields(req, self.server)
        codes = self.server.devices.ask(self.hosted, form.get("client_id", ""))
        address = f"{req.prefix}{self.base}/device"
        _send(
            resp,
            {
                "device_code": codes.device,
                "user_code": shown(codes.user),
                "verification_uri": address,
                "verification_uri_complete": f"{address}?user_code={quote(shown(codes.user))}",
                "expires_in": EXPIRES_S,
                "interval": EVERY_S,
            },
        )


@attrs.frozen
class DeviceTokenResource:
    """``POST /device/token``: a waiting device asks whether it may come in."""

    hosted: HostedChallenge
    server: Server

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send a token, or why there is none (yet), in the words of RFC 6749 and 8628."""
        form = read_fields(req, self.server)
        try:
            token = self._token(form)
        except DeviceRefusedError as refused:
            resp.status = falcon.HTTP_400
            _send(resp, {"error": str(refused)})
            return
        _send(
            resp,
            {"access_token": token.token, "token_type": "Bearer", "expires_in": TOKEN_S},
        )

    def _token(self, form: Mapping[str, str]) -> DerivedToken:
        if form.get("grant_type") != GRANT_TYPE:
            raise DeviceRefusedError("unsupported_grant_type")
        if not form.get("device_code"):
            raise DeviceRefusedError("invalid_request")
        return self.server.devices.token(self.hosted, form["device_code"])


def _send(resp: falcon.Response, told: Mapping[str, Any]) -> None:
    resp.content_type = falcon.MEDIA_JSON
    resp.set_header("Cache-Control", "no-store")
    resp.data = json.dumps(told).encode()
