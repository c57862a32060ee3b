"""The page of a submission: its numbers, the attacks on it, the worst first, and its proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from anomed_core.errors import NotAllowedError, NotAuthenticatedError
from anomed_core.ledger import Link
from anomed_core.model import Direction, HouseAttack, Metric, Role, Score, Split, Take
from anomed_core.report import (
    Cell,
    Fact,
    Facts,
    Notice,
    Section,
    Table,
    Terms,
    day_of,
    moment,
    when,
)
from anomed_core.report.wording import between
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.visit import Visit
from anomed_core.service.ranking.versions import newest_versions
from anomed_core.service.told_scores import ToldScore, told_score, told_to

_SPLITS = {Split.TUNING: "tuning attempt", Split.VALIDATION: "final"}
_MOST_FACTS = 8


def score_page(visit: Visit, score_id: int) -> Content:
    """Return what the visitor is told about a score.

    Raises
    ------
    UnknownResourceError, NotAllowedError, NotAuthenticatedError
        See `told_score`.
    """
    told = told_score(visit.server, visit.hosted, score_id, visit.identity)
    score = told.score
    with visit.server.ledger.at_one_moment() as now:
        names, link = now.names(visit.hosted.id), now.link(score.id)
        later = now.successor(score.id)
    who = _who(score, names)
    attacks = _attacks(visit, score) if _can_be_attacked(visit, score) else []
    day = moment(score.recorded_at).partition(",")[0]
    parts: list[object] = [*_notices(visit, told, later), *_facts(visit, told)]
    if attacks:
        table = _table(visit, attacks, names)
        parts.append(Section(title="Attacks, the worst first", parts=[table]))
    if told.is_whole and link is not None:
        parts.append(Section(title="Provenance", parts=_provenance(visit, score, link)))
    kind = _house_name(visit, score) or f"{_SPLITS[score.split]} of {day}"
    return Content(
        title=f"{who}: {kind}",
        lead=_lead(visit, score),
        parts=parts,
        trail=[("Ranking", "/ranking")] if visit.may_rank() else [],
        here=f"{who}, {_SPLITS[score.split]}",
    )


def _provenance(visit: Visit, score: Score, link: Link) -> list[object]:
    terms = [
        ("Recorded", when(score.recorded_at)),
        *([("Entry", str(score.id))] if visit.is_organiser or visit.is_open else []),
        ("What was sent", _digest(score.payload_digest)),
        ("Entry's hash", _digest(link.hash)),
        ("Hash of the entry before", _digest(link.previous_hash)),
        ("Challenge", _digest(score.fingerprint)),
        ("Scored by", f"anomed-core {link.core_version}, {link.plugin} {link.plugin_version}"),
    ]
    proof = (
        "Each entry of the ledger holds the hash of the one before it, so that none is changed "
        "without being seen."
    )
    return [Terms(terms), proof]


def _who(score: Score, names: Mapping[str, str]) -> str:
    ids = [score.subject.deanonymizer, score.subject.anonymizer]
    shown = [names.get(one, one) for one in ids if one]
    return " on ".join(shown)


def _house_name(visit: Visit, score: Score) -> str:
    if not score.label:
        return ""
    attacks = {attack.name for attack in visit.hosted.house_attacks}
    return f"the house's attack {score.label}" if score.label in attacks else "entry of the house"


def _lead(visit: Visit, score: Score) -> str:
    attack = _house_attack(visit, score)
    if attack is not None:
        return attack.description
    kinds = {kind.name: kind.description for kind in visit.hosted.kinds}
    return kinds.get(score.kind, "")


def _house_attack(visit: Visit, score: Score) -> HouseAttack | None:
    return next((one for one in visit.hosted.house_attacks if one.name == score.label), None)


def _notices(visit: Visit, told: ToldScore, later: Score | None) -> list[Notice]:
    score, notices = told.score, []
    if told.opens_at is not None:
        sent = Markup(
            "sent {}, digest {}. Its scores are sealed until {}. Keep this line: it proves what "
            "you sent."
        )
        digest = _digest(score.payload_digest)
        text = sent.format(when(score.recorded_at), digest, when(told.opens_at))
        notices.append(Notice(head="Receipt.", text=text, tone="good"))
    annulled = score.annulled or (later.annulled if later is not None else "")
    if later is not None and not annulled:
        href = visit.at(f"/scores/{visit.told(later.id)}")
        link = Markup('<a href="{}">These are the numbers of before.</a>').format(href)
        notices.append(Notice(head="Re-evaluated.", text=link, tone="warn"))
    if annulled:
        said = f"\u201c{annulled}\u201d It keeps its entry in the ledger and has no place."
        notices.append(Notice(head="Annulled by the organiser.", text=said, tone="bad"))
    if not annulled and visit.may_rank() and _is_unattacked(visit, told):
        notices.append(Notice(head="Not attacked yet.", text="A place needs an attack."))
    return notices


def _is_unattacked(visit: Visit, told: ToldScore) -> bool:
    score = told.score
    needs = any(
        reading.take is Take.WORST
        for resolved in visit.hosted.rankings
        if resolved.ranking.kind == score.kind
        for reading in resolved.criteria
    )
    counts = score.split is Split.VALIDATION and not score.label
    return needs and counts and not _about(visit, score)


def _facts(visit: Visit, told: ToldScore) -> list[object]:
    declared = _declared(visit, told.score)
    limits = {name for metric in declared.values() for name in metric.limits or ()}
    facts = [
        Fact(name=name, value=_number(value), notes=_notes(declared.get(name), told))
        for name, value in told.metrics.items()
        if name not in limits
    ]
    if not facts:
        return []
    if len(facts) <= _MOST_FACTS:
        return [Facts(facts)]
    rows = [(fact.name, fact.value, "; ".join(fact.notes)) for fact in facts[_MOST_FACTS:]]
    rest = Table(caption="All other numbers", head=("metric", "value", "what"), rows=rows)
    return [Facts(facts[:_MOST_FACTS]), rest]


def _notes(metric: Metric | None, told: ToldScore) -> list[str]:
    """Return what is to be said about a number: its interval, which way is better, chance."""
    if metric is None:
        return []
    low, high = (told.metrics.get(name) for name in metric.limits or ("", ""))
    return [
        *([between(low, high)] if low is not None and high is not None else []),
        f"{metric.direction.value} is better",
        *([f"chance {metric.chance:g}"] if metric.chance is not None else []),
    ]


def _declared(visit: Visit, score: Score) -> dict[str, Metric]:
    attack = _house_attack(visit, score)
    metrics: Iterable[Metric] = (
        attack.metrics if attack is not None else visit.hosted.metrics.get(score.kind, ())
    )
    return {metric.name: metric for metric in metrics}


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:,.0f}"


def _can_be_attacked(visit: Visit, score: Score) -> bool:
    is_entry = not score.label or _house_attack(visit, score) is None
    return score.subject.role is Role.ANONYMIZER and is_entry and bool(score.subject.anonymizer)


def _about(visit: Visit, score: Score) -> list[Score]:
    """Return the newest versions of the attacks on a submission, of the house's and others'."""
    names = {attack.name for attack in visit.hosted.house_attacks if attack.kind == score.kind}
    about = visit.server.ledger.scores(
        challenge=visit.hosted.id, anonymizer=score.subject.anonymizer, split=score.split
    )
    return [
        one
        for one in newest_versions(about)
        if not one.annulled
        and (one.label in names or one.subject.role is Role.DEANONYMIZER)
        and one.kind in visit.hosted.metrics
    ]


def _attacks(visit: Visit, score: Score) -> list[ToldScore]:
    """Return the attacks on a submission of which the visitor is told something."""
    told = []
    for attack in _about(visit, score):
        try:
            told.append(told_to(visit.server, visit.hosted, attack, visit.identity))
        except (NotAllowedError, NotAuthenticatedError):
            continue
    return [one for one in told if one.metrics]


def _table(visit: Visit, attacks: Sequence[ToldScore], names: Mapping[str, str]) -> Table:
    year = visit.server.ledger.now().year
    rows = []
    ranked = sorted(attacks, key=lambda one: -_harm(visit, one))
    for told in ranked:
        score = told.score
        href = visit.at(f"/scores/{visit.told(score.id)}")
        name = score.label or names.get(score.subject.deanonymizer, score.subject.deanonymizer)
        chip = Markup(' <span class="chip house">the house</span>') if score.label else ""
        own = visit.is_own(deanonymizer=score.subject.deanonymizer) and not score.label
        mark = Markup(' <span class="chip own">your team</span>') if own else ""
        rows.append(
            (
                Markup('<a href="{}"><bdi>{}</bdi></a>{}{}').format(href, name, chip, mark),
                _harm_cell(visit, told),
                day_of(score.recorded_at, year=year),
            )
        )
    metric = next((m.name for one in ranked if (m := _harmful(visit, one))), "value")
    return Table(
        caption=f"{len(rows)} attack{'s' if len(rows) != 1 else ''}",
        head=("attack", metric, "sent, UTC"),
        rows=rows,
        folds=True,
    )


def _harmful(visit: Visit, told: ToldScore) -> Metric | None:
    """Return the metric that says how much an attack has learnt: with limits, or the primary."""
    declared = [m for m in _declared(visit, told.score).values() if m.name in told.metrics]
    chosen = sorted(declared, key=lambda m: (m.limits is None, not m.primary))
    return next(iter(chosen), None)


def _harm(visit: Visit, told: ToldScore) -> float:
    metric = _harmful(visit, told)
    if metric is None:
        return 0.0
    lower = metric.limits[0] if metric.limits else metric.name
    value = told.metrics.get(lower, told.metrics[metric.name])
    return value if metric.direction is Direction.HIGHER else -value


def _harm_cell(visit: Visit, told: ToldScore) -> Cell | str:
    metric = _harmful(visit, told)
    if metric is None:
        return ""
    value = told.metrics[metric.name]
    if metric.limits and all(name in told.metrics for name in metric.limits):
        low, high = (told.metrics[name] for name in metric.limits)
        return Cell.interval(value, low, high)
    return _number(value)


def _digest(text: str) -> Markup:
    return Markup("<code>{}</code>").format(text)
