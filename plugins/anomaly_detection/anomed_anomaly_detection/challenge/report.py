"""What reports show beside the ranking: who finds what, by which layer, and what success costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs
import numpy as np

from anomed_anomaly_detection.challenge.arena import Arena
from anomed_anomaly_detection.challenge.house import attack_name, entry_name, kept_entry
from anomed_anomaly_detection.challenge.house_tasks import HouseTask
from anomed_anomaly_detection.challenge.kinds import ATTACKS
from anomed_anomaly_detection.challenge.metrics import Flagged
from anomed_anomaly_detection.challenge.recipe import MODEL, POISON
from anomed_core import ReportSection, Score, Split, Submission
from anomed_core.report import (
    Cell,
    Chart,
    Folded,
    Standing,
    Table,
    histogram_chart,
    plain,
    roc_chart,
    utility_risk_chart,
)

SubmissionOf = Callable[[Score], Submission | None]
_N_CURVES = 8


@attrs.frozen(kw_only=True, eq=False)
class Seen:
    """A final of a detector on a task of the house.

    Attributes
    ----------
    name
        Who, or which detector of the house.
    is_house
        Whether the house entered it.
    metrics
        As recorded.
    flagged
        Scores with the truth; ``None`` if they are not kept.
    by_layer
        Of the house's detectors, scores by layer.
    auc_on_clean
        The same detector on a model without a backdoor; ``None`` for participants, whose detectors
        the server does not have.
    """

    name: str
    is_house: bool
    metrics: Mapping[str, float]
    flagged: Flagged | None = None
    by_layer: Mapping[str, np.ndarray] = attrs.field(factory=dict)
    auc_on_clean: float | None = None

    @property
    def label(self) -> str:
        """Return the name, and whose it is."""
        return f"{self.name} (house)" if self.is_house else self.name


def report_sections(
    arena: Arena, scores: Sequence[Score], submission_of: SubmissionOf
) -> list[ReportSection]:
    """Return a section for each task with finals, one over all tasks, and one on authors.

    Parameters
    ----------
    arena
        Knows the truth.
    scores
        Recorded scores, oldest first.
    submission_of
        Finds kept submissions.
    """
    finals = [score for score in scores if score.split is Split.VALIDATION and not score.annulled]
    by_task = {
        name: sorted(_seen(arena, task, finals, submission_of), key=lambda one: -one.metrics["auc"])
        for name, task in arena.tasks.items()
    }
    sections = [
        _task_section(arena, arena.tasks[name], entries)
        for name, entries in by_task.items()
        if entries
    ]
    if sum(bool(entries) for entries in by_task.values()) > 1:
        sections.append(_over_tasks(arena, by_task))
    authors = _authors_section(finals)
    return [*sections, authors] if authors is not None else sections


def _seen(
    arena: Arena, task: HouseTask, finals: Iterable[Score], submission_of: SubmissionOf
) -> Iterable[Seen]:
    flags = task.flags[Split.VALIDATION]
    detectors = {entry_name(task.name, name): name for name in arena.entered}
    for score in finals:
        if score.kind != task.name:
            continue
        if score.origin == "participant":
            submission = submission_of(score)
            given = None if submission is None else submission.payload["score"].astype(float)
            yield Seen(
                name=score.subject.deanonymizer,
                is_house=False,
                metrics=score.metrics,
                flagged=None if given is None else Flagged(flags=flags, scores=given),
            )
        elif score.label in detectors:
            name = detectors[score.label]
            entry = kept_entry(arena, task, arena.entered[name], Split.VALIDATION)
            yield Seen(
                name=name,
                is_house=True,
                metrics=score.metrics,
                flagged=None if entry is None else Flagged(flags=flags, scores=entry.scores),
                by_layer={} if entry is None else entry.by_layer,
                auc_on_clean=None
                if entry is None
                else Flagged(flags=flags, scores=entry.on_clean).auc.value,
            )


def _task_section(arena: Arena, task: HouseTask, entries: Sequence[Seen]) -> ReportSection:
    controls = task.controls
    told = (
        f"A look at the records alone scores an AUC of {plain(round(controls.records, 2))}, the "
        f"predictions alone {plain(round(controls.outputs, 2))}, the distance from the nearest "
        f"public record {plain(round(controls.lookup, 2))}."
    )
    parts: list[object] = [told, *(f"This task is labelled: {label}." for label in task.labels)]
    if not arena.config.match_outputs:
        parts.append(
            "Clean inputs are not drawn to be predicted as the anomalous ones are "
            "(match_outputs = false)."
        )
    parts += [_detectors_table(entries), *_curves(entries), *_layers(entries, task)]
    return ReportSection(
        title=f"Detectors on {task.title}",
        parts=parts,
        data={
            "task": task.name,
            "labels": list(task.labels),
            "controls": attrs.asdict(controls),
            "detectors": {
                one.label: dict(one.metrics) | {"auc_on_clean_model": one.auc_on_clean}
                for one in entries
            },
        },
    )


def _detectors_table(entries: Sequence[Seen]) -> Table:
    rows: list[list[str | Cell]] = []
    for one in entries:
        metrics, clean = one.metrics, one.auc_on_clean
        gain = "" if clean is None else f"{metrics['auc'] - clean:+.3f}"
        rows.append(
            [
                one.label,
                Cell.interval(metrics["auc"], metrics["auc_low"], metrics["auc_high"]),
                f"{metrics['tpr_at_fpr_0.01']:.3f}",
                "" if clean is None else f"{clean:.3f}",
                gain,
            ]
        )
    head = ["detector", "AUC", "flagged at 1% false alarms", "AUC on a clean model", "gain"]
    return Table(caption="Finals", head=head, rows=rows, chance=0.5)


def _curves(entries: Sequence[Seen]) -> list[Chart]:
    shown = [one for one in entries if one.flagged is not None][:_N_CURVES]
    if not shown:
        return []
    curves = {
        one.label: (one.flagged.curve.fpr, one.flagged.curve.tpr)
        for one in shown
        if one.flagged is not None
    }
    n_normal = next(one.flagged.curve.n_non_members for one in shown if one.flagged is not None)
    return [roc_chart(curves, n_non_members=n_normal, found="anomalous inputs")]


def _layers(entries: Sequence[Seen], task: HouseTask) -> list[Folded]:
    best = next((one for one in entries if one.by_layer), None)
    if best is None:
        return []
    flags = task.flags[Split.VALIDATION]
    charts = [
        histogram_chart(
            scores[flags],
            scores[~flags],
            measure=f"score of {best.name}",
            title=f"{best.name} at {layer}",
            names=("anomalous", "normal"),
        )
        for layer, scores in best.by_layer.items()
    ]
    return [Folded(summary=f"Scores of {best.name}, layer by layer", parts=charts)]


def _over_tasks(arena: Arena, by_task: Mapping[str, Sequence[Seen]]) -> ReportSection:
    """Return detectors by tasks, the best mean rank first; a task without a final counts last."""
    labels = sorted({one.label for entries in by_task.values() for one in entries})
    ranks = {
        label: [_rank(label, entries, n_detectors=len(labels)) for entries in by_task.values()]
        for label in labels
    }
    found = {(one.label, task): one for task, entries in by_task.items() for one in entries}
    order = sorted(labels, key=lambda label: float(np.mean(ranks[label])))
    rows: list[list[str | Cell]] = []
    for label in order:
        cells: list[str | Cell] = []
        for task in by_task:
            one = found.get((label, task))
            cells.append(
                ""
                if one is None
                else Cell.interval(
                    one.metrics["auc"], one.metrics["auc_low"], one.metrics["auc_high"]
                )
            )
        rows.append([label, f"{np.mean(ranks[label]):.2f}", *cells])
    titles = [arena.tasks[task].title for task in by_task]
    table = Table(
        caption="AUC by detector and task",
        head=["detector", "mean rank", *titles],
        rows=rows,
        chance=0.5,
    )
    data = {label: float(np.mean(ranks[label])) for label in order}
    return ReportSection(title="Detectors over all tasks", parts=[table], data={"mean_ranks": data})


def _rank(label: str, entries: Sequence[Seen], *, n_detectors: int) -> float:
    """Return the place among all finals of a task, ties sharing their mean."""
    own = [one.metrics["auc"] for one in entries if one.label == label]
    if not own:
        return float(n_detectors)
    better = sum(one.metrics["auc"] > own[0] for one in entries)
    same = sum(one.metrics["auc"] == own[0] for one in entries)
    return better + (same + 1) / 2


def _authors_section(finals: Sequence[Score]) -> ReportSection | None:
    """Return what becomes of authors: how well a backdoor works, and how well it is found."""
    authors = [s for s in finals if s.kind in {MODEL, POISON} and s.origin == "participant"]
    if not authors:
        return None
    standings, rows, data = [], [], {}
    for score in authors:
        attacks = _attacks_on(score, finals)
        worst = max(attacks, key=lambda one: one[1]["auc_low"], default=None)
        metrics = score.metrics
        name = f"{score.subject.anonymizer} ({score.kind})"
        if worst is not None:
            standings.append(
                Standing(
                    name=score.subject.anonymizer,
                    utility=metrics["backdoor_success"],
                    risk=worst[1]["auc"],
                    low=worst[1]["auc_low"],
                    high=worst[1]["auc_high"],
                    is_gated=not metrics["effective"],
                )
            )
        rows.append(
            [
                name,
                f"{metrics['backdoor_success']:.3f}",
                f"{metrics['clean_accuracy']:.3f}",
                f"{metrics['harmless']:.3f}",
                "yes" if metrics["effective"] else "no",
                "not attacked"
                if worst is None
                else Cell.interval(
                    worst[1]["auc"], worst[1]["auc_low"], worst[1]["auc_high"], f"by {worst[0]}"
                ),
                "" if worst is None or "gain" not in worst[1] else f"{worst[1]['gain']:+.3f}",
            ]
        )
        data[name] = {who: dict(told) for who, told in attacks}
    chart = utility_risk_chart(
        standings,
        utility="success",
        risk="AUC of the strongest detector",
        chance=0.5,
        title="Success against detectability",
    )
    head = ["author", "success", "accuracy", "harmless", "effective", "strongest detector", "gain"]
    table = Table(caption="Authors", head=head, rows=rows, chance=0.5)
    return ReportSection(title="Authors", parts=[chart, table], data={"authors": data})


def _attacks_on(score: Score, finals: Iterable[Score]) -> list[tuple[str, Mapping[str, float]]]:
    """Return who examined an author's final, and what came out."""
    form, anonymizer = score.kind, score.subject.anonymizer
    prefix = attack_name(form, "")
    return [
        (
            f"{other.label.removeprefix(prefix)} (house)"
            if other.origin == "house"
            else other.subject.deanonymizer,
            other.metrics,
        )
        for other in finals
        if other.subject.anonymizer == anonymizer
        and "auc_low" in other.metrics
        and (other.kind == ATTACKS[form] or other.label.startswith(prefix))
    ]
