"""The house's own attacks on every synthetic table, and its tests of every claim."""

from collections.abc import Mapping

import numpy as np

from anomed_core import HouseAttack, Split, Submission
from anomed_dataset_synthesis.attacks.diagnostics import Diagnostics
from anomed_dataset_synthesis.attacks.linkage import link_by_reference
from anomed_dataset_synthesis.attacks.panel import PanelResult, run_panel
from anomed_dataset_synthesis.audit.canary import audit_by_canary
from anomed_dataset_synthesis.audit.claims import ClaimFinding, find_on_claim
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.challenge.house_metrics import (
    CLAIM_PREFIX,
    DIAGNOSTICS_PREFIX,
    claim_declared,
    linkage_declared,
    name_prefix,
    panel_declared,
)
from anomed_dataset_synthesis.challenge.kinds import SYNTHESIZER
from anomed_dataset_synthesis.challenge.metrics import column_slugs
from anomed_dataset_synthesis.challenge.scoring import (
    assess_links,
    flat_guesses,
    flat_membership,
    measured_utility,
    rounded,
)
from anomed_dataset_synthesis.external import find_generator
from anomed_dataset_synthesis.report import report_page
from anomed_dataset_synthesis.table.canonical import to_frame
from anomed_dataset_synthesis.threat.evidence import risk_of

PANEL, LINKAGE, AUDIT = "panel", "linkage", "audit"

Metrics = Mapping[str, float]

_N_OTHERS = 150
"""Records that a canary hides among: few of them hide it worse, and a claim holds for any."""


def house_attacks(arena: Arena) -> list[HouseAttack]:
    """Name the attacks, as the server runs them in the background."""

    def panel(submission: Submission, rng: np.random.Generator) -> Metrics:
        return rounded(attack_with_panel(arena, submission, rng), submission.split)

    def linkage(submission: Submission, _: np.random.Generator) -> Metrics:
        return rounded(attack_by_linking(arena, submission), submission.split)

    def canaries(submission: Submission, rng: np.random.Generator) -> Metrics | None:
        finding = audit(arena, submission, rng)
        return None if finding is None else claim_metrics(finding)

    audits = [
        HouseAttack(
            name=AUDIT,
            kind=SYNTHESIZER,
            description="Runs the generator with and without a canary and bounds its epsilon from "
            "below (Clopper-Pearson).",
            metrics=claim_declared(),
            run=canaries,
        )
    ]
    return [
        HouseAttack(
            name=PANEL,
            kind=SYNTHESIZER,
            description="Exact match, distance ratio (DOMIAS, arXiv:2302.12580), density ratio of "
            "marginals, nearest neighbour's attributes, predicates; on all targets and outliers.",
            metrics=panel_declared(arena),
            run=panel,
        ),
        HouseAttack(
            name=LINKAGE,
            kind=SYNTHESIZER,
            description="Links halves of records through the nearest synthetic record.",
            metrics=linkage_declared(),
            run=linkage,
        ),
        *(audits if arena.config.generators else []),
    ]


def page_key(arena: Arena, anonymizer: str, digest: str) -> str:
    """Name the file with the page about a submission."""
    return arena.file_key(f"page of {anonymizer}", digest)


def attack_with_panel(
    arena: Arena, submission: Submission, rng: np.random.Generator
) -> dict[str, float]:
    """Run the panel, test the claim by it, and write the page about a final."""
    this = arena.rounds[submission.split]
    synthetic = arena.synthetic(submission)
    result = run_panel(
        synthetic,
        this.real,
        targets=this.membership,
        secrets=arena.config.secrets,
        rng=rng,
        n_predicates=arena.config.predicates,
    )
    finding = _examine_claim(arena, submission, result, rng)
    if submission.split is Split.VALIDATION:
        page = report_page(
            f"{submission.anonymizer}: {submission.split}",
            synthetic=synthetic,
            background=this.real.background,
            utility=measured_utility(arena, submission),
            panel=result,
            claim=finding,
            gate=arena.config.gate,
        )
        arena.keep(page_key(arena, submission.anonymizer, submission.digest), page.encode())
    claim = {} if finding is None else claim_metrics(finding)
    return {
        **panel_metrics(
            result, slugs=column_slugs(arena.codebook.names), n_attackers=arena.config.attackers
        ),
        **{f"{CLAIM_PREFIX}{name}": value for name, value in claim.items()},
    }


