"""What a challenge type declares about itself; everything else is derived from these."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import attrs

from anomed_core.model._converters import as_both_roles, as_direction, as_tuple, matching, naming
from anomed_core.model._deprecated import deprecated
from anomed_core.model._measures import Arguments, arguments_of
from anomed_core.model.roles import BothRoles, Direction, Split

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""Names of challenge types: lower-case words joined by hyphens."""

PATH = matching(r"(/[a-z0-9_-]+)+", "lower-case words behind slashes, as in /data/anonymizer")
"""Routes below a challenge."""

_METRIC_NAME = matching(
    r"[A-Za-z][A-Za-z0-9_.%@-]*", "a letter, then letters, digits or _.%@-, as in tpr_at_fpr_0.1"
)


def normalised_slug(name: str) -> str:
    """Return a plugin's name with underscores turned into hyphens.

    Examples
    --------
    >>> normalised_slug("supervised_mia")
    'supervised-mia'
    """
    return name.strip().lower().replace("_", "-")


@attrs.frozen(kw_only=True)
class DemoConfig:
    """What ``anomed demo`` plays.

    Attributes
    ----------
    play
        ``"module:function"``; called with an `anomed_core.DemoSession`.
    config
        Table of the challenge that is played.
    """

    play: str
    config: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True, field_transformer=naming)
class ChallengeType:
    """A class of challenges, as a plugin announces it.

    Attributes
    ----------
    name
        Slug; the value of ``--plugin``, the entry point's name and the config's ``type``.
    title
        A few words for people; those of the name, if it is not given.
    description
        One or two sentences for people; the first line of the plugin's docstring, if it is not
        given.
    config_class
        attrs class into which the challenge's table of the configuration is structured, or the
        ``"module:Class"`` string that names it, so that announcing a type imports nothing heavy.
    demo_config
        The table that is used when the type is served without a configuration.
    demo
        What ``anomed demo`` plays; ``None`` if the type has no demo.
    competition
        Deprecated: `demo` under its former name.
    is_drawn
        Whether the server's secret decides about data or truth, such as who is in the final; the
        conformance kit checks it. False if the configuration gives everything that is scored.
    both_roles
        Whether one team may hold tokens of both roles in one challenge: ``refuse`` where what one
        role is given answers the questions of the other, ``warn`` or ``allow``. A challenge's
        configuration may say otherwise.
    """

    name: str = attrs.field(
        validator=matching(SLUG, "lower-case letters, digits, hyphens, as in location-privacy")
    )
    title: str = attrs.field(
        default=attrs.Factory(
            lambda self: self.name.replace("-", " ").capitalize(), takes_self=True
        )
    )
    description: str = ""
    config_class: type | str
    demo_config: Mapping[str, Any] = attrs.field(factory=dict)
    competition: DemoConfig | None = attrs.field(default=None, eq=False, repr=False)
    demo: DemoConfig | None = attrs.field(
        default=attrs.Factory(lambda self: self.competition, takes_self=True)
    )
    is_drawn: bool = True
    both_roles: BothRoles = attrs.field(default=BothRoles.WARN, converter=as_both_roles)

    def __attrs_post_init__(self) -> None:
        if self.competition is not None:
            deprecated(f"competition= of the challenge type {self.name!r}", "demo=")


@attrs.frozen(kw_only=True, field_transformer=naming)
class Parameter:
    """A query parameter of a data product or submission kind.

    Attributes
    ----------
    name
        ``anonymizer``, ``deanonymizer``, ``data_split``, or one of the plugin's own.
    required
        Whether a request without it is refused.
    choices
        The only values allowed, if not empty.
    description
        One sentence for participants.
    """

    name: str = attrs.field(
        validator=matching(
            r"[a-z][a-z0-9_]*", "lower-case letters, digits, underscores, as in data_split"
        )
    )
    required: bool = True
    choices: tuple[str, ...] = attrs.field(converter=as_tuple, default=())
    description: str = ""


ANONYMIZER = Parameter(name="anonymizer", description="Identifier of the anonymizer.")
DEANONYMIZER = Parameter(name="deanonymizer", description="Identifier of the deanonymizer.")
DATA_SPLIT = Parameter(
    name="data_split",
    choices=(Split.TUNING.value, Split.VALIDATION.value),
    description="Which evaluation: tuning as often as quotas allow, validation once.",
)

PAIR = (ANONYMIZER, DEANONYMIZER, DATA_SPLIT)
"""Parameters of what each pair of an anonymizer and a deanonymizer gets for itself."""


