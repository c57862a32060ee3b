"""The house panel: every attack the server runs itself, scored like anybody's."""

from collections.abc import Callable, Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.attacks.attribute import guess_by_neighbour
from anomed_dataset_synthesis.attacks.diagnostics import Diagnostics, diagnose
from anomed_dataset_synthesis.attacks.membership import (
    background_outliers,
    density_ratio,
    distance_ratio,
    exact_match,
)
from anomed_dataset_synthesis.attacks.singling_out import (
    multivariate_predicates,
    univariate_predicates,
)
from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables
from anomed_dataset_synthesis.threat.evidence import Evidence, Risk, risk_of
from anomed_dataset_synthesis.threat.guesses import (
    GuessResult,
    assess_guesses,
    assess_predicates,
    attribute_hits,
)
from anomed_dataset_synthesis.threat.membership import MembershipResult, assess_membership
from anomed_dataset_synthesis.threat.predicates import Predicate
from anomed_dataset_synthesis.threat.targets import Targets

Progress = Callable[[str, float], None]
Groups = Mapping[str, npt.NDArray[np.bool_]]


@attrs.frozen(kw_only=True, eq=False)
class PanelResult:
    """What the house's attacks learnt from a submission.

    Attributes
    ----------
    memberships
        By attack and group of targets.
    guesses
        Attributes by column, predicates by column and in combination.
    diagnostics
        Shown, never counted.
    """

    memberships: tuple[MembershipResult, ...]
    guesses: tuple[GuessResult, ...]
    diagnostics: Diagnostics

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Return all evidence, to be put together with that of submitted attacks."""
        return (
            *(piece for result in self.memberships for piece in result.evidence()),
            *(piece for result in self.guesses for piece in result.evidence()),
        )

    @property
    def risk(self) -> Risk:
        """Return the risk by the house's attacks alone, 0..1, lower is better."""
        return risk_of(self.evidence)


def run_panel(
    synthetic: CanonicalTable,
    real: RealTables,
    *,
    targets: Targets,
    secrets: Sequence[str],
    rng: np.random.Generator,
    groups: Groups | None = None,
    n_predicates: int = 500,
    progress: Progress | None = None,
) -> PanelResult:
    """Attack a synthetic table in every way the house knows.

    Parameters
    ----------
    synthetic
        The submission, shuffled.
    real
        Members, non-members and what everybody knows.
    targets
        Who is asked about, by the membership and attribute attacks.
    secrets
        The columns that the attribute attack guesses; possibly none.
    rng
        Draws predicates and records.
    groups : Mapping of str to ndarray of bool, shape (n_targets,), optional
        Groups of targets to look at besides "outliers", the 5% in the thinnest parts of the
        background; canaries, for example.
    n_predicates
        Predicates of each kind and column.
    progress
        Told the stage and its share done, 0..1.

    Returns
    -------
    PanelResult
        All results.

    Raises
    ------
    ValueError
        If a table is empty, the codebooks differ or a column is unknown.
    """
    tell = progress or (lambda *_: None)
    background = real.background
    tell("membership", 0.0)
    outliers = {"outliers": background_outliers(targets.table, background)}
    memberships = _membership_results(
        synthetic, background=background, targets=targets, groups={**outliers, **(groups or {})}
    )
    guesses: list[GuessResult] = []
    for place, secret in enumerate(secrets):
        tell("attributes", place / len(secrets))
        guesses += _attribute_results(
            synthetic, background=background, targets=targets, secret=secret
        )
    makers = _predicate_makers(background, n_predicates=n_predicates, rng=rng)
    for place, (measure, make) in enumerate(makers.items()):
        tell("predicates", place / len(makers))
        predicates = make(synthetic)
        if predicates:
            guesses.append(
                assess_predicates(
                    predicates,
                    training=real.training,
                    non_members=real.non_members,
                    attack="singling out",
                    measure=measure,
                    background_predicates=make(background),
                    rng=rng,
                )
            )
    tell("diagnostics", 0.0)
    diagnostics = diagnose(synthetic, real, rng=rng)
    tell("diagnostics", 1.0)
    return PanelResult(
        memberships=tuple(memberships), guesses=tuple(guesses), diagnostics=diagnostics
    )


def _membership_results(
    synthetic: CanonicalTable, *, background: CanonicalTable, targets: Targets, groups: Groups
) -> list[MembershipResult]:
    tables = targets.table, synthetic, background
    scores = {
        "exact match": exact_match(*tables),
        "distance ratio": distance_ratio(*tables),
        "density ratio, single columns": density_ratio(*tables, order=1),
    }
    if synthetic.codebook.n_columns > 1:
        scores["density ratio, pairs of columns"] = density_ratio(*tables, order=2)
    return [
        result
        for attack, score in scores.items()
        for result in assess_membership(score, targets.is_member, attack=attack, groups=groups)
    ]


def _attribute_results(
    synthetic: CanonicalTable, *, background: CanonicalTable, targets: Targets, secret: str
) -> tuple[GuessResult, ...]:
    truth = targets.table.column(secret)
    column = synthetic.codebook.column(secret)
    hits, background_hits = (
        attribute_hits(
            guess_by_neighbour(targets.table, reference, secret=secret, background=background),
            truth,
            column=column,
        )
        for reference in (synthetic, background)
    )
    return assess_guesses(
        hits,
        targets.is_member,
        attack="nearest neighbour",
        measure=secret,
        background_hits=background_hits,
    )


def _predicate_makers(
    background: CanonicalTable, *, n_predicates: int, rng: np.random.Generator
) -> dict[str, Callable[[CanonicalTable], tuple[Predicate, ...]]]:
    """Return predicate generators by subject."""

    def about(column: str) -> Callable[[CanonicalTable], tuple[Predicate, ...]]:
        return lambda table: univariate_predicates(
            table, column=column, max_predicates=n_predicates, rng=rng
        )

    makers = {name: about(name) for name in background.codebook.names}
    makers["combinations of columns"] = lambda table: multivariate_predicates(
        table, background=background, n_predicates=n_predicates, rng=rng
    )
    return makers
