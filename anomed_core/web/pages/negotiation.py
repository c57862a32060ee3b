"""Whether a page is wanted, or what programs get."""

from __future__ import annotations

import falcon

FORM = "format"
"""Parameter that decides whatever a request accepts, so that a link to each form can be clicked."""


def wants_html(req: falcon.Request) -> bool:
    """Return whether a request is a browser's.

    Only ``text/html`` by name counts: ``*/*`` is what curl and libraries send, and stays JSON.
    """
    form = req.params.get(FORM)
    if isinstance(form, str) and form:
        return form == "html"
    if "text/html" not in req.env.get("HTTP_ACCEPT", ""):
        return False
    return bool(req.client_prefers((falcon.MEDIA_JSON, "text/html")) == "text/html")
