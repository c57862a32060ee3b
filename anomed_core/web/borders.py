"""What browsers are kept from: other sites' requests, other names, frames and guesses at types.

Programs send no ``Origin`` and no ``Sec-Fetch-Site``, so nothing here concerns them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import falcon

from anomed_core.errors import NotAllowedError

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every answer that does not set its own."""


class BorderCheck:
    """Refuses what a browser sends for another site.

    A browser adds remembered Basic credentials to whatever request a foreign page makes, so that
    page could spend a participant's only final; and a name that an attacker points at 127.0.0.1
    makes an open server on the visitor's machine part of the attacker's site.

    Parameters
    ----------
    names
        What ``Host`` may name, without ports and brackets; none for anything.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(name.lower() for name in names)

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Judge where a request comes from and goes to.

        Raises
        ------
        NotAllowedError
            If another site made the browser send it, or if it calls the server by another name.
        """
        host = req.env.get("HTTP_HOST", "")
        if self._names and host and _name(host) not in self._names:
            raise NotAllowedError(
                f"This server is not called {_name(host)[:80]!r}; ask {min(self._names)}, or have "
                "the organiser add the name to server.names."
            )
        if req.method not in _READING and _is_of_another_site(req, host):
            raise NotAllowedError(
                "Another site made the browser send this; send it from a program, or from a page "
                "of this server."
            )

    def process_response(
        self, _req: falcon.Request, resp: falcon.Response, _resource: Any, _succeeded: bool
    ) -> None:
        """Add what every answer says to browsers."""
        for name, value in _HEADERS.items():
            if resp.get_header(name) is None:
                resp.set_header(name, value)


def names_of(host: str, names: Iterable[str], *, is_open: bool) -> frozenset[str]:
    """Return what ``Host`` may name.

    Parameters
    ----------
    host
        Where the server listens.
    names
        The setting ``server.names``.
    is_open
        Whether ids are believed.

    Returns
    -------
    frozenset of str
        Empty if anything will do: with tokens, and in a network of its own.
    """
    own = frozenset(names)
    bare = without_brackets(host).lower()
    is_minded = bool(own) or (is_open and is_loopback(bare))
    return own | LOOPBACK_NAMES | {bare} if is_minded else frozenset()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address; other names than localhost may be anybody."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(without_brackets(host)).is_loopback
    except ValueError:
        return False


def without_brackets(host: str) -> str:
    """Return an IPv6 address as it is written outside of URLs; anything else as it is."""
    return host.removeprefix("[").removesuffix("]")


def _is_of_another_site(req: falcon.Request, host: str) -> bool:
    site = req.env.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site not in _OWN
    origin = req.env.get("HTTP_ORIGIN")
    return origin is not None and urlsplit(origin).netloc.lower() != host.lower()


def _name(host: str) -> str:
    """Return a host without its port."""
    bare = host.partition("]")[0] if host.startswith("[") else host.rpartition(":")[0] or host
    return without_brackets(bare).lower()
