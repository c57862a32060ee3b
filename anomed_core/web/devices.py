"""Devices over HTTP: what they ask (RFC 8628), and the page on which somebody lets them in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import attrs
import falcon
from markupsafe import Markup

from anomed_core.errors import MissingParameterError, RequestError
from anomed_core.model import Parameter
from anomed_core.report import content_policy, page
from anomed_core.service import HostedChallenge
from anomed_core.service.derived_tokens import DerivedToken
from anomed_core.service.devices import (
    EVERY_S,
    EXPIRES_S,
    TOKEN_S,
    DeviceRefusedError,
    Devices,
    shown,
)
from anomed_core.service.server import Server
from anomed_core.web.errors import status_of
from anomed_core.web.forms import read_fields
from anomed_core.web.query import read_query

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


@attrs.frozen
class DevicePage:
    """``/device``: the page on which somebody with a token lets a device in."""

    hosted: HostedChallenge
    server: Server

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Ask for code and token; of a known code, say what waits under it."""
        code = read_query(req, (USER_CODE,))[USER_CODE.name]
        parts: list[object] = []
        if code:
            try:
                name = self.server.devices.asked_by(self.hosted, code)
                parts.append(f"A device that calls itself {name!r} waits under this code.")
            except RequestError as error:
                parts.append(str(error))
        _show(resp, self.hosted, [*parts, _asking(code)])

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Let the device in, or send it away; a mistake is said on the page."""
        form = read_fields(req, self.server)
        code, allows = form.get("user_code", ""), form.get("decision") == "allow"
        try:
            self._decide(form, code, allows=allows)
        except RequestError as error:
            resp.status = status_of(error)[0]
            _show(resp, self.hosted, [str(error), _asking(code)])
            return
        said = "The device is in; you can go back to it." if allows else "The device is sent away."
        _show(resp, self.hosted, [said])

    def _decide(self, form: Mapping[str, str], code: str, *, allows: bool) -> None:
        for name in ("user_code", "token", "decision"):
            if not form.get(name):
                raise MissingParameterError(name)
        devices: Devices = self.server.devices
        devices.decide(self.hosted, user_code=code, token=form["token"], allows=allows)


def _asking(code: str) -> Markup:
    return Markup(
        '<form method="post" action="device" autocomplete="off">'
        '<p><label>Code on the device <input name="user_code" value="{}" required></label></p>'
        '<p><label>Your token <input name="token" type="password" required></label></p>'
        '<p><button class="main" name="decision" value="allow">Let it in</button> '
        '<button name="decision" value="refuse">Send it away</button></p></form>'
    ).format(code)


def _show(resp: falcon.Response, hosted: HostedChallenge, parts: list[object]) -> None:
    policy = f"{content_policy()}; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
    resp.set_header("Content-Security-Policy", policy)
    resp.set_header("Cache-Control", "private, no-store")
    resp.content_type = falcon.MEDIA_HTML
    lead = (
        "A program that cannot show this page asks to act in your name for a day. Let it in only "
        "if it is yours: compare the code."
    )
    told = f"{hosted.challenge.title} ({hosted.id})"
    resp.text = page("Let a device in", [*parts, f"Challenge: {told}."], lead=lead)


def _send(resp: falcon.Response, told: Mapping[str, Any]) -> None:
    resp.content_type = falcon.MEDIA_JSON
    resp.set_header("Cache-Control", "no-store")
    resp.data = json.dumps(told).encode()
