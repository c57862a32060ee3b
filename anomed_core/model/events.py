"""What happens in a challenge: somebody asks, somebody submits, a score is recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import attrs

from anomed_core.model.exchanges import Exchange
from anomed_core.model.roles import Role, Split

Payload = Any
"""Decoded body: mapping of arrays (npz), ``pyarrow.Table`` (parquet), JSON value, or mapping of
part names to those (form)."""


@attrs.frozen(kw_only=True)
class DataRequest:
    """A request for a data product that depends on who asks.

    Attributes
    ----------
    parameters
        Declared query parameters that were given, already validated.
    target
        The anonymizer in the query, with a submission, for products declared ``with_target``.
    transcript
        What the anonymizer in the query has asked in paid calls and was answered, oldest first, for
        products declared ``with_transcript``.
    """

    parameters: Mapping[str, str] = attrs.field(factory=dict)
    target: Target | None = None
    transcript: tuple[Exchange, ...] = attrs.field(default=(), repr=False)

    @property
    def anonymizer(self) -> str | None:
        """Identifier of the anonymizer, if given."""
        return self.parameters.get("anonymizer")

    @property
    def deanonymizer(self) -> str | None:
        """Identifier of the deanonymizer, if given."""
        return self.parameters.get("deanonymizer")

    @property
    def split(self) -> Split | None:
        """The split, if given."""
        value = self.parameters.get("data_split")
        return Split(value) if value is not None else None


@attrs.frozen(kw_only=True)
class Subject:
    """Who submits: an anonymizer, or a deanonymizer together with the anonymizer it attacks.

    Attributes
    ----------
    role
        What the subject is.
    anonymizer
        Identifier of the anonymizer; empty for a submission that names none.
    deanonymizer
        Identifier of the deanonymizer; empty if the subject is an anonymizer.
    """

    role: Role
    anonymizer: str = ""
    deanonymizer: str = ""

    def is_among(self, ids: Collection[tuple[Role, str]]) -> bool:
        """Return whether one of these, by role and id, has a part in what the subject does."""
        return (Role.ANONYMIZER, self.anonymizer) in ids or (
            (Role.DEANONYMIZER, self.deanonymizer) in ids
        )

    @property
    def key(self) -> str:
        """Unambiguous text form: lengths go before the ids, so no two subjects share one.

        Examples
        --------
        >>> a = Subject(role=Role.DEANONYMIZER, anonymizer="a", deanonymizer="bc")
        >>> b = Subject(role=Role.DEANONYMIZER, anonymizer="ab", deanonymizer="c")
        >>> a.key == b.key
        False
        """
        if self.role is Role.ANONYMIZER:
            return f"{len(self.anonymizer)}:{self.anonymizer}"
        return (
            f"{len(self.anonymizer)}:{self.anonymizer}|{len(self.deanonymizer)}:{self.deanonymizer}"
        )


@attrs.frozen(kw_only=True)
class Submission:
    """A decoded submission on its way to an evaluation hook.

    Attributes
    ----------
    kind
        Name of the submission kind.
    subject
        Who submits.
    split
        Which evaluation it is for.
    parameters
        Declared query parameters that were given.
    payload
        Decoded and validated body. Arrays are read-only.
    digest
        SHA-256 of the body as it came, hexadecimal. It tells bodies apart and not what they hold:
        noise that is keyed by it is another one for each blank that somebody adds, and is averaged
        away. Key draws by what was decoded.
    transcript
        What its anonymizer had asked in paid calls and was answered by then, oldest first, for
        kinds of utility declared ``with_transcript``, and for house attacks on those.
    """

    kind: str
    subject: Subject
    split: Split
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    payload: Payload = attrs.field(repr=False)
    digest: str
    transcript: tuple[Exchange, ...] = attrs.field(default=(), eq=False, repr=False)

    @property
    def anonymizer(self) -> str:
        """Identifier of the anonymizer that submits or is attacked."""
        return self.subject.anonymizer

    @property
    def deanonymizer(self) -> str:
        """Identifier of the deanonymizer; empty if an anonymizer submits."""
        return self.subject.deanonymizer


@attrs.frozen(kw_only=True)
class Target:
    """The anonymizer under attack.

    Attributes
    ----------
    anonymizer
        Its identifier.
    scores
        Its final utility scores, oldest first; empty if it has none yet.
    submission
        For kinds and products declared ``with_target``, where it is never ``None``: its kept
        submission, the newest one for the split if ``same_split`` is declared, too, and otherwise
        the final if there is one and else the newest.
    transcript
        What it has asked in paid calls and was answered, oldest first, for kinds declared
        ``with_transcript``; of a final that is scored again, what it had then.
    rivals
        For kinds declared ``with_rivals``: what others had submitted by then that attackers could
        read, oldest first. What those give away about the same people is no risk of this one.
    """

    anonymizer: str
    scores: tuple[Score, ...] = ()
    submission: Submission | None = None
    transcript: tuple[Exchange, ...] = attrs.field(default=(), repr=False)
    rivals: tuple[Submission, ...] = ()


@attrs.frozen(kw_only=True)
class Score:
    """A recorded score.

    Attributes
    ----------
    id
        Sequence number in the ledger, from 1.
    challenge
        Identifier of the challenge.
    kind
        Name of the submission kind.
    subject
        Who submitted.
    split
        Which evaluation it was.
    metrics
        Name to value, in declared order.
    parameters
        Declared query parameters of the submission.
    origin
        ``participant``, or ``house`` for results of the server's own attacks.
    label
        Name of the house attack; empty for participants.
    payload_digest
        SHA-256 of the submission's body, hexadecimal.
    fingerprint
        Digest of the challenge's data and metric definitions at the time.
    supersedes
        Sequence number of the score that a re-evaluation replaces, if any.
    annulled
        Why it does not count any more; empty if it counts.
    recorded_at
        When it became durable, in UTC.
    """

    id: int
    challenge: str
    kind: str
    subject: Subject
    split: Split
    metrics: Mapping[str, float]
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    origin: str = "participant"
    label: str = ""
    payload_digest: str
    fingerprint: str
    supersedes: int | None = None
    annulled: str = ""
    recorded_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """Return the score as plain JSON values, metrics flattened under ``metrics``."""
        return {
            "id": self.id,
            "challenge": self.challenge,
            "kind": self.kind,
            "anonymizer": self.subject.anonymizer,
            "deanonymizer": self.subject.deanonymizer,
            "data_split": self.split.value,
            "metrics": dict(self.metrics),
            "parameters": dict(self.parameters),
            "origin": self.origin,
            "label": self.label,
            "payload_digest": self.payload_digest,
            "fingerprint": self.fingerprint,
            "supersedes": self.supersedes,
            "annulled": self.annulled,
            "recorded_at": self.recorded_at.isoformat(),
        }
