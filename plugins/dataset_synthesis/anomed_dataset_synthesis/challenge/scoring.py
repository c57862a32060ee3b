"""From submissions to the numbers that are recorded.

Scores of the tuning round are rounded to two decimals: an oracle that answers exactly can be asked
its way to single records (ReconSyn, arXiv:2312.05114).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core import MetricRow, Split, Submission, Target, measured
from anomed_core.statistics import auc, roc_curve
from anomed_dataset_synthesis.attacks.singling_out import (
    multivariate_predicates,
    univariate_predicates,
    whole_record_predicates,
)
from anomed_dataset_synthesis.audit.claims import ClaimFinding, find_on_claim
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.challenge.kinds import (
    ATTRIBUTES,
    LINKS,
    MEMBERSHIP,
    SINGLING_OUT,
    guesses_of,
    predicates_of,
)
from anomed_dataset_synthesis.challenge.metrics import rows_of
from anomed_dataset_synthesis.challenge.rivals import (
    attributes_by_rivals,
    links_by_rivals,
    membership_by_rivals,
    tables_of_rivals,
)
from anomed_dataset_synthesis.dp.accounting import Guarantee
from anomed_dataset_synthesis.rounds import Round
from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables
from anomed_dataset_synthesis.table.encoding import MAX_TREE_CATEGORIES, fit_bins
from anomed_dataset_synthesis.threat.evidence import Evidence, Risk, risk_of
from anomed_dataset_synthesis.threat.guesses import (
    GuessResult,
    assess_guesses,
    assess_predicates,
    attribute_hits,
    link_hits,
)
from anomed_dataset_synthesis.threat.membership import MembershipResult, assess_membership
from anomed_dataset_synthesis.threat.predicates import Predicate, isolated
from anomed_dataset_synthesis.utility.evaluation import Utility, evaluate_utility
from anomed_dataset_synthesis.utility.manifold import Manifold, manifold

Metrics = dict[str, float]
Part = TypeVar("Part")

_DECIMALS = 2
_LEAST_ROOM = 0.01
_NO_CLAIM = Guarantee(epsilon=0.0, delta=0.0, accountant="none")


@attrs.frozen(kw_only=True, eq=False)
class Published:
    """A synthetic table and what it is good for.

    `gate` is the least utility that is ranked, `public_utility` that of the background.
    """

    synthetic: CanonicalTable
    real: RealTables
    utility: Utility
    public_utility: float
    gate: float
    manifold: Manifold | None = None

    @property
    def gain(self) -> float:
        """Return how much of what the background leaves to be desired is gained."""
        return (self.utility.score - self.public_utility) / max(
            1 - self.public_utility, _LEAST_ROOM
        )


@attrs.frozen(kw_only=True, eq=False)
class Told:
    """What membership scores tell, of all targets and of outliers; `claimed` if a claim was made.

    `background_auc` is what is told by who has seen the background only.
    """

    everybody: MembershipResult
    outliers: MembershipResult
    risk: Risk
    background_auc: float
    finding: ClaimFinding
    claimed: bool


@attrs.frozen(kw_only=True, eq=False)
class Guessed:
    """What guesses got right, by what is guessed; `confident` are the surest tenth of them."""

    guesses: Mapping[str, GuessResult]
    confident: Mapping[str, GuessResult] = attrs.field(factory=dict)
    risk: Risk


def recorded(rows: Iterable[MetricRow[Part]], part: Part, split: Split) -> Metrics:
    """Compute metrics, without what the tuning round is not to tell."""
    found = measured(rows, part)
    if split is Split.VALIDATION:
        return found
    return {name: round(value, _DECIMALS) for name, value in found.items()}


def utility_metrics(arena: Arena, submission: Submission) -> Metrics:
    """Score a synthetic table."""
    rows = rows_of(arena, submission.kind)
    return recorded(rows, _published(arena, submission), submission.split)


def threat_metrics(arena: Arena, submission: Submission, target: Target) -> Metrics:
    """Score an attack, of whatever kind."""
    assess = {
        MEMBERSHIP: _assess_memberships,
        ATTRIBUTES: _assess_attributes,
        LINKS: _assess_links,
        SINGLING_OUT: _assess_predicates,
    }[submission.kind]
    rows = rows_of(arena, submission.kind)
    return recorded(rows, assess(arena, submission, target), submission.split)


def measured_utility(arena: Arena, submission: Submission) -> Utility:
    """Measure what a synthetic table is good for.

    Folds and models are drawn once for the round: the same records give the same figures, whatever
    is said about them, and handing them in again is no second throw of the dice.
    """
    return _utility_of(arena, submission.split, arena.synthetic(submission))


def public_utility(arena: Arena, split: Split) -> float:
    """Measure what the background is good for, once for a round."""
    key = arena.drawn_key("utility of the background", split)
    content = arena.kept(key)
    if content is None:
        real = arena.rounds[split].real
        places = np.resize(np.arange(len(real.background)), len(real.training))
        measured_once = _utility_of(arena, split, real.background.take(places)).score
        content = json.dumps(measured_once).encode()
        arena.keep(key, content)
    return float(json.loads(content))


def _utility_of(arena: Arena, split: Split, table: CanonicalTable) -> Utility:
    round_ = arena.rounds[split]
    return evaluate_utility(
        table,
        round_.real,
        tasks=list(round_.real_aucs),
        real_aucs=round_.real_aucs,
        rng=arena.lottery.generator("utility", split.value),
    )


def _published(arena: Arena, submission: Submission) -> Published:
    synthetic, real = arena.synthetic(submission), arena.rounds[submission.split].real
    figures = None
    if arena.config.manifold:
        figures = manifold(
            synthetic,
            real,
            binning=fit_bins(real.background, n_categories=MAX_TREE_CATEGORIES),
            rng=arena.lottery.generator("manifold", submission.split.value),
        )
    return Published(
        synthetic=synthetic,
        real=real,
        utility=measured_utility(arena, submission),
        public_utility=public_utility(arena, submission.split),
        gate=arena.config.gate,
        manifold=figures,
    )


def risk_in(arena: Arena, evidence: Sequence[Evidence]) -> Risk:
    """Take the largest sure advantage, corrected for all attackers that are expected."""
    return risk_of(evidence, n_attackers=arena.config.attackers)


def _assess_memberships(arena: Arena, submission: Submission, target: Target) -> Told:
    round_ = arena.rounds[submission.split]
    scores = np.asarray(submission.payload["prediction"], dtype=np.float64)
    is_member = round_.membership.is_member

    def assessed(given: npt.NDArray[np.float64], attack: str) -> tuple[MembershipResult, ...]:
        groups = {"outliers": round_.outliers}
        return assess_membership(given, is_member, attack=attack, groups=groups)

    everybody, outliers = assessed(scores, "submitted")
    rivals = [assessed(given, "rival") for given in membership_by_rivals(arena, submission, target)]
    evidence = [
        *everybody.evidence([others[0] for others in rivals]),
        *outliers.evidence([others[1] for others in rivals]),
    ]
    attacked = target.submission
    claim = arena.declaration(attacked).guarantee if attacked else None
    finding = find_on_claim(
        claim or _NO_CLAIM,
        attacks=[(everybody.members, everybody.non_members)],
        # half of the targets fix the threshold, the others are counted
        rng=arena.lottery.generator("halves of targets", submission.digest),
    )
    return Told(
        everybody=everybody,
        outliers=outliers,
        risk=risk_in(arena, evidence),
        background_auc=auc(roc_curve(is_member, round_.strangeness)),
        finding=attrs.evolve(finding, confidence=1 - 0.05 / arena.config.attackers),
        claimed=claim is not None,
    )


def _assess_attributes(arena: Arena, submission: Submission, target: Target) -> Guessed:
    round_ = arena.rounds[submission.split]
    rivals = tables_of_rivals(arena, target)
    guesses = guesses_of(arena, submission.payload)
    everybody, confident = {}, {}
    for secret in arena.config.secrets:
        column = arena.codebook.column(secret)
        truth = round_.attributes.table.column(secret)
        everybody[secret], confident[secret] = assess_guesses(
            attribute_hits(guesses[secret].levels, truth, column=column),
            round_.attributes.is_member,
            attack="submitted",
            measure=secret,
            confidences=guesses[secret].confidences,
            background_hits=attribute_hits(round_.background_guesses[secret], truth, column=column),
            rival_hits=attributes_by_rivals(round_, rivals, secret),
        )
    pairs = zip(everybody.values(), confident.values(), strict=True)
    evidence = [piece for pair in pairs for result in pair for piece in result.evidence()]
    return Guessed(guesses=everybody, confident=confident, risk=risk_in(arena, evidence))


def _assess_links(arena: Arena, submission: Submission, target: Target) -> Guessed:
    round_ = arena.rounds[submission.split]
    rivals = links_by_rivals(round_, tables_of_rivals(arena, target))
    return assess_links(arena, round_, submission.payload["prediction"], rivals=rivals)


def assess_links(
    arena: Arena,
    round_: Round,
    links: npt.NDArray[np.integer],
    *,
    rivals: Sequence[npt.NDArray[np.bool_]] = (),
) -> Guessed:
    """Compare links of members with those of non-members, background and other tables."""
    halves, keys = round_.halves, round_.halves.right_keys
    (result,) = assess_guesses(
        link_hits(np.asarray(links, dtype=np.int64), halves.partners, right_keys=keys),
        halves.is_member,
        attack="submitted",
        measure="links",
        background_hits=link_hits(halves.background_links, halves.partners, right_keys=keys),
        rival_hits=rivals,
    )
    return Guessed(guesses={"": result}, risk=risk_in(arena, result.evidence()))


def _assess_predicates(arena: Arena, submission: Submission, target: Target) -> Guessed:
    round_ = arena.rounds[submission.split]
    n_predicates = arena.config.predicates
    rng = arena.lottery.generator("singling out", submission.digest)
    result = assess_predicates(
        predicates_of(arena, submission.payload),
        training=round_.real.training,
        non_members=round_.real.non_members,
        attack="submitted",
        measure="predicates",
        n_required=n_predicates,
        background_predicates=_stated_of(
            round_.real.background, round_.real, n_predicates=n_predicates, rng=rng
        ),
        rng=rng,
    )
    told = [
        len(isolated(stated, round_.real.training)[0])
        for rival in tables_of_rivals(arena, target)
        for stated in (
            _stated_of(rival, round_.real, n_predicates=n_predicates, rng=rng),
            whole_record_predicates(rival, n_predicates=n_predicates, rng=rng),
        )
        if stated
    ]
    if told:
        result = attrs.evolve(result, rivals=(max(told), max(1, n_predicates)))
    return Guessed(guesses={"": result}, risk=risk_in(arena, result.evidence()))


def _stated_of(
    table: CanonicalTable, real: RealTables, *, n_predicates: int, rng: np.random.Generator
) -> Sequence[Predicate]:
    """State what someone would who has seen a table: half of each kind."""
    combined = multivariate_predicates(
        table, background=real.background, n_predicates=n_predicates // 2, rng=rng
    )
    single = [
        predicate
        for column in table.codebook.names
        for predicate in univariate_predicates(
            table, column=column, max_predicates=n_predicates, rng=rng
        )
    ]
    chosen = rng.permutation(len(single))[: n_predicates - len(combined)]
    return [*combined, *(single[place] for place in chosen)]
