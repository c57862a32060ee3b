"""Audit results as a text table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anomed_supervised_mia.auditing.conclusions import conclude

if TYPE_CHECKING:
    from anomed_supervised_mia.auditing.results import AttackResult, AuditResults


def summarise(audited: AuditResults, *, n_rows: int) -> str:
    """Return the text of `AuditResults.summary`.

    Parameters
    ----------
    audited : AuditResults
    n_rows : int
        Show so many slices at most; the whole is shown always.

    Returns
    -------
    str
    """
    wholes = [result for result in audited if result.slice.partition == "whole"]
    parts = [result for result in audited if result.slice.partition != "whole"]
    worst = sorted(parts, key=lambda result: -result.auc.low)[:n_rows]
    lines = [_headline(audited), ""]
    lines += _table([_cells(result) for result in wholes + worst], heads=_heads(audited))
    if len(worst) < len(parts):
        lines.append(
            f"... and {len(parts) - len(worst)} more, with smaller lower limits of the AUC"
        )
    if audited.results:
        lines += ["", str(conclude(audited))]
    lines += ["", *_remarks(audited)]
    return "\n".join(lines)


def _headline(audited: AuditResults) -> str:
    metadata = audited.metadata
    facts = [f"Audit of {metadata.model}"]
    if metadata.epoch is not None:
        facts.append(f"epoch {metadata.epoch}")
    for name, accuracy in (("train", metadata.train_accuracy), ("test", metadata.test_accuracy)):
        if accuracy is not None:
            facts.append(f"{name} accuracy {accuracy:.3f}")
    facts.append(f"{audited.n_members} members, {audited.n_non_members} non-members")
    return ", ".join(facts)


def _heads(audited: AuditResults) -> list[str]:
    levels = [found.level for found in audited.results[0].tpr_at_fpr] if audited.results else []
    tpr = [f"TPR at {100 * level:g} % FPR" for level in levels]
    return ["attack", "slice", "AUC", "advantage (chance)", *tpr, "epsilon"]


def _cells(result: AttackResult) -> list[str]:
    advantage = result.max_advantage
    return [
        result.attack,
        str(result.slice),
        str(result.auc),
        f"{advantage.estimate.value:.3f} ({advantage.null_limit:.3f})",
        *(str(found.estimate) for found in result.tpr_at_fpr),
        str(result.best_epsilon.estimate),
    ]


def _table(rows: list[list[str]], *, heads: list[str]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    padded = [
        [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        for row in [heads, ["-" * width for width in widths], *rows]
    ]
    return ["  ".join(row).rstrip() for row in padded]


def _remarks(audited: AuditResults) -> list[str]:
    remarks = [
        f"Intervals and bounds hold with {100 * audited.confidence:.4g} % each.",
        "Values in parentheses are not resolved by so few records.",
    ]
    if audited.skipped:
        n_skipped = len(audited.skipped)
        remarks.append(f"{n_skipped} slices lack members or non-members and were not measured.")
    ceilings = audited.ceilings
    if ceilings is not None:
        metadata = audited.metadata
        remarks.append(
            f"The claimed epsilon {metadata.claimed_epsilon:g} (delta {metadata.claimed_delta:g}) "
            f"permits an AUC of {ceilings.auc:.3f} and an advantage of {ceilings.advantage:.3f}."
        )
    return remarks
