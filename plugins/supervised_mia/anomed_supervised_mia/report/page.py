"""The report: one HTML page that needs nothing else, and the same results as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from anomed_core.report import Cell, Fact, Facts, Folded, Section, Table, between, page, percent
from anomed_supervised_mia.auditing.conclusions import Conclusion, conclude
from anomed_supervised_mia.auditing.results import AttackResult, AuditResults
from anomed_supervised_mia.metrics import Estimate, TprAtFpr
from anomed_supervised_mia.report.figures import (
    epochs_figure,
    privacy_utility_figure,
    roc_figure,
    scores_figure,
    slices_figure,
)

#: More audits are folded away, below a table that tells them all.
N_OPEN_AUDITS = 3

METHODS = {
    "AUC": "The probability that a random member scores higher than a random non-member; 0.5 is "
    "chance. Its interval follows DeLong et al. (1988), with Clopper-Pearson limits.",
    "Advantage": "The largest difference between the true- and the false-positive rate over all "
    "thresholds. It is above 0 even at chance, hence the limit beside it.",
    "TPR at an FPR": "The share of members found when at most that share of non-members is falsely "
    "accused (Carlini et al. 2022). The interval accounts for the choice of the threshold. Where "
    "there are too few non-members to measure so low a rate, the value is in italics.",
    "Epsilon": "The model is not (epsilon, delta)-differentially private for any smaller epsilon. "
    "The bound pays for every threshold tried. Beside it stands what a perfect attack would have "
    "proved with as many records.",
    "Many rows": "AUC and epsilon of the attacks on all records hold for all attacks together. "
    "Every other interval holds on its own: of a hundred at 95 %, about five may miss the truth.",
}


def report_parts(audits: Sequence[AuditResults]) -> list[object]:
    """Return what a page says about audits.

    Parameters
    ----------
    audits : sequence of AuditResults
        Of different models, or of one model at several epochs.

    Returns
    -------
    list
        Parts of `anomed_core.report`: all audits together, then each, then how to read it.
    """
    concluded = [conclude(audited) if audited.results else None for audited in audits]
    parts: list[object] = []
    if sum(found is not None for found in concluded) > 1:
        parts.append(_overview(audits, concluded))
    if len({audited.metadata.epoch for audited in audits if audited.results} - {None}) > 1:
        parts.append(epochs_figure(audits))
    if sum(audited.metadata.test_accuracy is not None for audited in audits) > 1 and any(concluded):
        parts.append(privacy_utility_figure(audits))
    sections = [
        (_name(audited), _audit_parts(audited, found))
        for audited, found in zip(audits, concluded, strict=True)
    ]
    if len(audits) > N_OPEN_AUDITS:
        parts += [Folded(summary=name, parts=about) for name, about in sections]
    else:
        parts += [Section(title=name, parts=about) for name, about in sections]
    methods = [Markup("<p><strong>{}:</strong> {}</p>").format(*item) for item in METHODS.items()]
    return [*parts, Folded(summary="How to read this", parts=methods)]


def render_report(audits: Sequence[AuditResults], *, title: str = "Privacy report") -> str:
    """Return a report on one or several audits as a self-contained HTML page.

    Parameters
    ----------
    audits : sequence of AuditResults
        Of different models, or of one model at several epochs.
    title : str, default="Privacy report"

    Returns
    -------
    str
        HTML with inline SVG and one style sheet, whose digest is in the page's own content
        security policy. No script and nothing from elsewhere.

    Raises
    ------
    ValueError
        If there are no audits.
    """
    if not audits:
        raise ValueError("a report needs the results of at least one audit, but there are none.")
    return page(title, report_parts(audits))


def write_report(
    audits: AuditResults | Sequence[AuditResults],
    folder: str | Path,
    *,
    title: str = "Privacy report",
) -> Path:
    """Write a report as ``index.html``, and the results as ``results.json`` beside it.

    Parameters
    ----------
    audits : AuditResults or sequence of AuditResults
        Of different models, or of one model at several epochs.
    folder : str or Path
        Created if need be; files of these names are replaced.
    title : str, default="Privacy report"

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    ValueError
        If there are no audits.
    OSError
        If the folder can't be written to.
    """
    several = [audits] if isinstance(audits, AuditResults) else list(audits)
    html = render_report(several, title=title)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    plain = [audited.to_dict() for audited in several]
    (target / "results.json").write_text(json.dumps(plain, allow_nan=False), encoding="utf-8")
    path = target / "index.html"
    path.write_text(html, encoding="utf-8")
    return path


def _name(audited: AuditResults) -> str:
    metadata = audited.metadata
    return metadata.model if metadata.epoch is None else f"{metadata.model}, epoch {metadata.epoch}"


def _overview(audits: Sequence[AuditResults], concluded: Sequence[Conclusion | None]) -> Table:
    rows: list[list[str | Cell]] = []
    for audited, found in zip(audits, concluded, strict=True):
        accuracy = audited.metadata.test_accuracy
        if found is not None:
            rows.append(
                [
                    _name(audited),
                    "" if accuracy is None else f"{accuracy:.3f}",
                    _interval(found.auc),
                    f"{found.epsilon.estimate.low:.3f}",
                    _verdict(found),
                ]
            )
    head = ["model", "test accuracy", "AUC of the strongest attack", "epsilon at least", "verdict"]
    return Table(caption="All audits", head=head, rows=rows, folds=True, chance=0.5)


def _audit_parts(audited: AuditResults, concluded: Conclusion | None) -> list[object]:
    skipped = ", ".join(f"{skipped.slice} ({skipped.reason})" for skipped in audited.skipped)
    rest = [f"Not measured: {skipped}."] if skipped else []
    rest += [audited.metadata.notes] if audited.metadata.notes else []
    if concluded is None:
        return [Facts(_facts(audited)), "Nothing could be measured.", *rest]
    whole = sorted(concluded.results, key=lambda r: (r.attack != concluded.attack, -r.auc.low))
    strongest = whole[0]
    slices = [result for result in audited if result.slice != strongest.slice]
    metadata = audited.metadata
    figures = [
        roc_figure(
            whole, claimed_epsilon=metadata.claimed_epsilon, claimed_delta=metadata.claimed_delta
        ),
        scores_figure(strongest),
    ]
    parts = [result for result in slices if result.attack == strongest.attack]
    if parts:
        figures.append(slices_figure(parts))
    everything: list[object] = [
        Facts([*_cards(audited, concluded), *_facts(audited)]),
        *figures,
        results_table(whole, caption=f"Attacks on {strongest.slice.in_words}"),
    ]
    if slices:
        slices.sort(key=lambda result: -result.auc.low)
        caption = "By slice, the largest lower limit of the AUC first"
        table = results_table(slices, caption=caption)
        everything.append(Folded(summary=f"All {len(slices)} results by slice", parts=[table]))
    return everything + rest


def _facts(audited: AuditResults) -> list[Fact]:
    metadata = audited.metadata
    sizes = f"{audited.n_members} and {audited.n_non_members}"
    facts = [Fact(name="Members and non-members", value=sizes)]
    accuracies = {
        "Training accuracy": metadata.train_accuracy,
        "Test accuracy": metadata.test_accuracy,
    }
    facts += [
        Fact(name=name, value=f"{value:.3f}", tone="utility")
        for name, value in accuracies.items()
        if value is not None
    ]
    return facts


def _cards(audited: AuditResults, concluded: Conclusion) -> list[Fact]:
    strongest = audited.strongest()
    auc, bound = concluded.auc, concluded.epsilon
    cards = [
        Fact(
            name=f"Strongest of {concluded.n_attacks}: {concluded.attack}",
            value=f"AUC {auc.value:.3f}",
            notes=[between(auc.low, auc.high), _verdict(concluded)],
            tone="bad" if concluded.leaks else "good",
        )
    ]
    if strongest.tpr_at_fpr:
        resolved = [found for found in strongest.tpr_at_fpr if found.estimate.resolved]
        found = (resolved or strongest.tpr_at_fpr)[0]
        name = f"Members found at {percent(found.level)} false alarms"
        value, limits = percent(round(found.estimate.value, 4)), _in_percent(found.estimate)
        cards.append(Fact(name=name, value=value, notes=[limits], tone="risk"))
    notes = [f"delta {bound.delta:g}; {bound.attainable:.2f} would be provable"]
    if concluded.claimed_epsilon is not None:
        word = "refutes" if concluded.refutes_claim else "does not refute"
        notes.append(f"{word} the claimed {concluded.claimed_epsilon:g}")
    bounded = Fact(
        name="Epsilon is at least",
        value=f"{bound.estimate.low:.3f}",
        notes=notes,
        tone="bad" if concluded.refutes_claim else "",
    )
    return [*cards, bounded]


def _verdict(concluded: Conclusion) -> str:
    if concluded.leaks:
        return "tells members from non-members"
    return "not proved better than guessing"


def results_table(results: Sequence[AttackResult], *, caption: str) -> Table:
    """Return a table with a row for each attack and slice: every number with its interval.

    Parameters
    ----------
    results : sequence of AttackResult
        At least one, all measured at the same levels.
    caption : str

    Returns
    -------
    Table
    """
    levels = [found.level for found in results[0].tpr_at_fpr]
    head = [
        *("attack, slice", "AUC", "advantage", "best balanced accuracy"),
        *(f"TPR at {percent(level)} FPR" for level in levels),
        "epsilon at least",
    ]
    rows = [_row(result) for result in results]
    return Table(caption=caption, head=head, rows=rows, chance=0.5)


def _row(result: AttackResult) -> list[Cell]:
    advantage, bound = result.max_advantage, result.best_epsilon
    sizes = f"{result.n_members} members, {result.n_non_members} others"
    limit = f"chance < {advantage.null_limit:.3f}"
    return [
        Cell(text=result.attack, notes=[result.slice.in_words, sizes]),
        _interval(result.auc),
        _estimate(advantage.estimate, limit),
        _estimate(result.balanced_accuracy),
        *map(_tpr, result.tpr_at_fpr),
        Cell(
            text=f"{bound.estimate.low:.3f}",
            notes=[f"delta {bound.delta:g}", f"\u2264 {bound.attainable:.2f} provable"],
        ),
    ]


def _interval(estimate: Estimate) -> Cell:
    return Cell.interval(estimate.value, estimate.low, estimate.high)


def _estimate(estimate: Estimate, *notes: str) -> Cell:
    words = [between(estimate.low, estimate.high), *notes]
    text = f"{estimate.value:.3f}"
    return Cell(text=text, notes=words, tone="" if estimate.resolved else "muted")


def _tpr(found: TprAtFpr) -> Cell:
    point = found.point
    notes = [
        _in_percent(found.estimate),
        f"FPR {percent(round(point.fpr, 4))}: {point.n_false_positives} of {point.n_non_members}",
        f"score \u2265 {point.threshold:.4g}",
        *([] if found.estimate.resolved else ["not resolved"]),
    ]
    text = percent(round(found.estimate.value, 4))
    return Cell(text=text, notes=notes, tone="" if found.estimate.resolved else "muted")


def _in_percent(estimate: Estimate) -> str:
    return f"{percent(round(estimate.low, 4))} to {percent(round(estimate.high, 4))}"
