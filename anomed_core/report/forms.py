"""Forms on pages: labels around fields, hints, and what was wrong with what was sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import attrs
from markupsafe import Markup

from anomed_core.report.page import templates


def _fields(fields: Iterable[Field]) -> tuple[Field, ...]:
    return tuple(fields)


def _pairs(pairs: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(map(tuple, pairs))


EMPTY = Markup("")


@attrs.frozen(kw_only=True)
class Field:
    """One field of a form.

    Attributes
    ----------
    name
        Of its value.
    label
        What stands above it.
    kind
        ``hidden`` fields have no label; of ``choice`` and ``select`` one of `choices` is sent;
        ``tick`` sends ``yes``.
    value
        What it holds at first.
    hint
        One sentence about what is allowed.
    required
        Whether it must be filled in.
    choices
        Values and their words.
    accepts
        Endings of files, such as ``.csv``.
    complete
        What a browser may fill in, as the attribute ``autocomplete`` has it.
    """

    name: str
    label: str = ""
    kind: Literal["text", "password", "number", "file", "hidden", "choice", "select", "tick"] = (
        "text"
    )
    value: str = ""
    hint: str = ""
    required: bool = True
    choices: tuple[tuple[str, ...], ...] = attrs.field(default=(), converter=_pairs)
    accepts: tuple[str, ...] = ()
    complete: str = "off"


@attrs.frozen(kw_only=True)
class Form:
    """A form that is posted.

    Attributes
    ----------
    action
        Where it goes.
    fields
        What is asked for.
    word
        What stands on its button.
    key
        The hidden field that keeps other sites from sending it.
    name
        Unique on its page; what labels are tied by.
    problem
        What was wrong with what was sent before.
    tone
        ``main`` for what the page is there for, ``bad`` for what takes something away.
    choices
        Further buttons, as pairs of a field's name and value and the word.
    """

    action: str
    fields: tuple[Field, ...] = attrs.field(default=(), converter=_fields)
    word: str
    key: Markup = EMPTY
    name: str = "form"
    problem: str = ""
    tone: Literal["", "main", "bad"] = "main"
    choices: tuple[tuple[str, ...], ...] = attrs.field(default=(), converter=_pairs)

    @property
    def uploads(self) -> bool:
        """Whether a file goes with it."""
        return any(field.kind == "file" for field in self.fields)

    def __html__(self) -> Markup:
        """Return the form as it stands on a page."""
        return self.markup()

    def markup(self) -> Markup:
        """Return the form as a part of a page."""
        drawn = templates().get_template("form.html").render(form=self)
        return Markup(drawn)  # noqa: S704  # by a template that escapes

    def folded(self, summary: str) -> Markup:
        """Return the form in small: a word that unfolds it, as in rows of tables."""
        return Markup("<details><summary>{}</summary>{}</details>").format(summary, self)
