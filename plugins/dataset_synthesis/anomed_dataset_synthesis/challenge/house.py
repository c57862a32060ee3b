"""The house's own attacks on every synthetic table, and its tests of every claim."""

from collections.abc import Mapping

import attrs
import numpy as np

from anomed_core import Direction, HouseAttack, MetricRow, Split, Submission, rows_of_part
from anomed_core.report import parts_to_json
from anomed_dataset_synthesis.attacks.diagnostics import Diagnostics
from anomed_dataset_synthesis.attacks.linkage import link_by_reference
from anomed_dataset_synthesis.attacks.panel import PanelResult, run_panel
from anomed_dataset_synthesis.audit.canary import audit_by_canary
from anomed_dataset_synthesis.audit.claims import ClaimFinding, find_on_claim
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.challenge.kinds import LINKS, SYNTHESIZER
from anomed_dataset_synthesis.challenge.metrics import (
    INFINITY,
    RISK_ROWS,
    column_slugs,
    guess_rows,
    membership_rows,
    rows_of,
)
from anomed_dataset_synthesis.challenge.scoring import (
    Guessed,
    assess_links,
    measured_utility,
    recorded,
    risk_in,
)
from anomed_dataset_synthesis.external import find_generator
from anomed_dataset_synthesis.report import report_parts
from anomed_dataset_synthesis.table.canonical import to_frame
from anomed_dataset_synthesis.threat.evidence import Risk

PANEL, LINKAGE, AUDIT = "panel", "linkage", "audit"
CLAIM_PREFIX, DIAGNOSTICS_PREFIX = "claim.", "diagnostics."

_N_OTHERS = 150
"""Records that a canary hides among: few of them hide it worse, and a claim holds for any."""


def house_attacks(arena: Arena) -> list[HouseAttack]:
    """Name the attacks, as the server runs them in the background."""
    panel_rows, link_rows = rows_of_panel(arena), rows_of(arena, LINKS)

    def panel(submission: Submission, rng: np.random.Generator) -> Mapping[str, float]:
        return recorded(panel_rows, attack_with_panel(arena, submission, rng), submission.split)

    def linkage(submission: Submission, _: np.random.Generator) -> Mapping[str, float]:
        return recorded(link_rows, attack_by_linking(arena, submission), submission.split)

    def canaries(submission: Submission, rng: np.random.Generator) -> Mapping[str, float] | None:
        finding = audit(arena, submission, rng)
        return None if finding is None else recorded(CLAIM_ROWS, finding, Split.VALIDATION)

    attacks = [
        HouseAttack(
            name=PANEL,
            kind=SYNTHESIZER,
            description="Exact match, distance ratio (DOMIAS, arXiv:2302.12580), density ratio of "
            "marginals, nearest neighbour's attributes, predicates; on all targets and outliers.",
            metrics=[row.declared() for row in panel_rows],
            run=panel,
        ),
        HouseAttack(
            name=LINKAGE,
            kind=SYNTHESIZER,
            description="Links halves of records through the nearest synthetic record.",
            metrics=[row.declared() for row in link_rows],
            run=linkage,
        ),
    ]
    if arena.config.generators:
        attacks.append(
            HouseAttack(
                name=AUDIT,
                kind=SYNTHESIZER,
                description="Runs the generator with and without a canary and bounds its epsilon "
                "from below (Clopper-Pearson).",
                metrics=[row.declared() for row in CLAIM_ROWS],
                run=canaries,
            )
        )
    return attacks


@attrs.frozen(kw_only=True, eq=False)
class Attacked:
    """What the panel learnt, and what that says about a claim, if one was made."""

    panel: PanelResult
    finding: ClaimFinding | None
    risk: Risk


