"""The page: one submission, from its marginals to its claim."""

from html import escape

from anomed_dataset_synthesis.attacks.panel import PanelResult
from anomed_dataset_synthesis.audit.claims import ClaimFinding
from anomed_dataset_synthesis.report.figures import (
    association_map,
    marginal_pictures,
    roc_pictures,
)
from anomed_dataset_synthesis.report.svg import COLOURS
from anomed_dataset_synthesis.report.tables import (
    diagnostics_table,
    evidence_table,
    utility_table,
)
from anomed_dataset_synthesis.table.canonical import CanonicalTable, same_codebook
from anomed_dataset_synthesis.table.encoding import fit_bins
from anomed_dataset_synthesis.threat.evidence import Risk
from anomed_dataset_synthesis.utility.evaluation import DEFAULT_GATE, Utility

_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:66em;margin:2em auto;padding:0 1em;"
    "color:#222;background:#fff}table{border-collapse:collapse;margin:1em 0}"
    "th,td{padding:.25em .8em;border-bottom:1px solid #ddd;text-align:left}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}svg{margin:.3em}"
    ".bad{color:#a23e48;font-weight:600}.key i{display:inline-block;width:1em;height:1em;"
    "vertical-align:-.1em;margin:0 .3em 0 1em}caption{text-align:left;font-weight:600}"
)

_ABOUT_CURVES = (
    "<p>True positive rate by false positive rate, on a logarithmic scale. Inside the grey band "
    "lie 95% of worthless attacks. A dashed line is what the claim allows.</p>"
)
_ABOUT_MARGINALS = (
    '<p class="key">Shares of values, grouped as for the scores:'
    f'<i style="background:{COLOURS[0]}"></i>submission'
    f'<i style="background:{COLOURS[1]}"></i>public background</p>'
)
_ABOUT_ASSOCIATIONS = (
    "<p>Differences between Cramér's V of two columns in the submission and in the public "
    "background: the darker, the more of what connects them is lost or made up.</p>"
)


def report_page(
    title: str,
    *,
    synthetic: CanonicalTable,
    background: CanonicalTable,
    utility: Utility,
    panel: PanelResult,
    claim: ClaimFinding | None = None,
    gate: float = DEFAULT_GATE,
) -> str:
    """Write the page about a submission.

    Only figures that the scores show anyway are drawn of the secret tables; distributions are
    compared with the public background.

    Parameters
    ----------
    title
        The submission's name.
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
    str
        A whole HTML document: nothing is loaded from elsewhere, there are no scripts, and equal
        results give equal pages.

    Raises
    ------
    ValueError
        If a table is empty or the codebooks differ.
    """
    same_codebook(synthetic, background)
    binning = fit_bins(background)
    risk = panel.risk
    parts = [
        f"<h1>{escape(title)}</h1>",
        _summary(utility, risk, claim, gate=gate),
        "<h2>Checks</h2>",
        utility_table(utility, gate=gate),
        evidence_table(panel, risk),
        diagnostics_table(panel),
        "<h2>Attacks</h2>",
        _ABOUT_CURVES,
        *roc_pictures(panel.memberships, claim.claim if claim else None),
        "<h2>Marginals</h2>",
        _ABOUT_MARGINALS,
        *marginal_pictures(synthetic, background, binning),
        "<h2>Associations</h2>",
        _ABOUT_ASSOCIATIONS,
        association_map(synthetic, background, binning),
    ]
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"{''.join(parts)}</body></html>\n"
    )


def _summary(utility: Utility, risk: Risk, claim: ClaimFinding | None, *, gate: float) -> str:
    passed = utility.passes(gate)
    verdict = "reaches" if passed else '<span class="bad">misses</span>'
    sentences = [
        f"Utility {utility.score:.3f} {verdict} the gate of {gate:g}.",
        f"Risk {risk.value:.3f}: with {risk.confidence:.0%} confidence over "
        f"{risk.n_comparisons} comparisons, the best attack learnt at least that share of what "
        "chance does not explain"
        + (
            f" ({escape(_name(risk))})." if risk.value > 0 else "; none is sure to have learnt any."
        ),
        escape(f"Claim: {claim.statement()}" if claim else "No differential privacy is claimed."),
    ]
    return "".join(f"<p>{sentence}</p>" for sentence in sentences)


def _name(risk: Risk) -> str:
    worst = risk.worst
    return f"{worst.attack}: {worst.measure}, {worst.group}"