def _examine_claim(
    arena: Arena, submission: Submission, result: PanelResult, rng: np.random.Generator
) -> ClaimFinding | None:
    claim = arena.declaration(submission).guarantee
    if claim is None:
        return None
    scores = [
        (membership.members, membership.controls)
        for membership in result.memberships
        if membership.group == "all targets"
    ]
    return find_on_claim(claim, attacks=scores, rng=rng)


def panel_metrics(
    result: PanelResult, *, slugs: Mapping[str, str], n_attackers: int
) -> dict[str, float]:
    """Flatten the panel's results; the diagnostics are shown and never counted.

    Parameters
    ----------
    result : PanelResult
        What the attacks learnt.
    slugs : Mapping of str to str
        How names of metrics call the columns.
    n_attackers : int
        See `risk_of`.

    Returns
    -------
    dict of str to float
        ``risk``; ``attack.group.figure`` by membership attack, ``attack.column.figure`` by attack
        on columns; ``diagnostics.figure``.
    """
    metrics = {"risk": risk_of(result.evidence, n_attackers=n_attackers).value}
    for membership in result.memberships:
        metrics |= flat_membership(membership, name_prefix(membership.attack, membership.group))
    for guesses in result.guesses:
        measure = slugs.get(guesses.measure, guesses.measure)
        metrics |= flat_guesses(guesses, name_prefix(guesses.attack, measure))
    return metrics | _flat_diagnostics(result.diagnostics)


def _flat_diagnostics(seen: Diagnostics) -> dict[str, float]:
    figures = {
        "dcr_share": seen.dcr_share,
        "matches_training": seen.matches_training,
        "matches_control": seen.matches_control,
        "matches_background": seen.matches_background,
        "real_matches": seen.real_matches,
        "nndr_training": seen.nndr_training,
        "nndr_control": seen.nndr_control,
        "n_exact_records": float(len(seen.exact_places)),
        "copies_training_records": float(seen.copies_training_records),
        "copies_public_records": float(seen.copies_public_records),
    }
    if seen.unique_matches is not None:
        figures["unique_matches"] = seen.unique_matches
    return {f"{DIAGNOSTICS_PREFIX}{name}": value for name, value in figures.items()}


def attack_by_linking(arena: Arena, submission: Submission) -> dict[str, float]:
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


def audit(arena: Arena, submission: Submission, rng: np.random.Generator) -> ClaimFinding | None:
    """Audit the claim of a submission.

    Public records are what the canary hides among: the generator's server learns of nobody.

    Parameters
    ----------
    arena : Arena
        Knows the generators.
    submission : Submission
        Whose claim is audited.
    rng : Generator
        Source of all draws.

    Returns
    -------
    ClaimFinding or None
        None if there is no claim or no generator to run.

    Raises
    ------
    ExternalGeneratorError
        If a served generator fails.
    """
    claim = arena.declaration(submission).guarantee
    reference = arena.config.generators.get(submission.anonymizer)
    if claim is None or reference is None:
        return None
    found = audit_by_canary(
        find_generator(submission.anonymizer, reference),
        to_frame(arena.population.background.sample(_N_OTHERS, rng=rng)),
        codebook=arena.codebook,
        rng=np.random.default_rng(rng.integers(2**63, size=4)),  # a lottery's cannot spawn
        n_runs=arena.config.audit_runs,
    )
    return ClaimFinding(claim=claim, audit=found)


def claim_metrics(finding: ClaimFinding) -> dict[str, float]:
    """Flatten what was found out about a claim."""
    return {
        "epsilon": finding.claim.epsilon,
        "delta": finding.claim.delta,
        "epsilon_lower": finding.epsilon_lower,
        "epsilon_provable": finding.epsilon_provable,
        "refuted": float(finding.state == "refuted"),
    }
