"""What a plugin may add around scoring: baselines, house attacks, report sections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import attrs
import numpy as np

from anomed_core.model._converters import as_roles, as_tuple, choice_of, matching, naming
from anomed_core.model._deprecated import deprecated, roles_knowing
from anomed_core.model.declarations import Metric
from anomed_core.model.events import Payload, Submission
from anomed_core.model.roles import Role


class Quality(StrEnum):
    """What a baseline must show when it is scored."""

    PERFECT = "perfect"
    TRIVIAL = "trivial"
    INVALID = "invalid"
    ATTACK = "attack"
    PUBLIC = "public"


def as_function(payload: Any) -> Callable[[Any], Payload]:
    """Return a payload as a function of the request, which it may be already."""
    return payload if callable(payload) else lambda _: payload


def _as_quality(value: Quality | str) -> Quality:
    return choice_of(Quality, value)


@attrs.frozen(kw_only=True, field_transformer=naming)
class Baseline:
    """A submission with a known outcome, made from the ground truth or from what is handed out.

    Attributes
    ----------
    name
        Short name, unique within the challenge.
    kind
        Name of the submission kind.
    quality
        ``PERFECT`` and ``TRIVIAL`` (which knows nothing) are scored; ``INVALID`` is refused before
        an attempt is spent. Of a kind's baselines, no trivial one may score better than a perfect
        one on any metric, and worse on at least one. An ``ATTACK`` knows only what is handed out,
        and must score better than a trivial one where a perfect submission is attacked: it shows
        that the challenge can be won, and is handed in by the conformance kit alone. A ``PUBLIC``
        one is what everybody could hand in who has seen what all participants get, such as a public
        table as it is: whoever rehearses a challenge is told whether it is useful enough to win.
    payload
        The decoded body, or a function that is called with the request that a participant would
        have made and returns it; of an attack, with the `anomed_core.testing.Products` that its
        author may read. Where the kind takes one array, that alone will do.
    known_to
        Roles that hold a perfect payload anyway, as for `SubmissionKind`, whose own holds if this
        is ``None``.
    secret
        Deprecated: ``False`` was for what is `known_to` somebody, and let it be told to all.
    """

    name: str
    kind: str
    quality: Quality = attrs.field(converter=_as_quality)
    payload: Callable[[Any], Payload] = attrs.field(converter=as_function)
    secret: bool | None = attrs.field(default=None, eq=False, repr=False)
    known_to: frozenset[Role] | None = attrs.field(
        default=attrs.Factory(
            lambda self: None if self.secret is None else roles_knowing(self.secret),
            takes_self=True,
        ),
        converter=attrs.converters.optional(as_roles),
    )

    def __attrs_post_init__(self) -> None:
        if self.secret is not None:
            deprecated(f"secret= of the baseline {self.name!r}", "known_to={role, ...}")


@attrs.frozen(kw_only=True, field_transformer=naming)
class HouseAttack:
    """An attack that the server itself runs on what an anonymizer submitted.

    Attributes
    ----------
    name
        Short name, unique within the challenge; the label of the recorded scores.
    kind
        Name of the submission kind whose submissions it attacks.
    description
        One sentence for people, with a reference.
    on_request
        Whether it runs only when the organiser asks (``anomed audit``), and not after each score.
    metrics
        What it finds out, declared as for participants' attacks, so that both are ranked together:
        the direction is the one that is better for the attacker. Without any, whatever finite
        numbers come back are kept; that is deprecated.
    run
        Called with the anonymizer's submission and a seeded generator; returns exactly the declared
        metrics, save optional ones, or ``None`` if there is nothing to attack.
    """

    name: str = attrs.field(
        validator=matching(
            r"[A-Za-z][A-Za-z0-9_.-]*", "a letter, then letters, digits or _.-, as in nearest-box"
        )
    )
    kind: str
    description: str = ""
    on_request: bool = False
    metrics: tuple[Metric, ...] = attrs.field(converter=as_tuple, default=())
    run: Callable[[Submission, np.random.Generator], Mapping[str, float] | None]

    def __attrs_post_init__(self) -> None:
        names = [metric.name for metric in self.metrics]
        twins = sorted({name for name in names if names.count(name) > 1})
        if twins:
            raise ValueError(
                f"the house attack {self.name!r} declares {', '.join(twins)} twice; give each "
                "metric a name of its own"
            )
        for metric in self.metrics:
            if metric.kind not in {"", self.kind}:
                raise ValueError(
                    f"the house attack {self.name!r} on {self.kind!r} declares the metric "
                    f"{metric.name!r} of {metric.kind!r}; leave its kind away"
                )


@attrs.frozen(kw_only=True)
class ReportSection:
    """A part of a result page.

    Attributes
    ----------
    title
        Heading.
    html
        Safe markup without styles and scripts.
    parts
        What follows: texts, charts, tables and facts of `anomed_core.report`.
    data
        The same facts as JSON values.
    """

    title: str
    html: str = ""
    parts: Sequence[object] = ()
    data: Mapping[str, Any] = attrs.field(factory=dict)
