"""The content of a page, before anything is put around it."""

from __future__ import annotations

from collections.abc import Iterable

import attrs


def _parts(parts: Iterable[object]) -> tuple[object, ...]:
    return tuple(parts)


def _pairs(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(pairs)


@attrs.frozen(kw_only=True)
class Content:
    """What a page says.

    Attributes
    ----------
    title
        Its heading.
    lead
        The sentence below it; may be markup.
    parts
        See `anomed_core.report.rendered`.
    trail
        What lies between the challenge and this page, as pairs of words and paths.
    position
        Text that changes with the content; without one, the page asks for no news.
    here
        The last crumb, where it is not the title.
    is_finished
        Whether all of it is there; a figure may still be drawn.
    drawn
        The parts as HTML in UTF-8, if they were drawn before; they are left out then.
    """

    title: str
    lead: str = ""
    parts: tuple[object, ...] = attrs.field(default=(), converter=_parts)
    trail: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_pairs)
    position: str = ""
    here: str = ""
    is_finished: bool = True
    drawn: bytes = attrs.field(default=b"", repr=False)
