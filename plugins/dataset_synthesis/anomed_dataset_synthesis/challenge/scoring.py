"""From submissions to the numbers that are recorded.

Scores of the tuning round are rounded to two decimals: an oracle that answers exactly can be asked
its way to single records (ReconSyn, arXiv:2312.05114).
"""

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core import Split, Submission, Target
from anomed_core.statistics import auc, roc_curve
from anomed_dataset_synthesis.attacks.singling_out import (
    multivariate_predicates,
    univariate_predicates,
)
from anomed_dataset_synthesis.audit.claims import find_on_claim
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.challenge.kinds import (
    ATTRIBUTES,
    LINKS,
    MEMBERSHIP,
    SINGLING_OUT,
    guesses_of,
    predicates_of,
)
from anomed_dataset_synthesis.challenge.metrics import FPR_NAMES, column_slugs
from anomed_dataset_synthesis.dp.accounting import Guarantee
from anomed_dataset_synthesis.rounds import Round
from anomed_dataset_synthesis.table.canonical import CanonicalTable
from anomed_dataset_synthesis.table.encoding import MAX_TREE_CATEGORIES, fit_bins
from anomed_dataset_synthesis.threat.evidence import Evidence, risk_of
from anomed_dataset_synthesis.threat.guesses import (
    GuessResult,
    assess_guesses,
    assess_predicates,
    attribute_hits,
    link_hits,
)
from anomed_dataset_synthesis.threat.membership import MembershipResult, assess_membership
from anomed_dataset_synthesis.threat.predicates import Predicate
from anomed_dataset_synthesis.utility.evaluation import Utility, evaluate_utility
from anomed_dataset_synthesis.utility.manifold import manifold

Metrics = dict[str, float]

_DECIMALS = 2


def rounded(metrics: Mapping[str, float], split: Split) -> Metrics:
    """Take away what the tuning round is not to tell; leave the validation's scores as they are."""
    if split is Split.VALIDATION:
        return dict(metrics)
    return {name: round(value, _DECIMALS) for name, value in metrics.items()}


def measured_utility(arena: Arena, submission: Submission) -> Utility:
    """Measure what a synthetic table is good for.

    Folds and models are drawn once for the round: the same records give the same figures, whatever
    is said about them, and handing them in again is no second throw of the dice.
    """
    this = arena.rounds[submission.split]
    return evaluate_utility(
        arena.synthetic(submission),
        this.real,
        tasks=list(this.real_aucs),
        real_aucs=this.real_aucs,
        rng=arena.lottery.generator("utility", submission.split.value),
    )


def utility_metrics(arena: Arena, submission: Submission) -> Metrics:
    """Score a synthetic table."""
    metrics = _flat_utility(measured_utility(arena, submission), gate=arena.config.gate)
    if arena.config.manifold:
        metrics |= _manifold_metrics(arena, submission)
    return rounded(metrics, submission.split)


def _manifold_metrics(arena: Arena, submission: Submission) -> Metrics:
    real = arena.rounds[submission.split].real
    figures = manifold(
        arena.synthetic(submission),
        real,
        binning=fit_bins(real.background, n_categories=MAX_TREE_CATEGORIES),
        rng=arena.lottery.generator("manifold", submission.split.value),
    )
    return {
        "alpha_precision": figures.alpha_precision,
        "beta_recall": figures.beta_recall,
        "authenticity": figures.authenticity,
    }


def _flat_utility(utility: Utility, *, gate: float) -> Metrics:
    one_way, two_way, three_way = utility.fidelity
    worst = min(utility.transfers, key=lambda transfer: transfer.ratio)
    return {
        "utility": utility.score,
        "passes_gate": float(utility.passes(gate)),
        "accuracy_1way": one_way.accuracy,
        "accuracy_2way": two_way.accuracy,
        "accuracy_3way": three_way.accuracy,
        "skill_2way": two_way.skill,
        "skill_3way": three_way.skill,
        "transfer_auc": worst.auc,
        "transfer_ratio": worst.ratio,
        "c2st_auc": utility.two_sample.auc,
        "c2st_excess": utility.two_sample.excess,
    }


def threat_metrics(arena: Arena, submission: Submission, target: Target) -> Metrics:
    """Score an attack, of whatever kind."""
    if submission.kind == MEMBERSHIP:
        attacked = target.submission
        claim = arena.declaration(attacked).guarantee if attacked else None
        return membership_metrics(arena, submission, claim)
    score = {
        ATTRIBUTES: attribute_metrics,
        LINKS: link_metrics,
        SINGLING_OUT: predicate_metrics,
    }[submission.kind]
    return score(arena, submission)


def membership_metrics(arena: Arena, submission: Submission, claim: Guarantee | None) -> Metrics:
    """Score membership scores on all and on outlying targets, and test the target's claim."""
    this = arena.rounds[submission.split]
    scores = np.asarray(submission.payload["prediction"], dtype=np.float64)
    is_member = this.membership.is_member
    everybody, outliers = assess_membership(
        scores, is_member, attack="submitted", groups={"outliers": this.outliers}
    )
    metrics = {
        "risk": _risk([*everybody.evidence(), *outliers.evidence()], arena),
        **flat_membership(everybody, ""),
        **flat_membership(outliers, "outliers_"),
        "background_auc": auc(roc_curve(is_member, this.strangeness)),
        **_on_claim(arena, submission, (everybody.members, everybody.controls), claim),
    }
    return rounded(metrics, submission.split)


