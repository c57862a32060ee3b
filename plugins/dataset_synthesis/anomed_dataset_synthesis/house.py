"""The house's own attacks on every synthetic table, and its tests of every claim."""

from collections.abc import Mapping

import numpy as np

from anomed_core import HouseAttack, Submission
from anomed_dataset_synthesis.arena import Arena
from anomed_dataset_synthesis.attacks.linkage import link_by_reference
from anomed_dataset_synthesis.attacks.panel import PanelResult, run_panel
from anomed_dataset_synthesis.claims import ClaimFinding, find_on_claim
from anomed_dataset_synthesis.declaration import SYNTHESIZER
from anomed_dataset_synthesis.scoring import assess_links, flat_guesses, flat_membership, rounded
from anomed_dataset_synthesis.threat.evidence import risk_of

PANEL, LINKAGE, CLAIM = "panel", "linkage", "claim"

Metrics = Mapping[str, float]


def house_attacks(arena: Arena) -> list[HouseAttack]:
    """Name the attacks, as the server runs them in the background."""

    def panel(submission: Submission, rng: np.random.Generator) -> Metrics:
        result = attack_with_panel(arena, submission, rng)
        return rounded(panel_metrics(result, arena), submission.split)

    def linkage(submission: Submission, rng: np.random.Generator) -> Metrics:  # noqa: ARG001
        return rounded(link_metrics(arena, submission), submission.split)

    def claim(submission: Submission, rng: np.random.Generator) -> Metrics | None:
        finding = examine_claim(arena, submission, rng)
        return None if finding is None else claim_metrics(finding)

    return [
        HouseAttack(
            name=PANEL,
            kind=SYNTHESIZER,
            description="Exact match, distance ratio (DOMIAS, arXiv:2302.12580), density ratio of "
            "marginals, nearest neighbour's attributes, predicates; on all targets and outliers.",
            run=panel,
        ),
        HouseAttack(
            name=LINKAGE,
            kind=SYNTHESIZER,
            description="Links halves of records through the nearest synthetic record.",
            run=linkage,
        ),
        HouseAttack(
            name=CLAIM,
            kind=SYNTHESIZER,
            description="Tests a claim of differential privacy by the house's membership scores.",
            run=claim,
        ),
    ]


def attack_with_panel(
    arena: Arena, submission: Submission, rng: np.random.Generator
) -> PanelResult:
    """Run the panel on a submission."""
    this = arena.rounds[submission.split]
    return run_panel(
        arena.synthetic(submission),
        this.real,
        targets=this.membership,
        secrets=arena.config.secrets,
        rng=rng,
        n_predicates=arena.config.predicates,
    )


def panel_metrics(result: PanelResult, arena: Arena) -> dict[str, float]:
    """Flatten the panel's results; the diagnostics are shown and never counted."""
    risk = risk_of(result.evidence, n_attackers=arena.config.attackers)
    metrics = {"risk": risk.value}
    for membership in result.memberships:
        metrics |= flat_membership(membership, f"{membership.attack}, {membership.group}: ")
    for guesses in result.guesses:
        metrics |= flat_guesses(guesses, f"{guesses.attack}, {guesses.measure}: ")
    seen = result.diagnostics
    metrics |= {
        "diagnostics: dcr_share": seen.dcr_share,
        "diagnostics: matches_training": seen.matches_training,
        "diagnostics: matches_control": seen.matches_control,
        "diagnostics: matches_background": seen.matches_background,
        "diagnostics: real_matches": seen.real_matches,
        "diagnostics: nndr_training": seen.nndr_training,
        "diagnostics: nndr_control": seen.nndr_control,
        "diagnostics: n_exact_records": float(len(seen.exact_places)),
        "diagnostics: copies_public_records": float(seen.copies_public_records),
    }
    if seen.unique_matches is not None:
        metrics["diagnostics: unique_matches"] = seen.unique_matches
    return metrics


def link_metrics(arena: Arena, submission: Submission) -> dict[str, float]:
    """Link by the nearest synthetic record and score that as anybody's links."""
    this = arena.rounds[submission.split]
    halves = this.halves
    links = link_by_reference(
        halves.left,
        halves.right,
        left_columns=halves.left_columns,
        reference=arena.synthetic(submission),
        background=this.real.background,
    )
    result = assess_links(this, links)
    risk = risk_of(result.evidence(), n_attackers=arena.config.attackers)
    return {"risk": risk.value, **flat_guesses(result)}


def examine_claim(
    arena: Arena, submission: Submission, rng: np.random.Generator
) -> ClaimFinding | None:
    """Test the claim of a submission by the house's membership attacks; None without a claim."""
    claim = arena.declaration(submission).guarantee
    if claim is None:
        return None
    memberships = attack_with_panel(arena, submission, rng).memberships
    scores = [
        (result.members, result.controls) for result in memberships if result.group == "all targets"
    ]
    return find_on_claim(claim, attacks=scores, rng=rng)


def claim_metrics(finding: ClaimFinding) -> dict[str, float]:
    """Flatten what was found out about a claim."""
    return {
        "epsilon": finding.claim.epsilon,
        "delta": finding.claim.delta,
        "epsilon_lower": finding.epsilon_lower,
        "epsilon_provable": finding.epsilon_provable,
        "refuted": float(finding.state == "refuted"),
        "audited": float(finding.audit is not None),
    }
