"""Parts of pages that are words: notices, lists, code, and what stands beside each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import attrs


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(texts)


def _pairs(pairs: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(map(tuple, pairs))


def _sides(sides: Iterable[Iterable[object]]) -> tuple[Side, ...]:
    return tuple(side if isinstance(side, Side) else Side(side) for side in sides)


def _parts(parts: Iterable[object]) -> tuple[object, ...]:
    return tuple(parts)


@attrs.frozen(kw_only=True)
class Notice:
    """What a reader has to know first.

    Attributes
    ----------
    head
        Its first words, bold.
    text
        The rest.
    tone
        How it looks; words say the same.
    alert
        Whether it is read out at once: the refusal of what was just sent.
    """

    head: str
    text: str = ""
    tone: Literal["", "good", "warn", "bad"] = ""
    alert: bool = False


@attrs.frozen
class Code:
    """Lines to copy."""

    text: str


@attrs.frozen(kw_only=True)
class Drawing:
    """A chart that was drawn elsewhere.

    Attributes
    ----------
    title, description
        Its caption.
    svg
        As `Chart.svg` returns it; empty while it is being drawn.
    failed
        Whether it cannot be drawn.
    """

    title: str
    description: str
    svg: str = attrs.field(repr=False)
    failed: bool = False


@attrs.frozen(kw_only=True)
class Listing:
    """Sentences below each other; numbered, where their order counts."""

    items: tuple[str, ...] = attrs.field(converter=_texts)
    ordered: bool = False


@attrs.frozen
class Terms:
    """Names and what they stand for, line by line."""

    pairs: tuple[tuple[str, str], ...] = attrs.field(converter=_pairs)


@attrs.frozen(kw_only=True)
class Event:
    """A line of a timeline; ``state`` is ``past``, ``now`` or ``ahead``."""

    name: str
    text: str
    state: Literal["past", "now", "ahead"]


def _events(events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(events)


@attrs.frozen
class Timeline:
    """What happens when."""

    events: tuple[Event, ...] = attrs.field(converter=_events)


@attrs.frozen
class Side:
    """Parts below each other, beside others."""

    parts: tuple[object, ...] = attrs.field(converter=_parts)


@attrs.frozen
class Columns:
    """Parts beside each other, where there is room.

    Attributes
    ----------
    sides
        Each a sequence of whatever `anomed_core.report.rendered` takes.
    """

    sides: tuple[Side, ...] = attrs.field(converter=_sides)