def flat_membership(result: MembershipResult, prefix: str) -> Metrics:
    """Return AUC and TPR at low FPRs, each with its 95% interval and the null band's upper end."""
    metrics: Metrics = {}
    area = result.auc()
    figures = {"auc": (area, result.null_band())}
    for fpr, name in FPR_NAMES.items():
        figures[name] = (result.tpr_at(fpr), result.null_band(fpr))
    for name, (estimate, band) in figures.items():
        metrics |= {
            f"{prefix}{name}": estimate.value,
            f"{prefix}{name}_low": estimate.low,
            f"{prefix}{name}_high": estimate.high,
            f"{prefix}{name}_null_high": band[1],
        }
    return metrics


def _on_claim(
    arena: Arena,
    submission: Submission,
    scores: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    claim: Guarantee | None,
) -> Metrics:
    """Test a claim by half of the targets; the other half fixes the threshold."""
    tested = claim or Guarantee(epsilon=0.0, delta=0.0, accountant="none")
    rng = arena.lottery.generator("halves of targets", submission.digest)
    finding = find_on_claim(tested, attacks=[scores], rng=rng)
    finding = attrs.evolve(finding, confidence=1 - 0.05 / arena.config.attackers)
    return {
        "epsilon_lower": finding.epsilon_lower,
        "epsilon_provable": finding.epsilon_provable,
        "refutes_claim": float(claim is not None and finding.state == "refuted"),
    }


def attribute_metrics(arena: Arena, submission: Submission) -> Metrics:
    """Score guesses of the secret columns."""
    this = arena.rounds[submission.split]
    guesses = guesses_of(arena, submission.payload)
    metrics: Metrics = {}
    evidence: list[Evidence] = []
    for secret, slug in column_slugs(arena.config.secrets).items():
        column = arena.codebook.column(secret)
        truth = this.attributes.table.column(secret)
        everybody, confident = assess_guesses(
            attribute_hits(guesses[secret].levels, truth, column=column),
            this.attributes.is_member,
            attack="submitted",
            measure=secret,
            confidences=guesses[secret].confidences,
            background_hits=attribute_hits(this.background_guesses[secret], truth, column=column),
        )
        evidence += [*everybody.evidence(), *confident.evidence()]
        metrics |= flat_guesses(everybody, f"{slug}_")
        metrics[f"{slug}_confident_excess"] = confident.over_controls().value
    return rounded({"risk": _risk(evidence, arena), **metrics}, submission.split)


def flat_guesses(result: GuessResult, prefix: str = "") -> Metrics:
    """Return success rates on members and controls, and the excess with its 95% interval."""
    excess = result.over_controls()
    metrics = {
        f"{prefix}success": result.success().value,
        f"{prefix}control_success": result.control_success().value,
        f"{prefix}excess": excess.value,
        f"{prefix}excess_low": excess.low,
        f"{prefix}excess_high": excess.high,
    }
    if result.background is not None:
        metrics[f"{prefix}over_background"] = result.over_background().value
    return metrics


def link_metrics(arena: Arena, submission: Submission) -> Metrics:
    """Score links between the two halves."""
    result = assess_links(arena.rounds[submission.split], submission.payload["prediction"])
    metrics = {"risk": _risk(result.evidence(), arena), **flat_guesses(result)}
    return rounded(metrics, submission.split)


def assess_links(this: Round, links: npt.NDArray[np.integer]) -> GuessResult:
    """Compare links of members with links of controls and of a background-only model."""
    halves, keys = this.halves, this.halves.right_keys
    (result,) = assess_guesses(
        link_hits(np.asarray(links, dtype=np.int64), halves.partners, right_keys=keys),
        halves.is_member,
        attack="submitted",
        measure="links",
        background_hits=link_hits(halves.background_links, halves.partners, right_keys=keys),
    )
    return result


def predicate_metrics(arena: Arena, submission: Submission) -> Metrics:
    """Score predicates that are to single out members."""
    this = arena.rounds[submission.split]
    rng = arena.lottery.generator("singling out", submission.digest)
    result = assess_predicates(
        predicates_of(arena, submission.payload),
        training=this.real.training,
        control=this.real.control,
        attack="submitted",
        measure="predicates",
        n_required=arena.config.predicates,
        background_predicates=_background_predicates(
            this.real.background, n_predicates=arena.config.predicates, rng=rng
        ),
        rng=rng,
    )
    metrics = {"risk": _risk(result.evidence(), arena), **flat_guesses(result)}
    return rounded(metrics, submission.split)


def _background_predicates(
    background: CanonicalTable, *, n_predicates: int, rng: np.random.Generator
) -> Sequence[Predicate]:
    """State what someone would who has seen the background only: half of each kind."""
    combined = multivariate_predicates(
        background, background=background, n_predicates=n_predicates // 2, rng=rng
    )
    single = [
        predicate
        for column in background.codebook.names
        for predicate in univariate_predicates(
            background, column=column, max_predicates=n_predicates, rng=rng
        )
    ]
    chosen = rng.permutation(len(single))[: n_predicates - len(combined)]
    return [*combined, *(single[place] for place in chosen)]


def _risk(evidence: Sequence[Evidence], arena: Arena) -> float:
    return risk_of(evidence, n_attackers=arena.config.attackers).value
