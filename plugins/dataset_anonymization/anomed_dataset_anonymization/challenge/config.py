"""What an organiser decides about a challenge of anonymized tables."""

from __future__ import annotations

from typing import Any

import attrs

LEAST_USEFULNESS = 0.5
"""Half of what can be lost: between the leaky table and a table that says nothing."""


def _three_shares(_: object, attribute: attrs.Attribute[Any], value: tuple[float, ...]) -> None:
    if len(value) != 3 or min(value) <= 0 or abs(sum(value) - 1) > 1e-9:
        raise ValueError(
            f"{attribute.name} must be three positive shares that add up to 1 (leaky, control, "
            f"reference), got {list(value)}"
        )
    if value[1] < value[0] - 1e-9:
        raise ValueError(
            f"{attribute.name} has {value[1]:g} non-members for {value[0]:g} leaky people; attacks "
            "are measured against at least as many non-members, so give them as large a share"
        )


@attrs.frozen(kw_only=True)
class DataSettings:
    """Table ``data``: where the people come from, and how they are dealt to the parts.

    Attributes
    ----------
    source
        ``scheme:reference`` of a table, such as ``csv:people.csv`` or
        ``simulated:hospital-register?n=20000&seed=7``.
    split
        Shares of the people that anonymizers get (leaky), that nobody gets (control), and that
        all participants get (reference).
    public
        Whether the reference is handed to everybody, also without a token.
    person
        Column that says whose record it is, if people have several; all records of a person stay
        together. It is not part of the challenge unless the schema names it.
    seed
        Makes the split reproducible, and known to everyone who knows the seed; without it, the
        server's secret decides.
    """

    source: str
    split: tuple[float, ...] = attrs.field(default=(0.4, 0.4, 0.2), validator=_three_shares)
    public: bool = attrs.field(default=False, metadata={"fingerprint": False})
    person: str = ""
    seed: int | None = None


@attrs.frozen(kw_only=True)
class DatasetAnonymizationConfig:
    """Options of a challenge of anonymized tables in the configuration.

    Attributes
    ----------
    data
        Where the people come from.
    schema
        JSON file that describes the columns, as ``anomed challenge init`` writes it. Without one,
        the source's own description is taken, or the columns are described as they look.
    quasi_identifiers, sensitive
        Roles of columns, where there is no schema.
    noise
        By column, how far attackers' background knowledge is off: the largest error in the
        column's unit, or the probability that a nominal value is replaced. Drawn once for each
        person, so that asking under many names doesn't average it away.
    predict
        Nominal column whose prediction, by a model trained on the published table, is a measure
        of utility; empty for none.
    n_targets
        Members, and also non-members, that an attack is asked about.
    n_queries
        Counting queries, drawn in secret, that a published table is asked.
    n_surest
        Rows of a reconstructed table, the surest first, that are looked up.
    least_usefulness
        Tables whose usefulness (see the metric) is lower rank after all others, however private.
    least_gain
        The same of what a table says beyond the reference (the metric ``gain``, at most 1); without
        it, gain is shown and decides nothing. Where the reference is many people of the same
        population, even good tables have none.
    """

    data: DataSettings
    schema: str = ""
    quasi_identifiers: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    noise: dict[str, float] = attrs.field(factory=dict)
    predict: str = ""
    n_targets: int = attrs.field(default=500, validator=attrs.validators.ge(1))
    n_queries: int = attrs.field(default=300, validator=attrs.validators.ge(1))
    n_surest: int = attrs.field(default=100, validator=attrs.validators.ge(1))
    least_usefulness: float = attrs.field(
        default=LEAST_USEFULNESS, validator=[attrs.validators.ge(0), attrs.validators.le(1)]
    )
    least_gain: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.le(1))
    )

    def __attrs_post_init__(self) -> None:
        if self.schema and (self.quasi_identifiers or self.sensitive):
            raise ValueError(
                "give roles either in the schema, or with quasi_identifiers and sensitive"
            )