def _bounds(metric: Metric, _: attrs.Attribute[Any], value: tuple[Any, ...]) -> None:
    are_numbers = all(isinstance(limit, Real) for limit in value)
    if len(value) != 2 or not are_numbers or not value[0] < value[1]:
        raise ValueError(
            f"the bounds of the metric {metric.name!r} must be (low, high) with low < high, got "
            f"{value}; give (-inf, inf) where there are none"
        )


def _two_names(_: object, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    if len(value) != 2:
        raise ValueError(
            f"{attribute.name} must be the names of the lower and the upper limit, got {value}"
        )


@attrs.frozen(kw_only=True, field_transformer=naming)
class Metric:
    """A number that a submission is scored by; declared before the first score, then fixed.

    Attributes
    ----------
    name
        Key in the answer and the ledger.
    kind
        Name of the submission kind that it belongs to; needless in the declaration of the kind.
    direction
        Which way is better for the one who submits.
    bounds
        Smallest and largest possible value, both inclusive; infinities where there is no bound.
    chance
        Value of a submission that knows nothing, where there is one.
    primary
        Whether the kind is ranked by it; the first one is, if none says so.
    tie_breaker
        Position among the metrics that decide ties of the primary one, from 1; ``None`` if it
        decides none.
    limits
        Names of the metrics that are the lower and upper limits of its 95 % confidence interval,
        where there is one. Rankings that take the worst of several attacks by a lower limit widen
        the interval for their number.
    optional
        Whether a result may lack it. Only for house attacks: what is found out about a claim is
        nothing where nobody claims anything. Whatever scores a submission is always complete.
    measure
        Computes it. Two positional arguments are the truth and what was submitted, as for
        scikit-learn's metrics: the kind's `perfect` payload for the request, and the payload, each
        the array itself where the schema has one (a submitted table is a ``pyarrow.Table``, the
        truth what `perfect` gives). It may name any of ``challenge``, ``request`` (a `DataRequest`
        with the submission's parameters), ``submission`` and ``target`` (``None`` where nobody is
        attacked), too; without the two others, the kind needs no perfect payload. Measures and
        the evaluation hook add up: the hook returns the metrics that have none.
    array
        Name of the array that the measure compares; must be given where the schema has several.
    definition
        What is computed, with its reference, in a sentence or two.
    """

    name: str = attrs.field(validator=_METRIC_NAME)
    kind: str = ""
    direction: Direction = attrs.field(default=Direction.HIGHER, converter=as_direction)
    bounds: tuple[float, float] = attrs.field(
        converter=as_tuple, default=(float("-inf"), float("inf")), validator=_bounds
    )
    chance: float | None = None
    primary: bool = False
    tie_breaker: int | None = None
    limits: tuple[str, str] | None = attrs.field(
        default=None,
        converter=attrs.converters.optional(as_tuple),
        validator=attrs.validators.optional(_two_names),
        metadata={"fingerprint": False},
    )
    optional: bool = attrs.field(default=False, metadata={"fingerprint": False})
    measure: Callable[..., Any] | None = attrs.field(
        default=None, eq=False, repr=False, metadata={"fingerprint": False}
    )
    array: str = attrs.field(default="", eq=False, metadata={"fingerprint": False})
    definition: str = ""
    _arguments: Arguments = attrs.field(
        init=False, eq=False, repr=False, metadata={"fingerprint": False}
    )

    @_arguments.default
    def _asked_for(self) -> Arguments:
        return arguments_of(self.measure, self.name) if self.measure else Arguments()

    @property
    def compares(self) -> bool:
        """Whether its measure takes the truth and what was submitted."""
        return self.measure is not None and self._arguments.compares

    def measured(self, values: Mapping[str, Any]) -> Any:
        """Call its measure with those of the values that it asks for, by name."""
        if self.measure is None:
            raise ValueError(f"the metric {self.name!r} has no measure")
        return self._arguments.call(self.measure, values)

    @classmethod
    def of(
        cls,
        measure: Callable[..., Any],
        *,
        name: str | None = None,
        definition: str | None = None,
        **options: Any,
    ) -> Metric:
        """Declare a metric by the function that computes it.

        Parameters
        ----------
        measure
            Takes the truth and what was submitted, or more by name; see the attribute.
        name
            The function's name, if it is not given.
        definition
            The first line of the function's docstring, if it is not given.
        **options
            Further attributes of the metric.

        Returns
        -------
        Metric

        Examples
        --------
        >>> from sklearn.metrics import roc_auc_score
        >>> auc = Metric.of(roc_auc_score, name="auc", bounds=(0, 1), chance=0.5)
        >>> auc.measure([0, 1], [0.1, 0.9])
        1.0
        """
        if name is None:
            name = measure.__name__
        if definition is None:
            definition = (inspect.getdoc(measure) or "").partition("\n")[0]
        return cls(name=name, definition=definition, measure=measure, **options)
