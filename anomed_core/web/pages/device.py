"""``/device``: the page on which somebody with a token lets a device in."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import falcon

from anomed_core.errors import MissingParameterError, RequestError
from anomed_core.service.pages.device import device
from anomed_core.service.sessions import Session
from anomed_core.web.devices import USER_CODE
from anomed_core.web.errors import status_of
from anomed_core.web.forms import KEY, hidden_key, let_act, read_fields
from anomed_core.web.pages.page import Page, Place
from anomed_core.web.pages.showing import show, visit_of
from anomed_core.web.query import read_query


@attrs.frozen
class DeviceResource:
    """The page, and where its form is sent."""

    place: Place
    page: Page
    pages: tuple[Page, ...] = attrs.field(repr=False)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Ask for the code; of a known one, say what waits under it."""
        self._show(req, resp, read_query(req, (USER_CODE,))[USER_CODE.name])

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Let the device in, or send it away; a mistake is said on the page."""
        fields = read_fields(req, self.place.server)
        session: Session | None = req.context.session
        if not fields.get("token") and session is not None and session.identity is not None:
            let_act(req, self.place.server, fields.get(KEY, ""))
        code, allows = fields.get("user_code", ""), fields.get("decision") == "allow"
        try:
            self._decide(req, fields, code, allows=allows)
        except RequestError as error:
            resp.status = status_of(error)[0]
            self._show(req, resp, code, problem=str(error))
            return
        said = "The device is in; you can go back to it." if allows else "The device is sent away."
        self._show(req, resp, code, said=said)

    def _decide(
        self, req: falcon.Request, fields: Mapping[str, str], code: str, *, allows: bool
    ) -> None:
        is_known = req.context.session is not None and req.context.identity is not None
        for name in ("user_code", "token", "decision"):
            if not fields.get(name) and not (name == "token" and is_known):
                raise MissingParameterError(name)
        devices, hosted = self.place.server.devices, self.place.hosted
        if fields.get("token"):
            devices.decide(hosted, user_code=code, token=fields["token"], allows=allows)
        else:
            devices.decide_as(req.context.identity, hosted, user_code=code, allows=allows)

    def _show(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        code: str,
        *,
        problem: str = "",
        said: str = "",
    ) -> None:
        visit = visit_of(req, self.place)
        key = hidden_key(req, resp, self.place.server)
        content = device(visit, code=code, key=key, problem=problem, said=said)
        resp.set_header("Cache-Control", "private, no-store")
        show(req, resp, content, pages=self.pages, page=self.page, visit=visit)
