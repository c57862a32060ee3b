"""The page: one submission, from its verdicts to its marginals."""

from anomed_core.report import Fact, Facts, Folded, Section
from anomed_dataset_synthesis.attacks.panel import PanelResult
from anomed_dataset_synthesis.audit.claims import ClaimFinding
from anomed_dataset_synthesis.report.figures import (
    association_chart,
    marginal_charts,
    roc_charts,
)
from anomed_dataset_synthesis.report.tables import (
    diagnostics_table,
    evidence_table,
    utility_table,
)
from anomed_dataset_synthesis.table.canonical import CanonicalTable, same_codebook
from anomed_dataset_synthesis.table.encoding import fit_bins
from anomed_dataset_synthesis.threat.evidence import Risk
from anomed_dataset_synthesis.utility.evaluation import DEFAULT_GATE, Utility

_ABOUT_CURVES = (
    "True-positive rate by false-positive rate, on logarithmic axes. Inside of the grey band lie "
    "95 % of worthless attacks; the dashed line is what a claim allows."
)
_ABOUT_MARGINALS = (
    "Shares of values, grouped as for the scores, in the submission and in the public background."
)
_ABOUT_ASSOCIATIONS = (
    "Differences between Cramér's V of two columns in the submission and in the public "
    "background: the darker, the more of what connects them is lost or made up."
)


def report_parts(
    *,
    synthetic: CanonicalTable,
    background: CanonicalTable,
    utility: Utility,
    panel: PanelResult,
    claim: ClaimFinding | None = None,
    gate: float = DEFAULT_GATE,
) -> list[object]:
    """Say what is known of a submission.

    Only figures that the scores show anyway are drawn of the secret tables; distributions are
    compared with the public background.

    Parameters
    ----------
    synthetic, background
        The submission and the public records.
    utility
        What it is good for.
    panel
        What the house's attacks learnt.
    claim
        What was found out about its claim, if it made one.
    gate
        The least utility with which a submission is ranked.

    Returns
    -------
    list
        Parts of `anomed_core.report`: the verdict, checks, attacks, marginals, associations.

    Raises
    ------
    ValueError
        If a table is empty or the codebooks differ.
    """
    same_codebook(synthetic, background)
    binning = fit_bins(background)
    risk = panel.risk
    return [
        Facts(_facts(utility, risk, gate=gate)),
        *_summary(risk, claim),
        Section(
            title="Attacks",
            parts=[
                _ABOUT_CURVES,
                *roc_charts(panel.memberships, claim.claim if claim else None),
                Folded(
                    summary=f"All {len(panel.evidence)} measures of the attacks",
                    parts=[evidence_table(panel, risk)],
                ),
            ],
        ),
        Section(
            title="Checks", parts=[utility_table(utility, gate=gate), diagnostics_table(panel)]
        ),
        Section(
            title="Associations",
            parts=[_ABOUT_ASSOCIATIONS, association_chart(synthetic, background, binning)],
        ),
        Section(
            title="Marginals",
            parts=[
                _ABOUT_MARGINALS,
                Folded(
                    summary=f"All {len(binning.codebook.columns)} columns",
                    parts=marginal_charts(synthetic, background, binning),
                ),
            ],
        ),
    ]


def _facts(utility: Utility, risk: Risk, *, gate: float) -> list[Fact]:
    passed = utility.passes(gate)
    verdict = f"{'reaches' if passed else 'misses'} the gate of {gate:g}"
    note = f"{risk.confidence:.0%} confidence over {risk.n_comparisons} comparisons"
    score = f"{utility.score:.3f}"
    return [
        Fact(name="Utility", value=score, notes=[verdict], tone="utility" if passed else "bad"),
        Fact(name="Risk", value=f"{risk.value:.3f}", notes=[note], tone="risk"),
    ]


def _summary(risk: Risk, claim: ClaimFinding | None) -> list[str]:
    worst = risk.worst
    learnt = "None is sure to have learnt any."
    if risk.value > 0:
        learnt = f"The best is {worst.attack}: {worst.measure}, {worst.group}."
    return [
        "The risk is the share of what chance does not explain that an attack learnt at least. "
        + learnt,
        f"Claim: {claim.statement()}" if claim else "No differential privacy is claimed.",
    ]
