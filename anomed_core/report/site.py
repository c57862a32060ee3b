"""Pages of a server: one layout around parts, with navigation, twins and a small script."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import attrs
from markupsafe import Markup

from anomed_core.report.page import style_sheet, templates
from anomed_core.report.parts import rendered


def _pairs(pairs: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(map(tuple, pairs))


@attrs.frozen(kw_only=True)
class Tab:
    """A page of a challenge in the navigation; the one that is open is the current one."""

    name: str
    href: str
    current: bool = False


def _tabs(tabs: Iterable[Tab]) -> tuple[Tab, ...]:
    return tuple(tabs)


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(texts)


@attrs.frozen(kw_only=True)
class Frame:
    """What stands around the content of a page.

    Attributes
    ----------
    title
        The heading.
    of
        What the page belongs to; the window's title says both.
    lead
        The sentence below the heading.
    brand, home
        The name of the server, and the address of its first page.
    sheet_at, script_at, icon_at
        Addresses of the style sheet, the script and the icon.
    visitor
        In whose name the reader is signed in; empty for nobody's.
    doors
        Links to sign in and out, as pairs of words and addresses.
    crumbs
        The way here as pairs of words and addresses; the last one has no address.
    tabs
        Pages of the same challenge that the reader may open.
    twins
        The same as other forms, as pairs of their names and addresses.
    notes
        The last lines: ledger position, documentation, version.
    canonical
        Address of the page of which this one is a copy.
    position
        Text that changes whenever the content may; without one, nothing asks for news.
    """

    title: str
    of: str = ""
    lead: str = ""
    brand: str = "Privacy challenges"
    home: str = "/"
    sheet_at: str
    script_at: str
    icon_at: str
    visitor: str = ""
    doors: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_pairs)
    crumbs: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_pairs)
    tabs: tuple[Tab, ...] = attrs.field(default=(), converter=_tabs)
    twins: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_pairs)
    notes: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    canonical: str = ""
    position: str = ""

    @property
    def window_title(self) -> str:
        """What the browser's window is called."""
        return " \u2013 ".join(dict.fromkeys(filter(None, (self.title, self.of, self.brand))))


def site_page(frame: Frame, parts: Iterable[object]) -> str:
    """Return a page of a server.

    Parameters
    ----------
    frame
        What stands around it.
    parts
        See `anomed_core.report.rendered`.

    Returns
    -------
    str
        HTML that needs nothing but the style sheet, and works without the script.
    """
    return framed(frame, rendered(parts).encode()).decode()


def framed(frame: Frame, body: bytes) -> bytes:
    """Return a page of a server, in UTF-8, around what was drawn before.

    Parameters
    ----------
    frame
        What stands around it.
    body
        What `anomed_core.report.rendered` returned, in UTF-8.
    """
    page = templates().get_template("site.html").render(frame=frame, body=_BODY)
    before, _, after = page.partition(_BODY)
    return b"".join([before.encode(), body, after.encode()])


_BODY = Markup("<!--body-->")
"""Stands where the body comes: no text of a frame holds it, as they are escaped."""


@cache
def script() -> str:
    """Return the script of all pages: local times, and news while a page is looked at."""
    return files(__package__).joinpath("site.js").read_text(encoding="utf-8")


_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" '
    'fill="#0a4fb8"/><path d="M3 8h10" stroke="#fff" stroke-width="3"/></svg>'
)


@cache
def assets() -> dict[str, tuple[str, bytes]]:
    """Return what pages load, by a name that changes with the content: media type and bytes."""
    known = {
        "css": ("text/css", style_sheet()),
        "js": ("text/javascript", script()),
        "svg": ("image/svg+xml", _ICON),
    }
    return {
        f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.{ending}": (
            f"{media_type}; charset=utf-8",
            text.encode(),
        )
        for ending, (media_type, text) in known.items()
    }


def asset(ending: str) -> str:
    """Return the name of the style sheet (``css``), the script (``js``) or the icon (``svg``)."""
    return next(name for name in assets() if name.endswith(f".{ending}"))
