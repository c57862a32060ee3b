"""Put the server behind a door: one Falcon app for all its challenges."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import attrs
import falcon

from anomed_core.errors import AnomedError, PluginConflictError
from anomed_core.ledger import DELIVER
from anomed_core.service import HostedChallenge, describe
from anomed_core.service.declared_parts import is_below
from anomed_core.service.server import Server
from anomed_core.service.under_way import UnderWay
from anomed_core.web.accounts import AccountsResource, SealResource
from anomed_core.web.archive import ArchivedBodyResource, ArchiveResource, EntryResource
from anomed_core.web.attempts import AttemptsResource
from anomed_core.web.bodies import Bodies
from anomed_core.web.borders import BorderCheck
from anomed_core.web.callers import OwnRoutes
from anomed_core.web.data import RequestedProductResource, StaticProductResource
from anomed_core.web.devices import DeviceCodeResource, DeviceTokenResource
from anomed_core.web.documents import JSONResource, ScoreResource
from anomed_core.web.errors import FalconErrors, handle_anomed_error, handle_unexpected
from anomed_core.web.foreign_jobs import ForeignJobResource
from anomed_core.web.foreign_protocols import ForeignProtocols
from anomed_core.web.health import LiveResource, MetricsResource, ReadyResource
from anomed_core.web.identity import IdentityCheck
from anomed_core.web.jobs import AuditsResource, JobResource, JobResultResource
from anomed_core.web.middleware import RequestLog
from anomed_core.web.openapi import openapi
from anomed_core.web.operations import operation_resource
from anomed_core.web.pages.board import AttackBoardResource
from anomed_core.web.pages.entrance import AssetResource, ImageResource
from anomed_core.web.pages.page import Place
from anomed_core.web.pages.refusals import RefusalPages
from anomed_core.web.pages.registry import PAGES, challenge_pages, server_pages
from anomed_core.web.pages.showing import ASSETS
from anomed_core.web.participants import TargetsResource, TokensResource, WhoAmIResource
from anomed_core.web.prefix import Prefix
from anomed_core.web.ranking import RankingResource
from anomed_core.web.sign_in import sign_in_routes
from anomed_core.web.submissions import SubmissionResource
from anomed_core.web.telemetry import Telemetry

CORE_ROUTES = (
    "/",
    "/accounts",
    "/accounts/{name}/seal",
    "/archive",
    "/attacks",
    "/archive/{number:int}",
    "/archive/{number:int}/answer",
    "/archive/{number:int}/request",
    "/attempts",
    "/audits",
    "/challenge.json",
    "/challenges",
    "/jobs/{job_id}",
    "/jobs/{job_id}/result",
    "/device",
    "/findings",
    "/device/codes",
    "/device/token",
    "/livez",
    "/metrics",
    "/openapi.json",
    "/organiser",
    "/pages/assets/{name}",
    "/pages/image",
    "/ranking",
    "/readyz",
    "/scores/{score_id:int}",
    "/sign-in",
    "/sign-out",
    "/submit",
    "/targets",
    "/team",
    "/tokens",
    "/whoami",
)
"""Routes of the core below each challenge; a plugin that declares one of them is refused."""


def _begins(path: str) -> str:
    """Return the first part of a path: what lies below a route of the core is its own, too."""
    return path.split("/")[1]


_OF_THE_CORE = {_begins(path) for path in CORE_ROUTES}


_THREADS_TO_SPARE = 8


def create_web_app(
    server: Server, *, access_log: bool = True, names: Iterable[str] = ()
) -> falcon.App[falcon.Request, falcon.Response]:
    """Mount the challenges of a server.

    Parameters
    ----------
    server
        Open challenges, ledger and engine.
    access_log
        Whether each request is logged.
    names
        What the header ``Host`` may name; anything if there are none.

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
    mounts = mounted_challenges(server)
    protocols = ForeignProtocols(mounts)
    under_way = UnderWay(
        server.submissions.limits.requests_under_way,
        most_together=max(1, server.settings.threads - _THREADS_TO_SPARE),
    )
    places = {
        base: Place(hosted=hosted, server=server, under_way=under_way, base=base)
        for base, hosted in mounts.items()
    }
    app: falcon.App[falcon.Request, falcon.Response] = falcon.App(
        middleware=[
            RequestLog(telemetry, access_log=access_log),
            Prefix(),
            protocols,
            RefusalPages(places, PAGES, protocols),
            Bodies(server.submissions.limits),
            BorderCheck(names),
            IdentityCheck(server.authorizer, server.throttle, protocols, server.sessions),
            OwnRoutes(server.challenges.values(), trusts_ids=server.authorizer.trusts_ids),
        ]
    )
    app.req_options.strip_url_path_trailing_slash = False
    app.add_error_handler(Exception, handle_unexpected)
    app.add_error_handler(AnomedError, handle_anomed_error)
    routes = {
        base + path: resource
        for base, place in places.items()
        for path, resource in _routes(place, protocols).items()
    }
    routes |= server_pages(places)
    routes[f"{ASSETS}/{{name}}"] = AssetResource()
    routes["/livez"] = LiveResource()
    routes["/readyz"] = ReadyResource(server)
    routes["/metrics"] = MetricsResource(telemetry, server)
    if "" not in mounts:
        routes["/openapi.json"] = JSONResource(lambda: openapi(mounts))
    for path, resource in routes.items():
        app.add_route(path, resource)
    app.set_error_serializer(FalconErrors(list(routes)))
    return app