def attack_with_panel(arena: Arena, submission: Submission, rng: np.random.Generator) -> Attacked:
    """Run the panel, test the claim by it, and write the page about a final."""
    round_ = arena.rounds[submission.split]
    synthetic = arena.synthetic(submission)
    result = run_panel(
        synthetic,
        round_.real,
        targets=round_.membership,
        secrets=arena.config.secrets,
        rng=rng,
        n_predicates=arena.config.predicates,
    )
    finding = _examine_claim(arena, submission, result, rng)
    if submission.split is Split.VALIDATION:
        parts = report_parts(
            synthetic=synthetic,
            background=round_.real.background,
            utility=measured_utility(arena, submission),
            panel=result,
            claim=finding,
            gate=arena.config.gate,
        )
        key = page_key(arena, submission.anonymizer, submission.digest)
        arena.keep(key, parts_to_json(parts).encode())
    return Attacked(panel=result, finding=finding, risk=risk_in(arena, result.evidence))


def page_key(arena: Arena, anonymizer: str, digest: str) -> str:
    """Name the file with what a page says about a submission."""
    return arena.file_key(f"parts about {anonymizer}", digest)


def _examine_claim(
    arena: Arena, submission: Submission, result: PanelResult, rng: np.random.Generator
) -> ClaimFinding | None:
    claim = arena.declaration(submission).guarantee
    if claim is None:
        return None
    scores = [
        (membership.members, membership.non_members)
        for membership in result.memberships
        if membership.group == "all targets"
    ]
    return find_on_claim(claim, attacks=scores, rng=rng)


def rows_of_panel(arena: Arena) -> list[MetricRow[Attacked]]:
    """Measure what each attack of the panel learnt, what became of a claim, and diagnostics.

    Names are ``attack.group.figure`` by membership attack, ``attack.column.figure`` by attack on
    columns, and ``diagnostics.figure``; diagnostics are shown and never counted.
    """
    columns = arena.codebook.names
    slugs = column_slugs(columns)
    attacks = ["exact match", "distance ratio", "density ratio, single columns"]
    attacks += ["density ratio, pairs of columns"] if len(columns) > 1 else []
    rows: list[MetricRow[Attacked]] = [*RISK_ROWS]
    for attack in attacks:
        rows += _membership_rows(attack, "all targets") + _membership_rows(attack, "outliers")
    for secret in arena.config.secrets:
        event = f"the nearest neighbour's {secret} is right"
        rows += _guess_rows("nearest neighbour", secret, slugs[secret], event)
    for measure in [*columns, "combinations of columns"]:
        event = f"a predicate about {measure} is true of exactly one record"
        rows += _guess_rows("singling out", measure, slugs.get(measure, measure), event)
    return [
        *rows,
        *rows_of_part(
            DIAGNOSTIC_ROWS, lambda found: found.panel.diagnostics, prefix=DIAGNOSTICS_PREFIX
        ),
        *rows_of_part(CLAIM_ROWS, lambda found: found.finding, prefix=CLAIM_PREFIX, optional=True),
    ]


def _membership_rows(attack: str, group: str) -> list[MetricRow[Attacked]]:
    return rows_of_part(
        membership_rows(f" For {group}."),
        lambda found: next(
            (one for one in found.panel.memberships if (one.attack, one.group) == (attack, group)),
            None,
        ),
        prefix=name_prefix(attack, group),
        optional=group != "all targets",  # a group may be too small for any figures
    )


def _guess_rows(attack: str, measure: str, slug: str, event: str) -> list[MetricRow[Attacked]]:
    return rows_of_part(
        guess_rows(event),
        lambda found: next(
            (one for one in found.panel.guesses if (one.attack, one.measure) == (attack, measure)),
            None,
        ),
        prefix=name_prefix(attack, slug),
        optional=attack == "singling out",  # there may be nothing to state about a column
    )


def name_prefix(*parts: str) -> str:
    """Return what the names of an attack's metrics begin with.

    Examples
    --------
    >>> name_prefix("density ratio, single columns", "all targets")
    'density_ratio_single_columns.all_targets.'
    """
    return "".join(f"{part.replace(', ', '_').replace(' ', '_')}." for part in parts)


_NEAR = "5% quantile of the ratio of distances to the nearest and the second nearest {} record."

