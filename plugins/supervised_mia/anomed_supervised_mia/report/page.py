"""The report: one HTML page that needs nothing else, and the same results as JSON."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from anomed_supervised_mia.auditing.conclusions import Conclusion, conclude
from anomed_supervised_mia.auditing.results import AttackResult, AuditResults
from anomed_supervised_mia.report._chart import percent
from anomed_supervised_mia.report._markup import Markup, element
from anomed_supervised_mia.report._tables import in_percent, in_words, results_table, skipped_list
from anomed_supervised_mia.report.figures import (
    Participant,
    epochs_figure,
    privacy_utility_figure,
    roc_figure,
    slices_figure,
)

#: More slices are folded away.
N_OPEN_ROWS = 12

METHODS = {
    "AUC": """The probability that a random member scores higher than a random non-member; 0.5 is
        chance. Its interval follows DeLong et al. (1988), with Clopper-Pearson limits.""",
    "Advantage": """The largest difference between the true- and the false-positive rate over all
        thresholds. It is above 0 even at chance, hence the limit beside it.""",
    "TPR at an FPR": """The share of members found when at most that share of non-members is falsely
        accused (Carlini et al. 2022). The interval accounts for the choice of the threshold. Where
        there are too few non-members to measure so low a rate, the value is in italics.""",
    "Epsilon": """The model is not (epsilon, delta)-differentially private for any smaller epsilon.
        The bound pays for every threshold tried. Beside it stands what a perfect attack would have
        proved with as many records.""",
    "Many rows": """Each interval in a table holds on its own: of a hundred at 95 %, about five may
        miss the truth. The conclusions above the figures hold for all attacks together.""",
}


def render_report(
    audits: Sequence[AuditResults],
    *,
    participants: Sequence[Participant] = (),
    title: str = "Privacy report",
) -> str:
    """Return a report on one or several audits as a self-contained HTML page.

    Parameters
    ----------
    audits : sequence of AuditResults
        Of different models, or of one model at several epochs.
    participants : sequence of Participant, default=()
        What to draw as privacy against utility. If empty: the audits whose test accuracy is known.
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
    style_sheet = files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style_sheet.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(style_sheet)),
    )
    body = element(
        "body",
        element("main", element("h1", title), *_sections(audits, participants), _methods()),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def render_fragment(
    audits: Sequence[AuditResults], *, participants: Sequence[Participant] = ()
) -> str:
    """Return the body of a report with its style sheet, to be put into another page.

    Parameters
    ----------
    audits, participants
        As for `render_report`.

    Returns
    -------
    str
        HTML without scripts.
    """
    style_sheet = files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    style = element("style", Markup(style_sheet))
    return f"{style}{''.join(map(str, _sections(audits, participants)))}{_methods()}"


def write_report(
    audits: AuditResults | Sequence[AuditResults],
    folder: str | Path,
    *,
    participants: Sequence[Participant] = (),
    title: str = "Privacy report",
) -> Path:
    """Write a report as ``index.html``, and the results as ``results.json`` beside it.

    Parameters
    ----------
    audits : AuditResults or sequence of AuditResults
        Of different models, or of one model at several epochs.
    folder : str or Path
        Created if need be; files of these names are replaced.
    participants : sequence of Participant, default=()
        What to draw as privacy against utility. If empty: the audits whose test accuracy is known.
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
    page = render_report(several, participants=participants, title=title)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    plain = [audited.to_dict() for audited in several]
    (target / "results.json").write_text(json.dumps(plain, allow_nan=False), encoding="utf-8")
    path = target / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def _sections(audits: Sequence[AuditResults], participants: Sequence[Participant]) -> list[Markup]:
    overview = []
    if len({audited.metadata.epoch for audited in audits if audited.results} - {None}) > 1:
        overview.append(epochs_figure(audits))
    points = list(participants) or _placed(audits)
    if len(points) > 1 or participants:
        overview.append(privacy_utility_figure(points))
    sections = [element("section", *overview, class_="figures")] if overview else []
    return sections + [_audit_section(audited) for audited in audits]


def _placed(audits: Sequence[AuditResults]) -> list[Participant]:
    """Return the audits that have a utility, by model and epoch."""
    placed = []
    models = [audited.metadata.model for audited in audits]
    for audited in sorted(
        audits, key=lambda a: (models.index(a.metadata.model), a.metadata.epoch or 0)
    ):
        metadata = audited.metadata
        if audited.results and metadata.test_accuracy is not None:
            alone = metadata.epoch is None
            participant = Participant(
                name=metadata.model if alone else f"epoch {metadata.epoch}",
                utility=metadata.test_accuracy,
                leak=audited.strongest().auc,
                group="" if alone else metadata.model,
            )
            placed.append(participant)
    return placed


def _name(audited: AuditResults) -> str:
    metadata = audited.metadata
    return metadata.model if metadata.epoch is None else f"{metadata.model}, epoch {metadata.epoch}"


def _audit_section(audited: AuditResults) -> Markup:
    parts: list[Markup | None] = [element("h2", _name(audited)), _facts(audited)]
    if not audited.results:
        parts += [element("p", "Nothing could be measured."), skipped_list(audited)]
        return element("section", *parts)
    strongest = audited.strongest()
    whole = [result for result in audited if result.slice == strongest.slice]
    whole.sort(key=lambda result: -result.auc.low)
    slices = [result for result in audited if result.slice != strongest.slice]
    metadata = audited.metadata
    parts += [
        _cards(audited, strongest),
        element("div", *_figures(audited, whole=whole, slices=slices), class_="figures"),
        results_table(whole, caption=f"Attacks on {strongest.slice}"),
        _slices(slices),
        skipped_list(audited),
        element("p", metadata.notes) if metadata.notes else None,
    ]
    return element("section", *parts)


def _figures(
    audited: AuditResults, *, whole: Sequence[AttackResult], slices: Sequence[AttackResult]
) -> list[Markup]:
    metadata = audited.metadata
    figures = [
        roc_figure(
            whole, claimed_epsilon=metadata.claimed_epsilon, claimed_delta=metadata.claimed_delta
        )
    ]
    parts = [result for result in slices if result.attack == whole[0].attack]
    return [*figures, slices_figure(parts)] if parts else figures


def _slices(slices: list[AttackResult]) -> Markup | None:
    if not slices:
        return None
    slices = sorted(slices, key=lambda result: -result.auc.low)
    table = results_table(slices, caption="By slice, the largest lower limit of the AUC first")
    if len(slices) <= N_OPEN_ROWS:
        return table
    return element("details", element("summary", f"All {len(slices)} results by slice"), table)


def _facts(audited: AuditResults) -> Markup:
    metadata = audited.metadata
    facts: list[tuple[str, str]] = [
        ("members", str(audited.n_members)),
        ("non-members", str(audited.n_non_members)),
        ("confidence", f"{100 * audited.confidence:.4g} %"),
    ]
    if metadata.train_accuracy is not None:
        facts.append(("training accuracy", f"{metadata.train_accuracy:.3f}"))
    if metadata.test_accuracy is not None:
        facts.append(("test accuracy", f"{metadata.test_accuracy:.3f}"))
    if metadata.claimed_epsilon is not None:
        claim = f"{metadata.claimed_epsilon:g} (delta {metadata.claimed_delta:g})"
        facts.append(("claimed epsilon", claim))
    return element(
        "dl",
        *(element("div", element("dt", name), element("dd", value)) for name, value in facts),
        class_="facts",
    )


def _cards(audited: AuditResults, strongest: AttackResult) -> Markup:
    conclusion = conclude(audited)
    cards = [_auc_card(conclusion)]
    if strongest.tpr_at_fpr:
        resolved = [found for found in strongest.tpr_at_fpr if found.estimate.resolved]
        found = (resolved or strongest.tpr_at_fpr)[0]
        head = f"Members found at {percent(found.level)} false alarms"
        interval = element("dd", in_percent(found.estimate))
        cards.append(_card(head, percent(round(found.estimate.value, 4)), interval))
    cards.append(_epsilon_card(conclusion))
    return element("div", *cards, class_="cards")


def _auc_card(conclusion: Conclusion) -> Markup:
    leaks = conclusion.leaks
    verdict = "tells members from non-members" if leaks else "not proved better than guessing"
    return _card(
        f"Strongest of {conclusion.n_attacks}: {conclusion.attack}",
        f"AUC {conclusion.auc.value:.3f}",
        element("dd", in_words(conclusion.auc)),
        element("dd", verdict, class_="bad" if leaks else "good"),
    )


def _epsilon_card(conclusion: Conclusion) -> Markup:
    bound = conclusion.epsilon
    words = f"delta {bound.delta:g}; {bound.attainable:.2f} would be provable"
    verdict = None
    if conclusion.claimed_epsilon is not None:
        refuted = conclusion.refutes_claim
        says = "refutes" if refuted else "does not refute"
        verdict = element(
            "dd",
            f"{says} the claimed {conclusion.claimed_epsilon:g}",
            class_="bad" if refuted else "good",
        )
    value = f"{bound.estimate.low:.3f}"
    return _card("Epsilon is at least", value, element("dd", words), verdict)


def _card(name: str, value: str, *details: Markup | None) -> Markup:
    return element(
        "dl", element("dt", name), element("dd", value, class_="value"), *details, class_="card"
    )


def _methods() -> Markup:
    entries = [element("p", element("strong", f"{name}: "), text) for name, text in METHODS.items()]
    return element("section", element("h2", "How to read this"), *entries)
