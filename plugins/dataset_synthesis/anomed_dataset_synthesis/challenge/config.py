"""What an organiser decides about a dataset-synthesis challenge."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from attrs import validators

ROUNDS = ("practice", "tuning", "validation")
"""The rounds, in the order in which they are played; each has records of its own."""

LEAST_TARGETS = 100
"""Fewer of a kind say too little about leaks."""

_DECIDES_NO_SCORE = {"fingerprint": False}
"""Metadata of fields that may change during a competition: its scores stay comparable."""


@attrs.frozen(kw_only=True)
class DataSettings:
    """Table ``data``: whose records are played for, and what everybody may know of them.

    Attributes
    ----------
    source
        ``scheme:reference`` of the population's table, such as ``parquet:people.parquet``.
    background
        Source of the background that all participants get, instead of a share of the population.
    background_share
        Share of the population that becomes the background.
    public
        Whether the background, and rounds that are revealed, are handed to everybody, also
        without a token.
    rounds
        Shares of the other records that each round gets: practice, tuning, validation.
    codebook
        Path of a JSON file with the columns; without it the source's own codebook is taken, or
        one that is learnt from the background.
    steps
        Widths of the numeric grids, by column, where the codebook is learnt; coarser is safer.
    drop
        Columns to leave out, such as identifiers.
    """

    source: str
    background: str = ""
    background_share: float = attrs.field(
        default=1 / 3, validator=[validators.gt(0), validators.lt(1)]
    )
    public: bool = attrs.field(default=False, metadata=_DECIDES_NO_SCORE)
    rounds: tuple[float, float, float] = (0.2, 0.4, 0.4)
    codebook: str = ""
    steps: Mapping[str, float] = attrs.field(factory=dict)
    drop: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        if min(self.rounds) <= 0 or abs(sum(self.rounds) - 1) > 1e-9:
            raise ValueError(
                f"rounds must be three positive shares that add up to 1, got {list(self.rounds)}"
            )


def _known_rounds(_: object, attribute: attrs.Attribute[tuple[str, ...]], value: object) -> None:
    unknown = [name for name in value if name not in ROUNDS]  # type: ignore[attr-defined]
    if unknown:
        raise ValueError(f"{attribute.name} names {unknown[0]!r}; allowed are {', '.join(ROUNDS)}")


@attrs.frozen(kw_only=True)
class DatasetSynthesisConfig:
    """Options of a dataset-synthesis challenge in the configuration.

    Attributes
    ----------
    data
        Where the records come from, and how they are divided.
    secrets
        Columns that attackers guess; the others are what they know. At least one.
    left_half
        Columns that make the left half of the linking task; the first half of the columns if empty.
    targets
        Members, and as many non-members, that each kind of attack is asked about in each round.
    tasks
        Hidden prediction tasks of each round that utility is measured on.
    gate
        Utility from which on a submission is ranked by its risk, 0..1.
    least_gain
        The same of what it is good for beyond the background (the metric ``gain``, at most 1);
        without it, gain is shown and decides nothing. Where the background is many records of the
        same population, even good tables have none.
    attackers
        How many attackers are expected at most; the bounds of risk are corrected for so many.
    predicates
        Predicates that a singling-out attack is to state; missing ones count as failures.
    manifold
        Whether alpha-precision, beta-recall and authenticity are reported, too.
    generators
        Generators that can be run again to audit a claim, by anonymizer: ``module:attribute`` of a
        generator, or an ``http://`` address.
    audit_runs
        Runs with a canary, and as many without, of an audit; half as many again of each kind fix
        its threshold. It must end within the server's ``evaluation_timeout_s``.
    reveal
        Rounds whose non-members are published, so that the commitment can be checked. Add a
        round when it is over.
    """

    data: DataSettings
    secrets: tuple[str, ...] = attrs.field(validator=validators.min_len(1))
    left_half: tuple[str, ...] = ()
    targets: int = attrs.field(default=500, validator=validators.ge(LEAST_TARGETS))
    tasks: int = attrs.field(default=3, validator=validators.ge(1))
    gate: float = attrs.field(default=0.6, validator=[validators.ge(0), validators.le(1)])
    least_gain: float | None = attrs.field(
        default=None, validator=validators.optional(validators.le(1))
    )
    attackers: int = attrs.field(default=20, validator=validators.ge(1))
    predicates: int = attrs.field(default=100, validator=[validators.ge(1), validators.le(1_000)])
    manifold: bool = False
    generators: Mapping[str, str] = attrs.field(factory=dict, metadata=_DECIDES_NO_SCORE)
    audit_runs: int = attrs.field(
        default=100, validator=validators.ge(20), metadata=_DECIDES_NO_SCORE
    )
    reveal: tuple[str, ...] = attrs.field(
        default=(), validator=_known_rounds, metadata=_DECIDES_NO_SCORE
    )
