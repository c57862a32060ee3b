"""Who stands where: utility against risk, with the gate and the Pareto front."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import attrs

from anomed_core import ReportSection, Score, Split, table_html
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.challenge.house import (
    AUDIT,
    CLAIM_PREFIX,
    DIAGNOSTICS_PREFIX,
    LINKAGE,
    PANEL,
    page_key,
)
from anomed_dataset_synthesis.challenge.kinds import SYNTHESIZER, TASKS

_HOUSE = "house"

FLAGS = {
    "copies_training_records": "holds training records",
    "copies_public_records": "real records from elsewhere",
}
"""What the result page says of the panel's flags."""


@attrs.frozen(kw_only=True)
class Standing:
    """Where one anonymizer stands.

    Attributes
    ----------
    anonymizer
        Its identifier.
    utility
        0..1, higher is better.
    passes_gate
        Whether the utility suffices to be ranked by risk.
    risk
        The largest of all attacks', 0..1, lower is better; None before any attack was run.
    worst_attack
        Whose that was.
    claim
        What is known of its claim of differential privacy.
    flags
        What the house saw that the risk alone does not say.
    on_front
        Whether nobody has both more utility and less risk.
    payload_digest
        Of the submission.
    """

    anonymizer: str
    utility: float
    passes_gate: bool
    risk: float | None
    worst_attack: str
    claim: str
    flags: tuple[str, ...] = ()
    on_front: bool = False
    payload_digest: str

    @property
    def counts(self) -> bool:
        """Return whether this is ranked by risk: it is useful, and it is synthetic."""
        return self.passes_gate and FLAGS["copies_public_records"] not in self.flags


def standings(scores: Sequence[Score]) -> list[Standing]:
    """Rank finals by risk, and equal risks by utility.

    The Pareto front is shown and not ranked by: a copy of the training records is always on it,
    and may not come before anybody who is private and merely less useful than somebody else. What
    misses the gate comes after all that passes it, and so do real records from elsewhere:
    they give no member away, and nobody has synthesised them.

    Parameters
    ----------
    scores
        All of a challenge, oldest first.

    Returns
    -------
    list of Standing
        One for each anonymizer with a final, the best first.
    """
    finals = {
        score.subject.anonymizer: score
        for score in scores
        if score.kind == SYNTHESIZER
        and score.split is Split.VALIDATION
        and score.origin == "participant"
    }
    found = [_standing(final, scores) for final in finals.values()]
    ranked = [one for one in found if one.counts]
    found = [
        attrs.evolve(one, on_front=one.counts and not _is_dominated(one, ranked)) for one in found
    ]
    return sorted(found, key=_place)


def _place(standing: Standing) -> tuple[bool, float, float]:
    return not standing.counts, *_both(standing)


def _is_dominated(one: Standing, others: Iterable[Standing]) -> bool:
    """Return whether somebody is at least as good in both respects and better in one."""
    mine = _both(one)
    return any(
        all(theirs <= ours for theirs, ours in zip(_both(other), mine, strict=True))
        and _both(other) != mine
        for other in others
    )


def _both(standing: Standing) -> tuple[float, float]:
    return (1.0 if standing.risk is None else standing.risk), -standing.utility


def _standing(final: Score, scores: Sequence[Score]) -> Standing:
    anonymizer = final.subject.anonymizer
    on_final = [
        score
        for score in scores
        if score.subject.anonymizer == anonymizer and score.split is Split.VALIDATION
    ]
    house = {
        score.label: score.metrics
        for score in on_final
        if score.origin == _HOUSE and score.payload_digest == final.payload_digest
    }
    risks = {f"house, {name}": house[name]["risk"] for name in (PANEL, LINKAGE) if name in house}
    for score in on_final:
        if score.kind in TASKS and score.origin == "participant":
            name = f"{score.subject.deanonymizer}, {score.kind}"
            risks[name] = score.metrics["risk"]
    worst = max(risks, key=lambda name: risks[name]) if risks else ""
    return Standing(
        anonymizer=anonymizer,
        utility=final.metrics["utility"],
        passes_gate=final.metrics["passes_gate"] == 1,
        risk=risks[worst] if risks else None,
        worst_attack=worst,
        claim=_claim(house, on_final),
        flags=tuple(
            text
            for name, text in FLAGS.items()
            if house.get(PANEL, {}).get(f"{DIAGNOSTICS_PREFIX}{name}") == 1
        ),
        payload_digest=final.payload_digest,
    )


def _claim(house: Mapping[str, Mapping[str, float]], on_final: Iterable[Score]) -> str:
    """Say what is known of a claim, once the house has tested it."""
    by_house = [
        {
            name.removeprefix(CLAIM_PREFIX): value
            for name, value in house.get(PANEL, {}).items()
            if name.startswith(CLAIM_PREFIX)
        },
        dict(house.get(AUDIT, {})),
    ]
    tests = [test for test in by_house if test]
    if not tests:
        return "none" if PANEL in house else "not looked at yet"
    others = [score.metrics for score in on_final if score.metrics.get("refutes_claim") == 1]
    lower = max(test["epsilon_lower"] for test in [*tests, *others])
    provable = max(test["epsilon_provable"] for test in tests)
    state = "audited" if AUDIT in house else "not refuted"
    if others or any(test["refuted"] for test in tests):
        state = "refuted"
    return (
        f"epsilon {tests[0]['epsilon']:g}, delta {tests[0]['delta']:g}: {state} "
        f"(proved {lower:.2f}; {provable:.2f} could have been)"
    )


def report_sections(arena: Arena, scores: Sequence[Score]) -> list[ReportSection]:
    """Return the sections of the result page."""
    ranked = standings(scores)
    headers = (
        "place",
        "anonymizer",
        "utility",
        "gate",
        "risk",
        "worst attack",
        "Pareto front",
        "claim",
        "flags",
    )
    rows = [
        (
            str(place),
            one.anonymizer,
            f"{one.utility:.3f}",
            "passed" if one.passes_gate else "missed",
            "not attacked yet" if one.risk is None else f"{one.risk:.3f}",
            one.worst_attack,
            "yes" if one.on_front else "no",
            one.claim,
            ", ".join(one.flags),
        )
        for place, one in enumerate(ranked, start=1)
    ]
    gate = arena.config.gate
    return [
        ReportSection(
            title="Utility against risk",
            html=f"<p>Utility is to reach {gate:g}; then the lowest risk wins.</p>"
            f"{table_html(headers, rows, empty='No final yet.')}",
            data={"standings": [attrs.asdict(one) for one in ranked]},
        ),
        *_pages(arena, ranked),
    ]


def _pages(arena: Arena, ranked: Iterable[Standing]) -> Iterable[ReportSection]:
    """Embed the page about each final that the house has attacked."""
    for one in ranked:
        page = arena.kept(page_key(arena, one.anonymizer, one.payload_digest))
        if page is not None:
            document = escape(page.decode(), quote=True)
            yield ReportSection(
                title=f"Submission of {one.anonymizer}",
                html=f'<iframe sandbox title="{escape(one.anonymizer, quote=True)}" '
                f'style="width:100%;height:60em;border:0" srcdoc="{document}"></iframe>',
                data={"payload_digest": one.payload_digest},
            )
