"""Put the server behind a door: one Falcon app for all its challenges."""

from __future__ import annotations

from typing import Any

import falcon

from anomed_core.errors import AnomedError, PluginConflictError
from anomed_core.ledger import DELIVER
from anomed_core.service import HostedChallenge, describe
from anomed_core.service.server import Server
from anomed_core.web.attempts import AttemptsResource
from anomed_core.web.data import RequestedProductResource, StaticProductResource
from anomed_core.web.documents import AliveResource, JSONResource, ScoreResource
from anomed_core.web.errors import handle_anomed_error, handle_unexpected, serialize_http_error
from anomed_core.web.health import LiveResource, MetricsResource, ReadyResource
from anomed_core.web.identity import IdentityCheck
from anomed_core.web.middleware import RequestLog
from anomed_core.web.openapi import openapi
from anomed_core.web.pages import front_page
from anomed_core.web.submissions import SubmissionResource
from anomed_core.web.telemetry import Telemetry

CORE_ROUTES = (
    "/",
    "/attempts",
    "/challenge.json",
    "/livez",
    "/metrics",
    "/openapi.json",
    "/readyz",
    "/scores/{score_id:int}",
)
"""Routes of the core below each challenge; a plugin that declares one of them is refused."""


def create_web_app(
    server: Server, *, access_log: bool = True
) -> falcon.App[falcon.Request, falcon.Response]:
    """Mount the challenges of a server.

    Parameters
    ----------
    server
        Open challenges, ledger and engine.
    access_log
        Whether each request is logged.

    Returns
    -------
    falcon.App
        Each challenge below ``/challenges/<id>``; a single one at the root, too.

    Raises
    ------
    PluginConflictError
        If a declared route is one of the core's.
    """
    telemetry = Telemetry(lambda: server.follow_ups.n_waiting(DELIVER))
    app: falcon.App[falcon.Request, falcon.Response] = falcon.App(
        middleware=[
            RequestLog(telemetry, access_log=access_log),
            IdentityCheck(server.authorizer, server.throttle),
        ]
    )
    app.resp_options.secure_cookies_by_default = False
    app.req_options.strip_url_path_trailing_slash = False
    app.set_error_serializer(serialize_http_error)
    app.add_error_handler(Exception, handle_unexpected)
    app.add_error_handler(AnomedError, handle_anomed_error)
    mounts = mounted_challenges(server)
    for base, hosted in mounts.items():
        for path, resource in _routes(base, hosted, server).items():
            app.add_route(base + path, resource)
    app.add_route("/", AliveResource(lambda: front_page(_listed(mounts))))
    app.add_route("/livez", LiveResource())
    app.add_route("/readyz", ReadyResource(server))
    app.add_route("/metrics", MetricsResource(telemetry, server))
    if "" not in mounts:
        app.add_route("/openapi.json", JSONResource(lambda: openapi(mounts)))
    return app


def mounted_challenges(server: Server) -> dict[str, HostedChallenge]:
    """Return the challenges by the URL path below which they are mounted."""
    mounts = {f"/challenges/{hosted.id}": hosted for hosted in server.challenges.values()}
    if len(mounts) == 1:
        mounts = {"": next(iter(mounts.values())), **mounts}
    return mounts


def _listed(mounts: dict[str, HostedChallenge]) -> dict[str, HostedChallenge]:
    return {"": mounts[""]} if "" in mounts else mounts


def _routes(base: str, hosted: HostedChallenge, server: Server) -> dict[str, Any]:
    routes: dict[str, Any] = {
        "/challenge.json": JSONResource(lambda: describe(hosted, base=base)),
        "/openapi.json": JSONResource(lambda: openapi({base: hosted})),
        "/scores/{score_id:int}": ScoreResource(hosted, server),
        "/attempts": AttemptsResource(hosted, server, base),
    }
    if base:
        routes[""] = routes["/challenge.json"]
    owned: dict[str, Any] = {}
    for product in hosted.products.values():
        owned[product.path] = (
            StaticProductResource(hosted, product, server)
            if product.static
            else RequestedProductResource(hosted, product, server)
        )
    for kind in hosted.kinds:
        owned[kind.path] = SubmissionResource(hosted, kind.path, server, base)
    owned |= hosted.extra_routes
    for path in owned:
        if path in CORE_ROUTES or path in routes:
            raise PluginConflictError(
                f"the route {path} is claimed twice: by the core and by {hosted.type.plugin_name}"
            )
    return routes | owned
