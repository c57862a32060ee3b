"""What reports show beside the ranking: claims, flags, and a page about each final."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from anomed_core import ReportSection, Score, Split
from anomed_core.report import Table, parts_from_json
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.challenge.house import (
    AUDIT,
    CLAIM_PREFIX,
    DIAGNOSTICS_PREFIX,
    PANEL,
    page_key,
)
from anomed_dataset_synthesis.challenge.kinds import SYNTHESIZER

FLAGS = {
    "copies_training_records": "holds training records",
    "copies_public_records": "real records from elsewhere",
}
"""What is said of the panel's flags."""


@attrs.frozen(kw_only=True)
class Finding:
    """What is known of a final beside its place.

    Attributes
    ----------
    anonymizer
        Whose it is.
    claim
        What became of its claim of differential privacy.
    flags
        What the house saw that the risk alone does not say.
    payload_digest
        Of the submission.
    """

    anonymizer: str
    claim: str
    flags: tuple[str, ...]
    payload_digest: str


def report_sections(arena: Arena, scores: Sequence[Score]) -> list[ReportSection]:
    """Return a table of claims and flags, and the pages about finals that the house attacked.

    Parameters
    ----------
    arena
        Keeps the pages.
    scores
        All of a challenge, oldest first.

    Returns
    -------
    list of ReportSection
        The table first.
    """
    copied = _copies(arena, scores)
    found = [_with_origin(one, copied) for one in findings(scores)]
    rows = [(one.anonymizer, one.claim, ", ".join(one.flags)) for one in found]
    head = ("anonymizer", "claim", "flags")
    table = ReportSection(
        title="Claims and flags",
        parts=[Table(head=head, rows=rows, empty="No final yet.", folds=True)],
        data={"findings": [attrs.asdict(one) for one in found]},
    )
    return [table, *_pages(arena, found)]


def _with_origin(found: Finding, copied: Mapping[str, str]) -> Finding:
    if found.anonymizer not in copied:
        return found
    origin = f"same table as that of {copied[found.anonymizer]}, which came earlier"
    return attrs.evolve(found, flags=(*found.flags, origin))


def _copies(arena: Arena, scores: Sequence[Score]) -> dict[str, str]:
    """Return whose final holds the records of whose earlier one, in whatever file and order."""
    first: dict[bytes, str] = {}
    copied = {}
    for final in filter(_is_final, scores):
        table, own = arena.kept_table(final.payload_digest), final.subject.anonymizer
        if table is not None:
            earlier = first.setdefault(hashlib.sha256(table).digest(), own)
            if earlier != own:
                copied[own] = earlier
    return copied


def _is_final(score: Score) -> bool:
    return (
        score.kind == SYNTHESIZER
        and score.split is Split.VALIDATION
        and score.origin == "participant"
    )


def findings(scores: Sequence[Score]) -> list[Finding]:
    """Look up what the house and attackers found out about each final.

    Parameters
    ----------
    scores
        All of a challenge, oldest first.

    Returns
    -------
    list of Finding
        One for each anonymizer with a final, by its identifier.
    """
    finals = {score.subject.anonymizer: score for score in scores if _is_final(score)}
    return [_finding(finals[anonymizer], scores) for anonymizer in sorted(finals)]


def _finding(final: Score, scores: Iterable[Score]) -> Finding:
    on_final = [
        score
        for score in scores
        if score.subject.anonymizer == final.subject.anonymizer and score.split is Split.VALIDATION
    ]
    house = {
        score.label: score.metrics
        for score in on_final
        if score.origin == "house" and score.payload_digest == final.payload_digest
    }
    flags = [
        text
        for name, text in FLAGS.items()
        if house.get(PANEL, {}).get(f"{DIAGNOSTICS_PREFIX}{name}") == 1
    ]
    return Finding(
        anonymizer=final.subject.anonymizer,
        claim=_claim(house, on_final),
        flags=tuple(flags),
        payload_digest=final.payload_digest,
    )


def _claim(house: Mapping[str, Mapping[str, float]], on_final: Iterable[Score]) -> str:
    """Say what is known of a claim, once the house has tested it."""
    by_panel = {
        name.removeprefix(CLAIM_PREFIX): value
        for name, value in house.get(PANEL, {}).items()
        if name.startswith(CLAIM_PREFIX)
    }
    tests = [test for test in (by_panel, house.get(AUDIT, {})) if test]
    if not tests:
        return "none" if PANEL in house else "not looked at yet"
    refuted = [score.metrics for score in on_final if score.metrics.get("refutes_claim") == 1]
    lower = max(test["epsilon_lower"] for test in [*tests, *refuted])
    provable = max(test["epsilon_provable"] for test in tests)
    state = "audited" if AUDIT in house else "not refuted"
    if refuted or any(test["refuted"] for test in tests):
        state = "refuted"
    return (
        f"epsilon {tests[0]['epsilon']:g}, delta {tests[0]['delta']:g}: {state} "
        f"(proved {lower:.2f}; {provable:.2f} could have been)"
    )


def _pages(arena: Arena, found: Iterable[Finding]) -> Iterator[ReportSection]:
    """Show what is known of each final that the house has attacked."""
    for one in found:
        kept = arena.kept(page_key(arena, one.anonymizer, one.payload_digest))
        if kept is not None:
            yield ReportSection(
                title=f"Submission of {one.anonymizer}",
                parts=parts_from_json(kept.decode()),
                data={"payload_digest": one.payload_digest},
            )
