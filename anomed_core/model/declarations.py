"""What a challenge type declares about itself; everything else is derived from these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from anomed_core.model._converters import as_roles, as_splits, as_tuple
from anomed_core.model.payloads import ProductSchema, SubmissionSchema
from anomed_core.model.roles import Direction, Purpose, Role, Split

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""Names of challenge types: lower-case words joined by hyphens."""

_PATH = attrs.validators.matches_re(r"(/[a-z0-9_-]+)+")
_METRIC_NAME = attrs.validators.matches_re(r"[A-Za-z][A-Za-z0-9_.%@-]*")


def normalised_slug(name: str) -> str:
    """Return a plugin's name with underscores turned into hyphens.

    Examples
    --------
    >>> normalised_slug("supervised_mia")
    'supervised-mia'
    """
    return name.strip().lower().replace("_", "-")


@attrs.frozen(kw_only=True)
class Competition:
    """What ``anomed demo`` plays.

    Attributes
    ----------
    play
        ``"module:function"``; called with an `anomed_core.demonstration.DemoSession`.
    config
        Table of the challenge that is played.
    """

    play: str
    config: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class ChallengeType:
    """A class of challenges, as a plugin announces it.

    Attributes
    ----------
    name
        Slug; the value of ``--plugin``, the entry point's name and the config's ``type``.
    title
        A few words for people.
    description
        One or two sentences for people.
    config_class
        attrs class into which the challenge's table of the configuration is structured, or the
        ``"module:Class"`` string that names it, so that announcing a type imports nothing heavy.
    demo_config
        The table that is used when the type is served without a configuration.
    competition
        What ``anomed demo`` plays; ``None`` if the type has no demo.
    """

    name: str = attrs.field(validator=attrs.validators.matches_re(SLUG))
    title: str
    description: str = ""
    config_class: type | str
    demo_config: Mapping[str, Any] = attrs.field(factory=dict)
    competition: Competition | None = None


@attrs.frozen(kw_only=True)
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

    name: str = attrs.field(validator=attrs.validators.matches_re(r"[a-z][a-z0-9_]*"))
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

_USUAL_PARAMETERS = {
    Role.ANONYMIZER: (ANONYMIZER, DATA_SPLIT),
    Role.DEANONYMIZER: (ANONYMIZER, DEANONYMIZER, DATA_SPLIT),
}


def _usual_purpose(submitter: Role) -> Purpose:
    return Purpose.THREAT if submitter is Role.DEANONYMIZER else Purpose.UTILITY


@attrs.frozen(kw_only=True)
class DataProduct:
    """Something the server hands out.

    Attributes
    ----------
    path
        Route below the challenge, such as ``/data/anonymizer/training``.
    audience
        Who may read it under ``auth = "tokens"``; the organiser always may.
    schema
        What its bytes decode to.
    static
        Whether everyone gets the same bytes: encoded once and sent by the kernel. Otherwise it is
        provided per request, from the request's parameters.
    parameters
        Query parameters of a product that is provided per request.
    with_target
        Whether it depends on what the anonymizer in the query has submitted; never static.
    same_split
        Whether that submission is the newest one for the split in the query, where each split has
        data of its own; otherwise it is the final if there is one and else the newest.
    description
        One sentence for participants.
    """

    path: str = attrs.field(validator=_PATH)
    audience: frozenset[Role] = attrs.field(converter=as_roles)
    schema: ProductSchema
    static: bool = True
    parameters: tuple[Parameter, ...] = attrs.field(converter=as_tuple, default=())
    with_target: bool = False
    same_split: bool = False
    description: str = ""

    def __attrs_post_init__(self) -> None:
        if self.static and self.with_target:
            raise ValueError(f"{self.path}: a static product depends on nobody's submission")
        if self.static and any(parameter.required for parameter in self.parameters):
            raise ValueError(f"{self.path}: a static product has no required parameters")


