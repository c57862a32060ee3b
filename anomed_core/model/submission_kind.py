"""What participants hand in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from anomed_core.model._converters import (
    as_final_scores,
    as_purpose,
    as_role,
    as_roles,
    as_split,
    as_splits,
    as_tuple,
    matching,
    naming,
)
from anomed_core.model._deprecated import deprecated, roles_knowing
from anomed_core.model.declarations import (
    ANONYMIZER,
    DATA_SPLIT,
    PAIR,
    PATH,
    Metric,
    Parameter,
)
from anomed_core.model.payloads import ArraySchema, ArraysSchema, JSONSchema, SubmissionSchema
from anomed_core.model.roles import FinalScores, Purpose, Role, Split

_USUAL_PARAMETERS = {
    Role.ANONYMIZER: (ANONYMIZER, DATA_SPLIT),
    Role.DEANONYMIZER: PAIR,
}


def _usual_purpose(submitter: Role) -> Purpose:
    return Purpose.THREAT if submitter is Role.DEANONYMIZER else Purpose.UTILITY


def _own_role(kind: SubmissionKind) -> Role:
    if kind.name not in {Role.ANONYMIZER, Role.DEANONYMIZER}:
        raise ValueError(f"{kind.name}: say whether an anonymizer or a deanonymizer submits it")
    return Role(kind.name)


def _usual_parameters(kind: SubmissionKind) -> tuple[Parameter, ...]:
    return _USUAL_PARAMETERS.get(kind.submitter, ()) if kind.default_split is None else ()


def _attacks_somebody(kind: SubmissionKind) -> bool:
    """Whether a kind is an attack on the anonymizer that the query must name."""
    if kind.purpose is not Purpose.THREAT or kind.submitter is not Role.DEANONYMIZER:
        return False
    return ANONYMIZER.name in {
        parameter.name for parameter in kind.parameters if parameter.required
    }


def _usually_kept(kind: SubmissionKind) -> frozenset[Split]:
    return frozenset(Split) if kind.is_attackable else frozenset({Split.VALIDATION})


@attrs.frozen(kw_only=True, field_transformer=naming)
class SubmissionKind:
    """Something participants hand in to be scored.

    What is not given follows from who submits it; each may be given instead:

    ===============  ==========================  ====================================
    attribute        anonymizer                  deanonymizer
    ===============  ==========================  ====================================
    ``submitter``    the name, if it is a role   the name, if it is a role
    ``path``         ``/utility/`` and the name  ``/utility/`` and the name
    ``purpose``      utility                     threat
    ``parameters``   anonymizer, data_split      anonymizer, deanonymizer, data_split
    ``keeps``        both splits                 the finals
    ``with_target``  no                          yes
    ``same_split``   no                          as ``with_target``
    ``after_final``  no                          as ``with_target``
    ===============  ==========================  ====================================

    With a ``default_split`` there are no usual parameters, and where ``anonymizer`` is no required
    parameter, there is no target.

    Attributes
    ----------
    name
        Short name, unique within the challenge, such as ``anonymizer``.
    path
        Route below the challenge; ``/utility/`` and the name, if it is not given.
    submitter
        The role that submits; decides whether the subject is the anonymizer's id alone or the pair
        of both ids. The name, if that is a role and this is not given.
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
        the first of them is chosen without the parameter. ``None`` for a path of its own. See
        `alternatives`.
    keeps
        Splits whose bodies are kept, so that they can be attacked and scored again; if it is not
        given, both splits of what anonymizers submit for utility, and the finals of all else. Each
        kept body stays in the state directory: tuning takes up to the limit on bodies for every
        attempt of every anonymizer, so say ``{"validation"}`` where nobody attacks a tuning
        submission.
    with_target
        Whether the evaluation needs the submission of the anonymizer under attack. Attacks on
        somebody who has submitted nothing are refused then, before an attempt is spent. It is so
        for threats of deanonymizers whose parameters require an anonymizer, unless it is denied.
    same_split
        Whether that submission is the newest one for the split of the attack, where each split has
        data of its own, as it is with a target, unless it is denied; otherwise it is the final if
        there is one and else the newest.
    after_final
        Whether finals that name an anonymizer are refused until it has a final: one that came
        before would be spent, and count against nothing. It is so with a target, unless it is
        denied.
    requires_sealed
        Name of an account of the challenge's operations that whoever submits a final must have
        sealed, so that nothing is asked after it; empty for none.
    with_transcript
        Whether the evaluation needs what the anonymizer under attack has asked in paid calls and
        was answered, see `Target.transcript`; of what is submitted for utility, what its own
        anonymizer has, as house attacks on it do, see `Submission.transcript`.
    with_rivals
        Whether the evaluation needs what other anonymizers have submitted, too: where all of them
        publish the same people, an attack may know from one what it says about another.
    attacks
        Name of the submission kind of anonymizers that is attacked. Without it, whatever the type
        itself lets anonymizers submit. An attack that an extension adds counts among the worst ones
        of rankings only if this says of what.
    metrics
        What it is scored by; more may be declared by ``anomed_metrics``.
    perfect, trivial
        Payloads of a perfect baseline, and of one that knows nothing, or functions of the
        `DataRequest` that return them; more may be offered by ``anomed_baselines``. They are never
        served. Where the schema has one array, that alone will do.
    known_to
        Roles that hold the perfect payload anyway: anonymizers, of an original table that is to be
        published. To all others it is ground truth that must not be told.
    is_secret
        Deprecated: ``False`` was for what is `known_to` somebody, and let it be told to all.
    finals
        Whether scores of its finals are sealed until the finals close, whatever else is usual;
        organisers have the last word.
    cheap
        Whether the evaluation is short and safe enough to run inside the web worker; otherwise it
        runs in a worker process with limits.
    long
        Whether the evaluation takes longer than somebody waits: each submission is answered by a
        job (202), whose result is what the answer would have been (201). Clients that know no jobs,
        as the published ones of AnoMed, cannot submit it. Of any other kind that is not cheap,
        participants may ask for a job.
    description
        One sentence for participants.
    """

    name: str = attrs.field(
        validator=matching(
            r"[a-z][a-z0-9_-]*", "lower-case letters, digits, hyphens, as in guess-owner"
        )
    )
    path: str = attrs.field(
        default=attrs.Factory(lambda self: f"/utility/{self.name}", takes_self=True),
        validator=PATH,
    )
    submitter: Role = attrs.field(
        default=attrs.Factory(_own_role, takes_self=True), converter=as_role
    )
    purpose: Purpose = attrs.field(
        default=attrs.Factory(lambda self: _usual_purpose(self.submitter), takes_self=True),
        converter=as_purpose,
    )
    schema: SubmissionSchema | Mapping[Split, SubmissionSchema]
    default_split: Split | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_split)
    )
    parameters: tuple[Parameter, ...] = attrs.field(
        default=attrs.Factory(_usual_parameters, takes_self=True), converter=as_tuple
    )
    selector: tuple[str, str] | None = None
    keeps: frozenset[Split] = attrs.field(
        default=attrs.Factory(_usually_kept, takes_self=True), converter=as_splits
    )
    with_target: bool = attrs.field(default=attrs.Factory(_attacks_somebody, takes_self=True))
    same_split: bool = attrs.field(
        default=attrs.Factory(lambda self: self.with_target, takes_self=True)
    )
    after_final: bool = attrs.field(
        default=attrs.Factory(lambda self: self.with_target, takes_self=True)
    )
    requires_sealed: str = ""
    with_transcript: bool = False
    with_rivals: bool = False
    attacks: str = ""
    metrics: tuple[Metric, ...] = attrs.field(converter=as_tuple, default=())
    perfect: Any = attrs.field(default=None, eq=False, repr=False)
    trivial: Any = attrs.field(default=None, eq=False, repr=False)
    is_secret: bool | None = attrs.field(default=None, eq=False, repr=False)
    known_to: frozenset[Role] = attrs.field(
        default=attrs.Factory(lambda self: roles_knowing(self.is_secret), takes_self=True),
        converter=as_roles,
    )
    finals: FinalScores | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_final_scores)
    )
    cheap: bool = False
    long: bool = False
    description: str = ""

    def __attrs_post_init__(self) -> None:
        if self.cheap and self.long:
            raise ValueError(
                f"{self.name}: an evaluation is cheap, and runs while its participant waits, or "
                "long, and is a job; say one of the two"
            )
        if self.is_secret is not None:
            deprecated(f"is_secret= of the submission kind {self.name!r}", "known_to={role, ...}")
        if self.submitter not in {Role.ANONYMIZER, Role.DEANONYMIZER}:
            raise ValueError(
                f"{self.name}: anonymizers and deanonymizers submit, not {self.submitter}"
            )
        splits = [p for p in self.parameters if p.name == DATA_SPLIT.name]
        if self.default_split is None and not any(p.required for p in splits):
            raise ValueError(f"{self.name}: without a default split, data_split must be required")
        if self.attacks and not self.names_target:
            raise ValueError(
                f"{self.name}: only a deanonymizer whose query names an anonymizer attacks "
                f"{self.attacks!r}"
            )
        if isinstance(self.schema, Mapping) and set(self.schema) != set(self.splits):
            raise ValueError(f"{self.name}: declare one schema for each of its splits")

    @classmethod
    def of_array(
        cls,
        name: str,
        family: str,
        *,
        shape: Iterable[int | None] | int,
        array: str = "prediction",
        low: float | None = None,
        high: float | None = None,
        description: str,
        **options: Any,
    ) -> SubmissionKind:
        """Declare a submission of one named array in an npz file.

        Parameters
        ----------
        name
            Name of the submission kind.
        family
            What the array holds: ``bool``, ``int``, ``float`` (which takes integers, too) or
            ``str``.
        shape
            Length of each axis, or the length of its only one.
        array
            Name of the array.
        low, high
            Smallest and largest allowed value, both inclusive.
        description
            One sentence for participants, about kind and array.
        **options
            Further attributes of the kind.

        Returns
        -------
        SubmissionKind

        Examples
        --------
        >>> kind = SubmissionKind.of_array(
        ...     "anonymizer", "float", shape=40, low=0, high=1000, description="Incomes."
        ... )
        >>> kind.path, [parameter.name for parameter in kind.parameters]
        ('/utility/anonymizer', ['anonymizer', 'data_split'])
        >>> kind.schema.arrays[0].kinds, kind.schema.arrays[0].shape
        (('float', 'int'), (40,))
        """
        declared = ArraySchema(
            name=array,
            kinds=(family, "int") if family == "float" else (family,),
            shape=(shape,) if isinstance(shape, int) else shape,
            low=low,
            high=high,
            description=description,
        )
        schema = ArraysSchema(arrays=(declared,))
        return cls(name=name, schema=schema, description=description, **options)

    @classmethod
    def of_document(
        cls, name: str, schema: Mapping[str, Any], *, description: str, **options: Any
    ) -> SubmissionKind:
        """Declare a submission of one JSON document.

        Parameters
        ----------
        name
            Name of the submission kind.
        schema
            A JSON Schema (draft 2020-12) object.
        description
            One sentence for participants.
        **options
            Further attributes of the kind.

        Returns
        -------
        SubmissionKind

        Examples
        --------
        >>> notes = {"type": "array", "items": {"type": "string"}}
        >>> SubmissionKind.of_document("anonymizer", notes, description="Notes.").path
        '/utility/anonymizer'
        """
        return cls(name=name, schema=JSONSchema(schema=schema), description=description, **options)

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits this kind can be submitted for."""
        for parameter in self.parameters:
            if parameter.name == DATA_SPLIT.name:
                return tuple(Split(choice) for choice in parameter.choices or tuple(Split))
        return (self.default_split,) if self.default_split else ()

    @property
    def is_attackable(self) -> bool:
        """Whether it is what attackers may be handed: what anonymizers submit for its utility."""
        return self.purpose is Purpose.UTILITY and self.submitter is Role.ANONYMIZER

    @property
    def names_target(self) -> bool:
        """Whether its submissions can name an anonymizer: those that do count against it.

        A reconstructed table need not name anybody; one that does has told what became of it.
        """
        names = {parameter.name for parameter in self.parameters}
        return self.submitter is Role.DEANONYMIZER and (
            self.with_target or ANONYMIZER.name in names
        )

    @property
    def address(self) -> str:
        """Its path, and the query that chooses it there."""
        return self.path + ("?{}={}".format(*self.selector) if self.selector else "")

    def schema_for(self, split: Split) -> SubmissionSchema:
        """Return what a submission for this split must decode to."""
        return self.schema[split] if isinstance(self.schema, Mapping) else self.schema
