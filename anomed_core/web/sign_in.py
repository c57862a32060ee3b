"""OpenID Connect in front of the framework's tokens, for clients of other servers that sign in so.

A token is the password; what a client gets is derived from it and lives for an hour. Nobody's name
is believed here that the token does not hold.

* OpenID Connect Discovery 1.0, section 4
* RFC 6749, sections 4.3 (password) and 6 (refresh); RFC 8628 (devices); RFC 7662 (introspection)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs
import falcon

from anomed_core.errors import NotAuthenticatedError, RequestError
from anomed_core.ledger import Identity
from anomed_core.service.acting import is_here
from anomed_core.service.derived_tokens import DerivedToken
from anomed_core.service.devices import TOKEN_S, DeviceRefusedError
from anomed_core.service.server import Server
from anomed_core.web.devices import GRANT_TYPE, DeviceCodeResource
from anomed_core.web.foreign_protocols import Spoken
from anomed_core.web.forms import read_fields

ACCESS_S = 3600
"""Seconds that an access token is valid."""

PARTS = {
    "authorization_endpoint": "/auth",
    "token_endpoint": "/token",
    "jwks_uri": "/keys",
    "userinfo_endpoint": "/userinfo",
    "device_authorization_endpoint": "/device",
    "introspection_endpoint": "/introspect",
}
"""Paths below the issuer, by what discovery calls them."""


def sign_in_routes(spoken: Spoken, server: Server, *, base: str) -> dict[str, Any]:
    """Return resources by path below the challenge."""
    issuer = f"{spoken.protocol.prefix}{spoken.protocol.sign_in}"
    told = {
        "auth": _Refusing("unsupported_response_type"),
        "token": TokenResource(spoken, server),
        "keys": _Saying({"keys": []}),  # tokens are opaque: there is no signature to check
        "userinfo": UserInfoResource(spoken, server),
        "device": DeviceCodeResource(spoken.hosted, server, base),
        "introspect": IntrospectionResource(server),
    }
    routes: dict[str, Any] = {f"{issuer}/{name}": resource for name, resource in told.items()}
    routes[f"{issuer}/.well-known/openid-configuration"] = DiscoveryResource(f"{base}{issuer}")
    return routes


@attrs.frozen
class DiscoveryResource:
    """What there is, and where."""

    issuer: str

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Tell all addresses, as the client reaches them."""
        issuer = f"{req.prefix}{self.issuer}"
        _send(
            resp,
            {
                "issuer": issuer,
                **{name: f"{issuer}{path}" for name, path in PARTS.items()},
                "grant_types_supported": ["password", "refresh_token", GRANT_TYPE],
                "response_types_supported": [],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [],
                "token_endpoint_auth_methods_supported": ["none"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
            },
        )

    on_head = on_get


class _RefusedError(Exception):
    """A grant is refused: a word of RFC 6749, section 5.2, and why."""

    def __init__(self, word: str, why: str = "") -> None:
        super().__init__(word)
        self.why = why


@attrs.frozen
class TokenResource:
    """Exchanges a token, a refresh token or a device code for a token of an hour."""

    spoken: Spoken
    server: Server

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send tokens, or say in the standard's words why there are none."""
        form = read_fields(req, self.server)
        try:
            told = self._granted(form)
        except (_RefusedError, DeviceRefusedError) as refused:
            resp.status = falcon.HTTP_400
            why = getattr(refused, "why", "")
            told = {"error": str(refused)} | ({"error_description": why} if why else {})
        _send(resp, told)

    def _granted(self, form: Mapping[str, str]) -> dict[str, Any]:
        if self.server.authorizer.trusts_ids:
            raise _RefusedError("invalid_grant", "This server looks at no tokens.")
        kind = form.get("grant_type")
        if kind == "password":
            return self._by_password(form)
        if kind == "refresh_token":
            return self._by_refreshing(form)
        if kind == GRANT_TYPE:
            return self._by_device(form)
        raise _RefusedError(
            "unsupported_grant_type",
            f"Send grant_type=password, refresh_token or {GRANT_TYPE}.",
        )

    def _by_password(self, form: Mapping[str, str]) -> dict[str, Any]:
        try:
            identity = self.server.authorizer.identity(None, form.get("password", ""))
        except NotAuthenticatedError as error:
            raise _RefusedError("invalid_grant", str(error)) from error
        name = form.get("username", "")
        if identity is None or not self._holds(identity, name):
            raise _RefusedError(
                "invalid_grant", f"The token is none of {name[:80]!r}; send its own id."
            )
        try:
            token = self.server.derived_tokens.derive(
                identity, challenge=self.spoken.hosted.id, seconds=str(ACCESS_S)
            )
        except RequestError as error:
            raise _RefusedError("invalid_grant", str(error)) from error
        return self._told(token, identity, ACCESS_S)

    def _holds(self, identity: Identity, name: str) -> bool:
        meant = self.spoken.protocol.identity_aliases.get(name, name)
        return any(
            grant.holder == meant and is_here(grant, self.spoken.hosted)
            for grant in identity.grants
        )

    def _by_refreshing(self, form: Mapping[str, str]) -> dict[str, Any]:
        refreshing = form.get("refresh_token", "")
        token = self.server.derived_tokens.refreshed(
            refreshing, challenge=self.spoken.hosted.id, seconds=str(ACCESS_S)
        )
        if token is None:
            raise _RefusedError("invalid_grant", "The refresh token is not valid any more.")
        return _tokens(token, refreshing, ACCESS_S)

    def _by_device(self, form: Mapping[str, str]) -> dict[str, Any]:
        if not form.get("device_code"):
            raise _RefusedError("invalid_request", "device_code is missing.")
        token = self.server.devices.token(self.spoken.hosted, form["device_code"])
        identity = self.server.derived_tokens.believe(token.token)
        if identity is None:
            raise _RefusedError("access_denied")
        return self._told(token, identity, TOKEN_S)

    def _told(self, token: DerivedToken, identity: Identity, seconds: int) -> dict[str, Any]:
        refreshing = self.server.derived_tokens.refresh_token(
            identity, challenge=self.spoken.hosted.id
        )
        return _tokens(token, refreshing, seconds)


def _tokens(token: DerivedToken, refreshing: str, seconds: int) -> dict[str, Any]:
    return {
        "access_token": token.token,
        "token_type": "bearer",
        "expires_in": seconds,
        "refresh_token": refreshing,
    }


@attrs.frozen
class UserInfoResource:
    """Who holds a token."""

    spoken: Spoken
    server: Server

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Tell the first id that the token holds here.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
            Without a token, and with one of another challenge.
        """
        grants = self.server.authorizer.grants(self.spoken.hosted, req.context.identity)
        name = grants[0].holder if grants else ""
        _send(resp, {"sub": name, "preferred_username": name})

    on_post = on_get


@attrs.frozen
class IntrospectionResource:
    """Whether a token is valid; whoever asks must have it."""

    server: Server

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Tell it, and no more of others' tokens than that they are not valid."""
        token = read_fields(req, self.server).get("token", "")
        try:
            identity = self.server.authorizer.identity(None, token)
        except NotAuthenticatedError:
            identity = None
        told: dict[str, Any] = {"active": identity is not None}
        if identity is not None and identity.expires_at is not None:
            told["exp"] = int(identity.expires_at.timestamp())
        _send(resp, told)


@attrs.frozen
class _Saying:
    """The same for everybody."""

    told: Mapping[str, Any]

    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        _send(resp, self.told)

    on_head = on_get


@attrs.frozen
class _Refusing:
    """A way to sign in that there is not."""

    word: str

    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        resp.status = falcon.HTTP_400
        _send(resp, {"error": self.word})


def _send(resp: falcon.Response, told: Mapping[str, Any]) -> None:
    resp.content_type = falcon.MEDIA_JSON
    resp.set_header("Cache-Control", "no-store")
    resp.data = json.dumps(told).encode()