DIAGNOSTIC_ROWS: tuple[MetricRow[Diagnostics], ...] = (
    MetricRow(
        name="dcr_share",
        compute=lambda seen: seen.dcr_share,
        definition="Share of synthetic records nearer to the training table than to the "
        "non-members, ties counting half.",
        chance=0.5,
    ),
    MetricRow(
        name="matches_training",
        compute=lambda seen: seen.matches_training,
        definition="Share of synthetic records that equal a training record.",
    ),
    MetricRow(
        name="matches_non_members",
        compute=lambda seen: seen.matches_non_members,
        definition="Share of synthetic records that equal a non-member.",
    ),
    MetricRow(
        name="matches_background",
        compute=lambda seen: seen.matches_background,
        definition="Share of synthetic records that equal a public record.",
    ),
    MetricRow(
        name="real_matches",
        compute=lambda seen: seen.real_matches,
        definition="Share of training records that equal a non-member or public one.",
    ),
    MetricRow(
        name="nndr_training",
        compute=lambda seen: seen.nndr_training,
        definition=_NEAR.format("training"),
        direction=Direction.LOWER,
    ),
    MetricRow(
        name="nndr_non_members",
        compute=lambda seen: seen.nndr_non_members,
        definition=_NEAR.format("non-member"),
        direction=Direction.LOWER,
    ),
    MetricRow(
        name="n_exact_records",
        compute=lambda seen: len(seen.exact_places),
        definition="Training records that are in the synthetic and no other table.",
        bounds=(0.0, INFINITY),
    ),
    MetricRow(
        name="copies_training_records",
        compute=lambda seen: seen.copies_training_records,
        definition="1 if more training records than non-members are in the synthetic and no other "
        "table (99.9% confidence), else 0.",
    ),
    MetricRow(
        name="copies_public_records",
        compute=lambda seen: seen.copies_public_records,
        definition="1 if more synthetic records equal a non-member or public one than come about "
        "by themselves, or if public_auc is surely (99.9%) above one half, else 0.",
    ),
    MetricRow(
        name="public_auc",
        compute=lambda seen: seen.public_auc,
        definition="How well nearness to the synthetic table, beside nearness to the training "
        "records, tells public records from non-members (AUC).",
        chance=0.5,
    ),
    MetricRow(
        name="unique_matches",
        compute=lambda seen: seen.unique_matches,
        definition="Share of the unique training records that the synthetic table holds; missing "
        "if none is unique.",
        optional=True,
    ),
)


def attack_by_linking(arena: Arena, submission: Submission) -> Guessed:
    """Link by the nearest synthetic record and score that as anybody's links."""
    round_ = arena.rounds[submission.split]
    halves = round_.halves
    links = link_by_reference(
        halves.left,
        halves.right,
        left_columns=halves.left_columns,
        reference=arena.synthetic(submission),
        background=round_.real.background,
    )
    return assess_links(arena, round_, links)


def audit(arena: Arena, submission: Submission, rng: np.random.Generator) -> ClaimFinding | None:
    """Audit the claim of a submission.

    Public records are what the canary hides among: the generator's server learns of nobody.

    Parameters
    ----------
    arena
        Knows the generators.
    submission
        Whose claim is audited.
    rng
        Source of all draws.

    Returns
    -------
    ClaimFinding or None
        None if there is no claim or no generator to run.

    Raises
    ------
    ForeignLibraryError
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


CLAIM_ROWS: tuple[MetricRow[ClaimFinding], ...] = (
    MetricRow(
        name="epsilon",
        compute=lambda finding: finding.claim.epsilon,
        definition="The claimed epsilon.",
        bounds=(0.0, INFINITY),
    ),
    MetricRow(
        name="delta",
        compute=lambda finding: finding.claim.delta,
        definition="The claimed delta.",
    ),
    MetricRow(
        name="epsilon_lower",
        compute=lambda finding: finding.epsilon_lower,
        definition="Largest epsilon that is proved, with 95% confidence.",
        bounds=(0.0, INFINITY),
    ),
    MetricRow(
        name="epsilon_provable",
        compute=lambda finding: finding.epsilon_provable,
        definition="What a perfect attack could have proved.",
        bounds=(0.0, INFINITY),
    ),
    MetricRow(
        name="refuted",
        compute=lambda finding: finding.state == "refuted",
        definition="1 if epsilon_lower exceeds the claimed epsilon, else 0.",
    ),
)
