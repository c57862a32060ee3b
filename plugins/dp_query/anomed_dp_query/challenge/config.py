"""What an organiser decides about a challenge of questions to hidden tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import attrs

MOST_TIERS = 10
LARGEST_TIER = 100
"""Epsilon of a tier, at most: more protects nobody."""

UNITS = ("add-remove", "change-one", "as-lomas")
"""What two neighbouring tables differ in."""


def _known(allowed: tuple[str, ...]) -> Callable[[object, attrs.Attribute[str], str], None]:
    def check(_: object, attribute: attrs.Attribute[str], value: str) -> None:
        if value not in allowed:
            raise ValueError(f"{attribute.name} must be one of {', '.join(allowed)}, got {value!r}")

    return check


@attrs.frozen(kw_only=True)
class Amounts:
    """An amount of privacy: ``{ epsilon = 1, delta = 1e-6 }``, or rho instead of epsilon.

    Attributes
    ----------
    epsilon
        Under basic composition.
    delta
        Of either kind.
    rho
        Under zCDP, for datasets with that accounting.
    """

    epsilon: Decimal = Decimal(0)
    delta: Decimal = Decimal(0)
    rho: Decimal = Decimal(0)

    def __attrs_post_init__(self) -> None:
        for name in ("epsilon", "delta", "rho"):
            amount = getattr(self, name)
            if not amount.is_finite() or amount < 0:
                raise ValueError(f"{name} must be 0 or more, got {amount}")


@attrs.frozen(kw_only=True)
class DatasetSettings:
    """Table ``datasets.NAME``: one hidden table.

    Attributes
    ----------
    source
        ``scheme:reference`` of the table, such as ``csv:penguins.csv``.
    metadata
        Path of what is public about it: YAML of SmartNoise, or JSON in CSVW-EO. Without it, the
        source's own codebook.
    unit
        What two neighbouring tables differ in: ``add-remove`` one person, ``change-one`` person, or
        ``as-lomas``, as each library counts it, so that epsilons of different libraries cannot be
        compared.
    size_is_public
        Whether everybody may know the number of rows, which takes ``change-one``.
    budget
        What each analyst may spend on it before the organiser grants more; without it, nothing: it
        is as if there were no such table.
    cap
        What all analysts together may spend on it, since they may work together; no such limit, if
        it is not given.
    per_query
        What one query may cost at most; no such limit, if it is not given.
    """

    source: str
    metadata: str = ""
    unit: str = attrs.field(default="add-remove", validator=_known(UNITS))
    size_is_public: bool = False
    budget: Amounts | None = None
    cap: Amounts | None = None
    per_query: Amounts | None = None

    def __attrs_post_init__(self) -> None:
        if self.size_is_public and self.unit != "change-one":
            raise ValueError(
                f"size_is_public came with the unit {self.unit!r}: if the number of rows is "
                'public, neighbours have equally many, so set unit = "change-one", or leave it out'
            )


def _as_range(value: Sequence[int]) -> tuple[int, int]:
    fewest, most = value
    return int(fewest), int(most)


@attrs.frozen(kw_only=True)
class ContestSettings:
    """Table ``contest``: who answers best for the privacy that it costs.

    Attributes
    ----------
    practice
        Name of the dataset that everybody may see, on which tuning is played.
    tiers
        Names of the private datasets by the epsilon that each analyst may spend on them, such as
        ``{ "1" = "REGISTER" }``. Each tier needs rows of its own.
    outsiders
        ``scheme:reference`` of other people of the same population, with the same columns, who are
        in no table: attackers tell them from those who are.
    delta
        What an analyst may spend of delta in each tier.
    n_questions
        Questions of the workload.
    n_conditions
        Fewest and most conditions of a drawn question.
    columns
        Which columns questions are drawn about; all that have categories or bounds, if empty.
    questions
        Path of a JSON list of questions of your own, ``{"where": {...}}`` each, instead of drawn
        ones in validation.
    n_queries
        How many queries an analyst may ask of all tiers; no limit, if it is not given.
    targets
        Members, and as many others, that attackers are asked about in each task.
    secret
        Column that attackers guess.
    secret_value
        The value of it that is a secret bit, for reconstruction.
    attackers
        How many attackers are expected at most; what is said of faults is corrected for so many.
    audit_runs
        Runs with and without a canary when a claimed epsilon is audited.
    """

    practice: str
    tiers: Mapping[str, str]
    outsiders: str
    delta: Decimal = Decimal("1e-6")
    n_questions: int = attrs.field(
        default=60, validator=[attrs.validators.ge(1), attrs.validators.le(1_000)]
    )
    n_conditions: tuple[int, int] = attrs.field(default=(1, 3), converter=_as_range)
    columns: tuple[str, ...] = ()
    questions: str = ""
    n_queries: int | None = None
    targets: int = attrs.field(default=250, validator=attrs.validators.ge(50))
    secret: str
    secret_value: str
    attackers: int = attrs.field(default=20, validator=attrs.validators.ge(1))
    audit_runs: int = attrs.field(
        default=1_000, validator=attrs.validators.ge(100), metadata={"fingerprint": False}
    )

    def __attrs_post_init__(self) -> None:
        if not 1 <= len(self.budgets) <= MOST_TIERS:
            raise ValueError(f"tiers must be 1 to {MOST_TIERS}, got {len(self.budgets)}")
        if len(set(self.tiers.values())) < len(self.tiers):
            raise ValueError("tiers name a dataset twice; answers of one would tell of the other")
        if self.practice in self.tiers.values():
            raise ValueError(f"practice names {self.practice!r}, a tier; everybody sees practice")

    @property
    def budgets(self) -> dict[Decimal, str]:
        """Names of the private datasets by epsilon, as exact numbers."""
        budgets = {}
        for text, dataset in self.tiers.items():
            try:
                epsilon = Decimal(text)
            except ArithmeticError:
                epsilon = Decimal(0)
            if not epsilon.is_finite() or not 0 < epsilon <= LARGEST_TIER:
                raise ValueError(
                    f"tiers has the epsilon {text!r}; give a number above 0 and up to "
                    f'{LARGEST_TIER}, as in "0.1"'
                )
            budgets[epsilon] = dataset
        return budgets


@attrs.frozen(kw_only=True)
class DpQueryConfig:
    """Options of a dp-query challenge in the configuration.

    Attributes
    ----------
    datasets
        The hidden tables, by the names under which they are asked for.
    contest
        A contest on them; without it, tables are asked and nothing is scored.
    accounting
        How queries add up: ``basic``, sums of epsilon and delta, or ``zcdp``, sums of rho.
    reporting_delta
        At which delta a rho is told as an epsilon.
    libraries
        Which libraries answer; all that need no environment of their own, if it is empty.
    budgets
        What single analysts may spend, in place of a dataset's ``budget``: by the analyst's id, by
        dataset.
    answer_grid_s
        Answers are told at multiples of so many seconds after their query was paid, so that their
        time tells nothing of the rows; 0 tells them at once.
    aliases
        Names that clients of Lomas send and that are no ids here, such as those with spaces, and
        the ids that they mean.
    strict_lomas
        Whether clients of Lomas up to 0.4 are told an unknown dataset from one without access, as
        Lomas does; everybody learns which datasets there are then.
    """

    datasets: Mapping[str, DatasetSettings]
    contest: ContestSettings | None = None
    accounting: str = attrs.field(default="basic", validator=_known(("basic", "zcdp")))
    reporting_delta: Decimal = Decimal("1e-6")
    libraries: tuple[str, ...] = ()
    budgets: Mapping[str, Mapping[str, Amounts]] = attrs.field(factory=dict)
    answer_grid_s: float = attrs.field(
        default=0.5, validator=attrs.validators.ge(0), metadata={"fingerprint": False}
    )
    aliases: Mapping[str, str] = attrs.field(factory=dict, metadata={"fingerprint": False})
    strict_lomas: bool = attrs.field(default=False, metadata={"fingerprint": False})

    def __attrs_post_init__(self) -> None:
        self._check_unit()
        for analyst, amounts in self.budgets.items():
            unknown = sorted(set(amounts) - set(self.datasets))
            if unknown:
                raise ValueError(
                    f"budgets.{analyst} names the dataset {unknown[0]!r}; there are "
                    f"{', '.join(self.datasets)}"
                )
        if not self.datasets:
            raise ValueError("datasets is empty; describe at least one table, as datasets.NAME")

    def _check_unit(self) -> None:
        odd = [name for name, one in self.datasets.items() if one.unit == "as-lomas"]
        if odd and self.contest is not None:
            raise ValueError(
                f'datasets.{odd[0]} has the unit "as-lomas", under which epsilons of different '
                "libraries cannot be compared, so there is no contest; choose another unit"
            )
