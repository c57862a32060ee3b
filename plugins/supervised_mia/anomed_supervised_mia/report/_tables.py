"""The tables of a report: every number with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from anomed_supervised_mia.auditing.results import AttackResult, AuditResults
from anomed_supervised_mia.metrics import EpsilonBound, Estimate, TprAtFpr
from anomed_supervised_mia.report._chart import percent
from anomed_supervised_mia.report._markup import Markup, element
from anomed_supervised_mia.report._scales import padded
from anomed_supervised_mia.report.figures import interval_bar


def results_table(results: Sequence[AttackResult], *, caption: str) -> Markup:
    """Return a table with a row for each attack and slice.

    Parameters
    ----------
    results : sequence of AttackResult
        At least one, all measured at the same levels.
    caption : str

    Returns
    -------
    Markup
    """
    levels = [found.level for found in results[0].tpr_at_fpr]
    limits = [limit for result in results for limit in (result.auc.low, result.auc.high)]
    span = padded([*limits, 0.5])
    heads = [
        "Attack, slice",
        f"AUC, drawn from {span[0]:.2f} to {span[1]:.2f}",
        "Advantage",
        "Best balanced accuracy",
        *(f"TPR at {percent(level)} FPR" for level in levels),
        "Epsilon at least",
    ]
    table = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *(element("th", head, scope="col") for head in heads))),
        element("tbody", *(_row(result, span=span) for result in results)),
    )
    return element("div", table, class_="scroll", role="region", aria_label=caption, tabindex="0")


def skipped_list(audited: AuditResults) -> Markup | None:
    """Return which slices were not measured and why; None if all were.

    Parameters
    ----------
    audited : AuditResults

    Returns
    -------
    Markup or None
    """
    if not audited.skipped:
        return None
    reasons = ", ".join(f"{skipped.slice} ({skipped.reason})" for skipped in audited.skipped)
    return element("p", f"Not measured: {reasons}.", class_="soft")


def _row(result: AttackResult, *, span: tuple[float, float]) -> Markup:
    advantage = result.max_advantage
    return element(
        "tr",
        element(
            "th",
            result.attack,
            element("small", str(result.slice)),
            element("small", f"{result.n_members} members, {result.n_non_members} others"),
            scope="row",
        ),
        _cell(
            f"{result.auc.value:.3f}",
            in_words(result.auc),
            drawing=interval_bar(result.auc, low=span[0], high=span[1], chance=0.5),
            resolved=result.auc.resolved,
        ),
        _estimate(advantage.estimate, f"chance < {advantage.null_limit:.3f}"),
        _estimate(result.balanced_accuracy),
        *(_tpr(found) for found in result.tpr_at_fpr),
        _epsilon(result.best_epsilon),
    )


def _cell(main: str, *details: str, drawing: Markup | None = None, resolved: bool = True) -> Markup:
    small = [element("small", detail) for detail in details]
    return element("td", main, *small, drawing, class_=None if resolved else "unresolved")


def _estimate(estimate: Estimate, *details: str) -> Markup:
    return _cell(f"{estimate.value:.3f}", in_words(estimate), *details, resolved=estimate.resolved)


def _tpr(found: TprAtFpr) -> Markup:
    point = found.point
    n_wrong = f"{point.n_false_positives} of {point.n_non_members}"
    realised = f"FPR {percent(round(point.fpr, 4))}: {n_wrong}"
    unresolved = [] if found.estimate.resolved else ["not resolved"]
    return _cell(
        percent(round(found.estimate.value, 4)),
        in_percent(found.estimate),
        realised,
        f"score \u2265 {point.threshold:.4g}",
        *unresolved,
        resolved=found.estimate.resolved,
    )


def _epsilon(bound: EpsilonBound) -> Markup:
    return _cell(
        f"{bound.estimate.low:.3f}",
        f"delta {bound.delta:g}",
        f"\u2264 {bound.attainable:.2f} provable",
    )


def in_words(estimate: Estimate) -> str:
    """Return the limits of an estimate in words.

    Parameters
    ----------
    estimate : Estimate

    Returns
    -------
    str
    """
    return f"{estimate.low:.3f} to {estimate.high:.3f}"


def in_percent(estimate: Estimate) -> str:
    """Return the limits of a rate in percent.

    Parameters
    ----------
    estimate : Estimate

    Returns
    -------
    str
    """
    return f"{percent(round(estimate.low, 4))} to {percent(round(estimate.high, 4))}"
