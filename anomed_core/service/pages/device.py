"""The page on which somebody with a token lets in a program that cannot show it."""

from __future__ import annotations

from markupsafe import Markup

from anomed_core.errors import RequestError
from anomed_core.report import Notice
from anomed_core.report.forms import Field, Form
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.visit import Visit

_LEAD = (
    "A program that cannot show this page asks to act in your name for a day. Let it in only if it "
    "is yours: compare the code."
)


def device(visit: Visit, *, code: str, key: Markup, problem: str = "", said: str = "") -> Content:
    """Return the page for a code.

    Parameters
    ----------
    visit
        Who lets a device in; the form asks for a token unless the browser is signed in.
    code
        As it was typed, or came with the link.
    key
        The hidden field of the form.
    problem
        Why it did not work before.
    said
        What was decided; the form is left out then.
    """
    parts: list[object] = [Notice(head=said, tone="good")] if said else []
    if not said:
        parts += [*_waiting(visit, code), _form(visit, code, key, problem).markup()]
    told = f"{visit.hosted.challenge.title} ({visit.hosted.id})"
    return Content(title="Let a device in", lead=_LEAD, parts=[*parts, f"Challenge: {told}."])


def _waiting(visit: Visit, code: str) -> list[object]:
    """Say what waits under a code."""
    if not code:
        return []
    try:
        name = visit.server.devices.asked_by(visit.hosted, code)
    except RequestError as error:
        return [Notice(head=str(error), tone="warn")]
    return [f"A device that calls itself {name!r} waits under this code."]


def _form(visit: Visit, code: str, key: Markup, problem: str) -> Form:
    token = Field(name="token", label="Your token", kind="password", complete="current-password")
    return Form(
        action=visit.at("/device"),
        fields=[
            Field(name="user_code", label="Code on the device", value=code),
            *([] if visit.identity is not None else [token]),
        ],
        word="Let it in",
        choices=[("decision", "allow", "Let it in"), ("decision", "refuse", "Send it away")],
        key=key,
        problem=problem,
    )
