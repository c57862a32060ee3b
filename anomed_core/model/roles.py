"""Who takes part, and which of the two evaluations a submission is for."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a participant may be; data products and submission kinds name their audience."""

    PUBLIC = "public"
    ANONYMIZER = "anonymizer"
    DEANONYMIZER = "deanonymizer"
    ORGANISER = "organiser"


class BothRoles(StrEnum):
    """Whether one team may be anonymizer and deanonymizer of one challenge."""

    REFUSE = "refuse"
    WARN = "warn"
    ALLOW = "allow"


class FinalScores(StrEnum):
    """Whether scores of finals are told at once, or sealed until the finals close."""

    SEALED = "sealed"
    TOLD = "told"


class Split(StrEnum):
    """`TUNING` as often as quotas allow, `VALIDATION` (the final) once."""

    TUNING = "tuning"
    VALIDATION = "validation"


class Purpose(StrEnum):
    """Which evaluation hook scores a submission kind."""

    UTILITY = "utility"
    THREAT = "threat"


class Direction(StrEnum):
    """Whether a higher or a lower value of a metric is better for the one who submits."""

    HIGHER = "higher"
    LOWER = "lower"
