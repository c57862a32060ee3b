"""The tables of a report: what was checked, and what came out."""

from anomed_core.report import Cell, Table
from anomed_core.statistics import Estimate
from anomed_dataset_synthesis.attacks.panel import PanelResult
from anomed_dataset_synthesis.threat.evidence import Risk
from anomed_dataset_synthesis.utility.evaluation import Utility


def utility_table(utility: Utility, *, gate: float) -> Table:
    """Show what the utility is made of, and what real records reach."""
    rows = [
        [name, f"{value:.3f}", "yes" if value >= gate else "no"]
        for name, value in utility.components.items()
    ]
    rows += [
        [
            f"{part.order}-way accuracy",
            f"{part.accuracy:.3f}",
            f"{part.ceiling:.3f} for real records",
        ]
        for part in utility.fidelity
    ]
    rows += [
        [
            f"task on {transfer.task.column}",
            f"{transfer.auc:.3f}",
            f"{transfer.real_auc:.3f} for real records",
        ]
        for transfer in utility.transfers
    ]
    rows.append(["two-sample AUC", f"{utility.two_sample.auc:.3f}", "0.5 for real records"])
    head = ["Utility", "value", f"at least {gate:g}, or to compare with"]
    return Table(head=head, rows=rows, caption="Utility: the smallest of the first four counts")


def evidence_table(panel: PanelResult, risk: Risk) -> Table:
    """Show what every attack learnt, the surest first."""
    corrected = 1 - (1 - risk.confidence) / risk.n_comparisons
    estimates = [(piece, piece.advantage(corrected)) for piece in panel.evidence]
    estimates.sort(key=lambda pair: (-pair[1].low, -pair[1].value))
    rows: list[list[str | Cell]] = [
        [piece.attack, piece.measure, piece.group, _interval(estimate)]
        for piece, estimate in estimates
    ]
    head = ["Attack", "measure", "group", "advantage"]
    caption = "Attacks: normalised advantage, 0 at chance; the largest lower limit is the risk"
    return Table(head=head, rows=rows, caption=caption)


def _interval(estimate: Estimate) -> Cell:
    return Cell.interval(estimate.value, estimate.low, estimate.high)


def diagnostics_table(panel: PanelResult) -> Table:
    """Show distances, with what they would be had training left no trace."""
    found = panel.diagnostics
    unique = "none is unique" if found.unique_matches is None else f"{found.unique_matches:.4f}"
    rows = [
        ["nearer to training than to non-members", f"{found.dcr_share:.3f}", "0.5"],
        [
            "equal to a training record",
            f"{found.matches_training:.4f}",
            _as_share(found.real_matches),
        ],
        [
            "equal to a non-member",
            f"{found.matches_non_members:.4f}",
            _as_share(found.real_matches),
        ],
        ["unique training records held", unique, _as_share(found.real_matches)],
        [
            "5% quantile of distance ratios",
            f"{found.nndr_training:.3f}",
            f"{found.nndr_non_members:.3f}",
        ],
        ["training records held that nobody else has", str(len(found.exact_places)), "0"],
        ["real records from elsewhere", "yes" if found.copies_public_records else "no", "no"],
    ]
    head = ["Diagnostic", "value", "without a trace of training"]
    return Table(head=head, rows=rows, caption="Distances: shown, never counted")


def _as_share(share: float) -> str:
    return f"about {share:.4f}"
