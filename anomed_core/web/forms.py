"""Forms that browsers send from pages: read with limits, and believed only with their key."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

import attrs
import falcon
from markupsafe import Markup

from anomed_core.errors import FormExpiredError, MalformedPayloadError
from anomed_core.service.server import Server
from anomed_core.service.sessions import Session
from anomed_core.web.bodies import read_body, read_form

KEY = "form_key"
"""Name of the hidden field that keeps other sites from sending a form."""

_LARGEST_BYTES = 8192
_MOST_FIELDS = 64


def read_fields(
    req: falcon.Request, server: Server, *, largest_bytes: int = _LARGEST_BYTES
) -> dict[str, str]:
    """Return the fields of a small form, each the first time that it is given; none of no body.

    Raises
    ------
    MalformedPayloadError
        If it is not ``application/x-www-form-urlencoded``.
    PayloadTooLargeError
        If it has more than `largest_bytes`.
    """
    if req.content_length is None and req.get_header("Transfer-Encoding") is None:
        return {}
    limits = server.submissions.limits
    body = read_body(req, attrs.evolve(limits, body_bytes=min(limits.body_bytes, largest_bytes)))
    try:
        fields = parse_qs(body.decode(), max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise MalformedPayloadError(
            "Expected an application/x-www-form-urlencoded body."
        ) from error
    return {name: values[0] for name, values in fields.items()}


def read_form_of_page(req: falcon.Request, server: Server) -> dict[str, str]:
    """Return the fields of a form of one of our pages, and let its session act from here on.

    Raises
    ------
    FormExpiredError
        If it has not the key of the browser's session.
    """
    fields = read_fields(req, server)
    let_act(req, server, fields.pop(KEY, ""))
    return fields


def read_upload_of_page(req: falcon.Request, server: Server) -> dict[str, bytes]:
    """Return the parts of a ``multipart/form-data`` form of one of our pages; see there.

    Raises
    ------
    MalformedPayloadError
        If it is none.
    """
    if req.content_length is None and req.get_header("Transfer-Encoding") is None:
        let_act(req, server, "")
    limits = server.submissions.limits
    more = attrs.evolve(limits, form_parts=limits.form_parts + _MOST_FIELDS)
    parts = read_form(req, more)
    if not isinstance(parts, Mapping):
        raise MalformedPayloadError("Expected a multipart/form-data body.")
    fields = dict(parts)
    let_act(req, server, fields.pop(KEY, b"").decode(errors="replace"))
    return fields


def let_act(req: falcon.Request, server: Server, key: str) -> None:
    """Let the session of a browser act, if the form has its key.

    Raises
    ------
    FormExpiredError
        If it has not.
    """
    session: Session | None = req.context.session
    if session is None or not server.sessions.is_form_key(session, key):
        raise FormExpiredError(
            "Nothing was changed: this form was too old. Look at it again and send it once more."
        )
    req.context.identity = session.identity


def hidden_key(req: falcon.Request, resp: falcon.Response, server: Server) -> Markup:
    """Return the hidden field of a form; whoever has no session gets a visitor's."""
    session: Session | None = req.context.session
    if session is None:
        session = server.sessions.visitor()
        keep_session(req, resp, session)
    return Markup('<input type="hidden" name="{}" value="{}">').format(
        KEY, server.sessions.form_key(session)
    )


COOKIE = "anomed-session"


def keep_session(req: falcon.Request, resp: falcon.Response, session: Session) -> None:
    """Let the browser keep a session; a visitor's ends with the browser."""
    req.context.session = session
    resp.set_cookie(
        COOKIE,
        session.value,
        expires=None if session.identity is None else session.expires_at,
        path=req.root_path or "/",
        secure=req.scheme == "https",
        http_only=True,
        same_site="Strict",
    )


def forget_session(req: falcon.Request, resp: falcon.Response) -> None:
    """Let the browser forget its session."""
    req.context.session = None
    req.context.identity = None
    resp.unset_cookie(COOKIE, path=req.root_path or "/", same_site="Strict")


NOTE = "anomed-note"
_NOTE_S = 60


def tell_after(req: falcon.Request, resp: falcon.Response, server: Server, said: str) -> None:
    """Let the next page of this browser say what came of a form."""
    session: Session | None = req.context.session
    assert session is not None, "let_act has looked at it"
    resp.set_cookie(
        NOTE,
        server.sessions.note(session, said),
        max_age=_NOTE_S,
        path=req.root_path or "/",
        secure=req.scheme == "https",
        http_only=True,
        same_site="Strict",
    )


def told_before(req: falcon.Request, resp: falcon.Response, server: Server) -> str:
    """Return what came of the form before, this once; mostly nothing."""
    session: Session | None = req.context.session
    values = req.get_cookie_values(NOTE) if session is not None else None
    if session is None or not values:
        return ""
    resp.unset_cookie(NOTE, path=req.root_path or "/", same_site="Strict")
    return server.sessions.noted(session, values[0])
