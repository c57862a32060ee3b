"""``GET /attacks``: the attack board for programs."""

from __future__ import annotations

import json
from typing import ClassVar

import attrs
import falcon

from anomed_core.service.pages.board import as_csv, targets
from anomed_core.web.pages.page import Place
from anomed_core.web.pages.showing import visit_of


@attrs.frozen
class AttackBoardResource:
    """Whom the caller may attack, and what it has done already."""

    place: Place
    forms: ClassVar[tuple[str, ...]] = ("csv",)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the targets as JSON, or as CSV."""
        told = targets(visit_of(req, self.place))
        resp.set_header("Cache-Control", "private, no-store")
        if req.params.get("format") == "csv":
            resp.content_type = "text/csv; charset=utf-8"
            resp.text = as_csv(told)
        else:
            resp.content_type = falcon.MEDIA_JSON
            resp.data = json.dumps([one.as_dict() for one in told]).encode()

    on_head = on_get
