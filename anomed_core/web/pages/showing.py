"""Put a page's content into the frame, with the headers that go with it."""

from __future__ import annotations

from collections.abc import Iterable

import falcon
from markupsafe import Markup

from anomed_core.report import rendered
from anomed_core.report.site import Frame, Tab, asset, framed
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.visit import Visit
from anomed_core.version import __version__
from anomed_core.web.pages.page import Page, Place

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
ASSETS = "/pages/assets"


def visit_of(req: falcon.Request, place: Place) -> Visit:
    """Return who looks at the pages of a challenge."""
    query = {name: value for name, value in req.params.items() if isinstance(value, str)}
    names: dict[str, str] = dict(getattr(req.context, "names", {}))
    names |= {name: query[name] for name in ("anonymizer", "deanonymizer") if query.get(name)}
    return Visit(
        server=place.server,
        hosted=place.hosted,
        base=f"{req.root_path}{place.base}",
        root=req.root_path,
        origin=f"{req.forwarded_scheme}://{req.forwarded_host}",
        identity=req.context.identity,
        names=names,
        query=query,
    )


def show(
    req: falcon.Request,
    resp: falcon.Response,
    content: Content,
    *,
    pages: Iterable[Page] = (),
    page: Page | None = None,
    visit: Visit | None = None,
    twins: Iterable[tuple[str, str]] = (),
    canonical: str = "",
) -> None:
    """Answer with a page.

    Parameters
    ----------
    req, resp
        Request and answer.
    content
        What the page says.
    pages
        All pages: those of a challenge that the visitor may open become tabs.
    page
        The one that is shown.
    visit
        Who looks at it; ``None`` for a page of no challenge.
    twins
        Names of other forms, and their addresses.
    canonical
        Address of the page of which this one is a copy.
    """
    root = req.root_path
    all_pages = tuple(pages)
    frame = Frame(
        title=content.title,
        of=visit.hosted.challenge.title if visit else "",
        lead=content.lead,
        home=f"{root}/",
        sheet_at=f"{root}{ASSETS}/{asset('css')}",
        script_at=f"{root}{ASSETS}/{asset('js')}",
        icon_at=f"{root}{ASSETS}/{asset('svg')}",
        visitor=_visitor(req, visit),
        doors=_doors(req, all_pages, visit),
        crumbs=_crumbs(root, content, visit, page),
        tabs=_tabs(all_pages, page, visit),
        twins=twins,
        notes=(f"anomed-core {__version__}",),
        canonical=canonical,
        position=content.position,
    )
    resp.set_header("Content-Security-Policy", POLICY)
    resp.set_header("Vary", "Accept, Authorization, Cookie")
    if resp.get_header("Cache-Control") is None:
        resp.set_header("Cache-Control", "private, no-cache")
    resp.content_type = falcon.MEDIA_HTML
    resp.data = framed(frame, content.drawn or rendered(content.parts).encode())


def _visitor(req: falcon.Request, visit: Visit | None) -> str:
    if visit is not None:
        return visit.name
    identity = getattr(req.context, "identity", None)
    return identity.team if identity is not None else ""


def _doors(
    req: falcon.Request, pages: Iterable[Page], visit: Visit | None
) -> list[tuple[str, str]]:
    name = "sign-out" if _visitor(req, visit) else "sign-in"
    words = {"sign-out": "Sign out", "sign-in": "Sign in"}
    return [(words[name], f"{req.root_path}{one.path}") for one in pages if one.name == name]


def _crumbs(
    root: str, content: Content, visit: Visit | None, page: Page | None
) -> list[tuple[str, str]]:
    if visit is None and page is not None and page.path in {"/", "/challenges"}:
        return []
    crumbs = [("Challenges", f"{root}/challenges")]
    if visit is not None:
        is_overview = page is not None and not page.path
        overview = "" if is_overview else visit.at("")
        crumbs.append((visit.hosted.challenge.title, overview))
        crumbs += [(name, visit.at(path)) for name, path in content.trail]
        if is_overview:
            return crumbs
    return [*crumbs, (content.here or content.title, "")]


def _tabs(pages: Iterable[Page], page: Page | None, visit: Visit | None) -> list[Tab]:
    if visit is None:
        return []
    tabs = [one for one in pages if one.tab and not one.of_server and one.is_there(visit)]
    current = _nearest(tabs, page)
    return [Tab(name=one.tab, href=visit.at(one.path), current=one is current) for one in tabs]


def _nearest(tabs: Iterable[Page], page: Page | None) -> Page | None:
    """Return the tab that a page is, or below which it is: scores are below the ranking."""
    if page is None:
        return None
    named = page.belongs_to or page.name
    return next((one for one in tabs if one.name == named), None)


def refresh_link(visit: Visit, path: str) -> Markup:
    """Return a link that asks for the page again, for browsers without scripts."""
    return Markup('<a href="{}">Reload</a>').format(visit.at(path))
