"""Browsers are signed in by a token, by a code, or under a name where names are believed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

import attrs
import falcon

from anomed_core.errors import NotAllowedError, RequestError, UnknownResourceError
from anomed_core.service.devices import DeviceRefusedError, shown
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.signing_in import Door
from anomed_core.service.server import Server
from anomed_core.service.sessions import Of, Session
from anomed_core.web.errors import status_of
from anomed_core.web.forms import forget_session, hidden_key, keep_session, read_form_of_page
from anomed_core.web.pages.page import Page, Place
from anomed_core.web.pages.showing import show

_WITHIN = re.compile(r"/(?![/\\])[^\s\\]{0,500}")
_EVERY_S = 6
"""Seconds between two looks of a browser that waits; a device that asks more often is told off."""


@attrs.frozen
class _DoorResource:
    places: Mapping[str, Place]
    pages: tuple[Page, ...]

    @property
    def server(self) -> Server:
        return next(iter(self.places.values())).server

    def _door(
        self, req: falcon.Request, resp: falcon.Response, *, goes_to: str = "", problem: str = ""
    ) -> Door:
        return Door(
            root=req.root_path,
            key=hidden_key(req, resp, self.server),
            goes_to=goes_to or within(req.get_param("next") or ""),
            problem=problem,
            was_ended=req.context.session_ended,
        )

    def _show(
        self, req: falcon.Request, resp: falcon.Response, content: Content, *, name: str
    ) -> None:
        resp.set_header("Cache-Control", "private, no-store")
        page = next(page for page in self.pages if page.name == name)
        show(req, resp, content, pages=self.pages, page=page)

    def _enter(
        self, req: falcon.Request, resp: falcon.Response, session: Session, goes_to: str
    ) -> None:
        keep_session(req, resp, session)
        see_other(req, resp, goes_to or "/challenges")


class SignInResource(_DoorResource):
    """``/sign-in``: one field."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Ask for a token, or a name."""
        self._ask(req, resp, self._door(req, resp))

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Sign in, and go where the visitor was going."""
        fields = read_form_of_page(req, self.server)
        goes_to = within(fields.get("next", ""))
        sessions = self.server.sessions
        try:
            session = (
                sessions.name(fields.get("name", ""))
                if sessions.trusts_ids
                else sessions.sign_in(fields.get("token", ""))
            )
        except RequestError as refused:
            resp.status = status_of(refused)[0]
            self._ask(req, resp, self._door(req, resp, goes_to=goes_to, problem=str(refused)))
            return
        self._enter(req, resp, session, goes_to)

    def _ask(self, req: falcon.Request, resp: falcon.Response, door: Door) -> None:
        if self.server.sessions.trusts_ids:
            content = door.by_name()
        else:
            hosted = self.server.challenges.values()
            content = door.by_token([(one.id, one.challenge.title) for one in hosted])
        self._show(req, resp, content, name="sign-in")


class CodeResource(_DoorResource):
    """``/sign-in/code``: a browser waits until somebody lets it in at ``/device``."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Look whether it may come in; show the code if not yet."""
        session: Session | None = req.context.session
        if session is None or session.of is not Of.DEVICE:
            see_other(req, resp, "/sign-in")
            return
        device_code, _, user_code = session.subject.partition(" ")
        hosted = self.server.challenges.get(session.challenge)
        if hosted is None:
            raise UnknownResourceError(f"There is no challenge {session.challenge[:80]!r}.")
        try:
            token = self.server.devices.token(hosted, device_code)
        except DeviceRefusedError as refused:
            if str(refused) not in {"authorization_pending", "slow_down"}:
                forget_session(req, resp)
                raise NotAllowedError(
                    "This browser was not let in, or the code has expired; sign in anew."
                ) from refused
            resp.set_header("Refresh", str(_EVERY_S))
            address = f"{req.forwarded_prefix}/challenges/{quote(hosted.id)}/device"
            content = self._door(req, resp).waiting(shown(user_code), address)
            self._show(req, resp, content, name="sign-in-code")
            return
        goes_to = f"/challenges/{quote(hosted.id)}"
        self._enter(req, resp, self.server.sessions.sign_in(token.token), goes_to)

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Begin to wait."""
        fields = read_form_of_page(req, self.server)
        hosted = self.server.challenges.get(fields.get("challenge", ""))
        if hosted is None:
            raise UnknownResourceError("There is no such challenge here; choose one of the list.")
        codes = self.server.devices.ask(hosted, "a browser")
        subject = f"{codes.device} {codes.user}"
        keep_session(req, resp, self.server.sessions.device(subject, challenge=hosted.id))
        see_other(req, resp, "/sign-in/code")


class SignOutResource(_DoorResource):
    """``/sign-out``: one button."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Ask whether to sign out."""
        self._show(req, resp, self._door(req, resp).out(_signed_in(req)), name="sign-out")

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Sign out."""
        read_form_of_page(req, self.server)
        forget_session(req, resp)
        see_other(req, resp, "/challenges")


def within(path: str) -> str:
    """Return a path of this server that a link named; nothing for one that leads elsewhere.

    Examples
    --------
    >>> within("/challenges/iris?split=tuning"), within("//evil.example"), within("https://x")
    ('/challenges/iris?split=tuning', '', '')
    """
    return path if _WITHIN.fullmatch(path) else ""


def see_other(req: falcon.Request, resp: falcon.Response, path: str) -> None:
    """Send a browser to a path of this server after a form."""
    resp.status = falcon.HTTP_303
    resp.set_header("Cache-Control", "private, no-store")
    resp.location = f"{req.root_path}{path}"


def _signed_in(req: falcon.Request) -> str:
    session: Session | None = req.context.session
    if session is None or session.of not in {Of.TOKEN, Of.NAME}:
        return ""
    return session.identity.team if session.identity is not None else session.subject