def mounted_challenges(server: Server) -> dict[str, HostedChallenge]:
    """Return the challenges by the URL path below which they are mounted."""
    mounts = {f"/challenges/{hosted.id}": hosted for hosted in server.challenges.values()}
    if len(mounts) == 1:
        mounts = {"": next(iter(mounts.values())), **mounts}
    return mounts


def _routes(place: Place, protocols: ForeignProtocols) -> dict[str, Any]:
    """Return what answers below a challenge: programs, and browsers where there are pages."""
    programs = _programs(place, protocols)
    programs["/attacks"] = AttackBoardResource(place)
    programs["/team"] = programs["/attempts"]
    programs["/pages/image"] = ImageResource(place)
    pages = challenge_pages(attrs.evolve(place, programs=programs))
    return {path: one for path, one in (programs | pages).items() if path or place.base}


def _programs(place: Place, protocols: ForeignProtocols) -> dict[str, Any]:
    base, hosted, server = place.base, place.hosted, place.server
    described = JSONResource(lambda: describe(hosted, base=base, settings=server.settings))
    routes: dict[str, Any] = {
        "/challenge.json": described,
        "/openapi.json": JSONResource(lambda: openapi({base: hosted})),
        "/scores/{score_id:int}": ScoreResource(hosted, server),
        "/accounts": AccountsResource(hosted, server),
        "/accounts/{name}/seal": SealResource(hosted, server),
        "/archive": ArchiveResource(hosted, server),
        "/archive/{number:int}": EntryResource(hosted, server),
        "/archive/{number:int}/answer": ArchivedBodyResource(hosted, server, "answer"),
        "/archive/{number:int}/request": ArchivedBodyResource(hosted, server, "request"),
        "/attempts": AttemptsResource(hosted, server, base),
        "/audits": AuditsResource(hosted, server, base),
        "/jobs/{job_id}": JobResource(hosted, server, base),
        "/jobs/{job_id}/result": JobResultResource(hosted, server, base),
        "/targets": TargetsResource(hosted, server),
        "/tokens": TokensResource(hosted, server),
        "/whoami": WhoAmIResource(hosted, server),
        "/ranking": RankingResource(hosted, server),
        "/device/codes": DeviceCodeResource(hosted, server, base),
        "/device/token": DeviceTokenResource(hosted, server),
    }
    routes[""] = described
    owned: dict[str, Any] = {}
    for product in hosted.products.values():
        owned[product.path] = (
            StaticProductResource(hosted, product, server)
            if product.static
            else RequestedProductResource(hosted, product, server)
        )
    for kind in hosted.kinds:
        owned[kind.path] = SubmissionResource(hosted, kind.path, server, base, place.under_way)
    for operation in hosted.operations:
        owned[operation.path] = operation_resource(
            hosted,
            operation,
            server,
            base=base,
            under_way=place.under_way,
            spoken=protocols.at(base + operation.path),
        )
    owned |= hosted.extra_routes
    owned |= _of_protocols(base, hosted, server, protocols, taken=owned)
    for path in owned:
        if _begins(path) in _OF_THE_CORE:
            raise PluginConflictError(
                f"the route {path} is claimed twice: by the core and by {hosted.plugin_of(path)}"
            )
    for prefix in hosted.protocols:
        shared = next((path for path in CORE_ROUTES if is_below(path, prefix)), None)
        if shared is not None:
            raise PluginConflictError(
                f"the protocol below {prefix} would write for {shared} of the core; give it "
                "another prefix"
            )
    return routes | owned


def _of_protocols(
    base: str,
    hosted: HostedChallenge,
    server: Server,
    protocols: ForeignProtocols,
    *,
    taken: Container[str],
) -> dict[str, Any]:
    """Return what the core answers below protocols' prefixes in their place.

    Raises
    ------
    PluginConflictError
        If their plugins declare it, too.
    """
    routes: dict[str, Any] = {}
    for prefix in hosted.protocols:
        spoken = protocols.at(base + prefix)
        if spoken is None:
            continue
        jobs = spoken.protocol.jobs
        if jobs is not None:
            routes[f"{prefix}{jobs.path}/{{job_id}}"] = ForeignJobResource(spoken, jobs, server)
        if spoken.protocol.sign_in:
            routes |= sign_in_routes(spoken, server, base=base)
    for path in routes:
        if path in taken:
            raise PluginConflictError(
                f"the route {path} is claimed twice: by {hosted.plugin_of(path)}, and by the core "
                "for its protocol; leave it out"
            )
    return routes