@attrs.frozen(kw_only=True)
class SubmissionKind:
    """Something participants hand in to be scored.

    Attributes
    ----------
    name
        Short name, unique within the challenge, such as ``anonymizer``.
    path
        Route below the challenge; ``/utility/`` and the name, if it is not given.
    submitter
        The role that submits; decides whether the subject is the anonymizer's id alone or the pair
        of both ids.
    purpose
        Which hook scores it; the utility of what anonymizers submit and the threat of what
        deanonymizers submit, if it is not given.
    schema
        What its bytes must decode to, for all splits or for each: shapes that are declared here
        are enforced before a single byte is unpacked.
    parameters
        Query parameters, in the order in which their absence is reported. Without any, and without
        a default split: the ids of submitter and anonymizer, and ``data_split``.
    default_split
        The split of a request that names none; ``None`` if ``data_split`` is required.
    selector
        Query parameter and its value that choose this kind, where several kinds share one path;
        the first of them is chosen without the parameter. ``None`` for a path of its own.
    keeps
        Splits whose bodies are kept, so that they can be attacked and scored again.
    with_target
        Whether the evaluation needs the submission of the anonymizer under attack.
    same_split
        Whether that submission is the newest one for the split of the attack, where each split has
        data of its own; otherwise it is the final if there is one and else the newest.
    cheap
        Whether the evaluation is short and safe enough to run inside the web worker; otherwise it
        runs in a worker process with limits.
    description
        One sentence for participants.
    """

    name: str = attrs.field(validator=attrs.validators.matches_re(r"[a-z][a-z0-9_-]*"))
    path: str = attrs.field(
        default=attrs.Factory(lambda self: f"/utility/{self.name}", takes_self=True),
        validator=_PATH,
    )
    submitter: Role = attrs.field(converter=Role)
    purpose: Purpose = attrs.field(
        default=attrs.Factory(lambda self: _usual_purpose(self.submitter), takes_self=True),
        converter=Purpose,
    )
    schema: SubmissionSchema | Mapping[Split, SubmissionSchema]
    parameters: tuple[Parameter, ...] = attrs.field(converter=as_tuple, default=())
    default_split: Split | None = attrs.field(
        default=None, converter=attrs.converters.optional(Split)
    )
    selector: tuple[str, str] | None = None
    keeps: frozenset[Split] = attrs.field(
        converter=as_splits, default=frozenset({Split.VALIDATION})
    )
    with_target: bool = False
    same_split: bool = False
    cheap: bool = False
    description: str = ""

    def __attrs_post_init__(self) -> None:
        if self.submitter not in {Role.ANONYMIZER, Role.DEANONYMIZER}:
            raise ValueError(
                f"{self.name}: anonymizers and deanonymizers submit, not {self.submitter}"
            )
        if not self.parameters and self.default_split is None:
            object.__setattr__(self, "parameters", _USUAL_PARAMETERS[self.submitter])
        splits = [p for p in self.parameters if p.name == DATA_SPLIT.name]
        if self.default_split is None and not any(p.required for p in splits):
            raise ValueError(f"{self.name}: without a default split, data_split must be required")
        if isinstance(self.schema, Mapping) and set(self.schema) != set(self.splits):
            raise ValueError(f"{self.name}: declare one schema for each of its splits")

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits this kind can be submitted for."""
        for parameter in self.parameters:
            if parameter.name == DATA_SPLIT.name:
                return tuple(Split(choice) for choice in parameter.choices or tuple(Split))
        return (self.default_split,) if self.default_split else ()

    def schema_for(self, split: Split) -> SubmissionSchema:
        """Return what a submission for this split must decode to."""
        return self.schema[split] if isinstance(self.schema, Mapping) else self.schema


def _bounds(_: object, attribute: attrs.Attribute[Any], value: tuple[float, float]) -> None:
    if not value[0] < value[1]:
        raise ValueError(f"{attribute.name} must be (low, high) with low < high, got {value}")


@attrs.frozen(kw_only=True)
class Metric:
    """A number that a submission is scored by; declared before the first score, then fixed.

    Attributes
    ----------
    name
        Key in the answer and the ledger.
    kind
        Name of the submission kind that it belongs to.
    direction
        Which way is better for the one who submits.
    bounds
        Smallest and largest possible value, both inclusive; infinities where there is no bound.
    chance
        Value of a submission that knows nothing, where there is one.
    primary
        Whether the kind is ranked by it; exactly one metric of a ranked kind is.
    tie_breaker
        Position among the metrics that decide ties of the primary one, from 1; ``None`` if it
        decides none.
    definition
        What is computed, with its reference, in a sentence or two.
    """

    name: str = attrs.field(validator=_METRIC_NAME)
    kind: str
    direction: Direction = attrs.field(default=Direction.HIGHER, converter=Direction)
    bounds: tuple[float, float] = attrs.field(
        converter=as_tuple, default=(float("-inf"), float("inf")), validator=_bounds
    )
    chance: float | None = None
    primary: bool = False
    tie_breaker: int | None = None
    definition: str = ""
