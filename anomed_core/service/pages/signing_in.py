"""Pages on which browsers are signed in and out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
from markupsafe import Markup

from anomed_core.report import Notice
from anomed_core.report.forms import EMPTY, Field, Form
from anomed_core.service.pages.content import Content


@attrs.frozen(kw_only=True)
class Door:
    """What a page needs to sign somebody in or out.

    Attributes
    ----------
    root
        A proxy's prefix.
    key
        The hidden field of the forms.
    goes_to
        Where to go afterwards, below the prefix.
    problem
        Why it did not work before.
    was_ended
        Whether the browser had a session that has ended.
    """

    root: str = ""
    key: Markup = EMPTY
    goes_to: str = ""
    problem: str = ""
    was_ended: bool = False

    def _form(self, path: str, *fields: Field, word: str, **more: Any) -> Form:
        onward = Field(name="next", kind="hidden", value=self.goes_to)
        return Form(
            action=f"{self.root}{path}", fields=(*fields, onward), word=word, key=self.key, **more
        )

    def by_token(self, challenges: Sequence[tuple[str, str]]) -> Content:
        """Return the page that asks for a token, or lets another device sign this one in."""
        token = Field(
            name="token",
            label="Token",
            kind="password",
            complete="current-password",
            hint="The organiser gave it to your team. It begins with anomed-.",
        )
        return Content(
            title="Sign in",
            parts=[
                *self._ended(),
                self._form("/sign-in", token, word="Sign in", problem=self.problem).markup(),
                Markup("<h2>Without the token at hand</h2>"),
                "Somebody who has it, on a device where it is, can let this browser in by a code.",
                self._by_code(challenges).markup(),
            ],
        )

    def _by_code(self, challenges: Sequence[tuple[str, str]]) -> Form:
        chosen = Field(name="challenge", label="Challenge", kind="select", choices=challenges)
        return self._form("/sign-in/code", chosen, word="Show a code", tone="", name="code")

    def by_name(self) -> Content:
        """Return the page that asks for a name, where names are believed."""
        name = Field(name="name", label="Name", hint="Nobody checks it here.", complete="username")
        return Content(
            title="Sign in",
            lead="This server believes names: use the one under which your team submits.",
            parts=[
                *self._ended(),
                self._form("/sign-in", name, word="Sign in", problem=self.problem).markup(),
            ],
        )

    def waiting(self, code: str, address: str) -> Content:
        """Return the page of a browser that waits to be let in."""
        link = Markup('<a href="{0}">{0}</a>').format(address)
        return Content(
            title="Waiting to be let in",
            parts=[
                Markup('<p class="lead">Your code is <strong>{}</strong>.</p>').format(code),
                Markup("<p>Where the token is, open {} and type the code there.</p>").format(link),
                "This page looks again every 5 s.",
                Markup('<p><a href="{0}/sign-in/code">Look again</a></p>').format(self.root),
                Markup('<p><a href="{0}/sign-in">Use a token instead</a></p>').format(self.root),
            ],
        )

    def out(self, name: str) -> Content:
        """Return the page that asks whether to sign out."""
        form = self._form("/sign-out", word="Sign out")
        who = Markup("<p>You are signed in as <strong><bdi>{}</bdi></strong>.</p>").format(name)
        return Content(
            title="Sign out",
            parts=[who, form.markup()] if name else ["You are not signed in."],
        )

    def _ended(self) -> list[object]:
        if not self.was_ended or self.problem:
            return []
        return [
            Notice(
                head="You were signed out:",
                text="the token was revoked, or a week has passed.",
                tone="warn",
            )
        ]
