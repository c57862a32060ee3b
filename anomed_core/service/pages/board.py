"""The attack board: whom one may attack, with what, and what one has done already."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import attrs
from markupsafe import Markup

from anomed_core.errors import NotAllowedError, NotAuthenticatedError
from anomed_core.ledger import Attempt, Choice
from anomed_core.model import DataProduct, Direction, Operation, Role, Score, Split, Subject
from anomed_core.report import Cell, Code, Notice, Section, Table, when
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.starting import reading_of
from anomed_core.service.pages.visit import Visit
from anomed_core.service.told_scores import told_to

_MOST_ATTEMPTS = 5000
_SPLITS = {Split.TUNING: "tuning", Split.VALIDATION: "final"}


@attrs.frozen(kw_only=True)
class Target:
    """Somebody who can be attacked.

    Attributes
    ----------
    name, shown
        The id, and under which name it is shown.
    splits
        For which splits it has submitted.
    is_own
        Whether it is the visitor's own, which it must not attack.
    n_tuning
        How many tuning attacks of the visitor are on it.
    final
        ``open``, ``claimed`` or ``scored``: the visitor's final attack on it.
    score_id
        Number of that final's score, as it is told; ``None`` without one.
    """

    name: str
    shown: str
    splits: tuple[str, ...]
    is_own: bool
    n_tuning: int
    final: str
    score_id: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return attrs.asdict(self) | {"splits": list(self.splits)}


def has_targets(visit: Visit) -> bool:
    """Return whether the challenge has anything to attack that the visitor is told of."""
    names = any(kind.names_target for kind in visit.hosted.kinds)
    return names and visit.may_see_targets()


def targets(visit: Visit) -> list[Target]:
    """Return who can be attacked: first whom the visitor has not attacked.

    Raises
    ------
    NotAuthenticatedError, NotAllowedError
        If the visitor is told of nobody.
    """
    server, hosted = visit.server, visit.hosted
    server.authorizer.may_see_targets(hosted, visit.identity)
    chosen = {kind.attacks for kind in hosted.kinds if kind.attacks}
    kinds = sorted({*hosted.attacked_kinds, *chosen})
    splits: dict[str, list[str]] = {}
    for name, split in server.ledger.submitters(challenge=hosted.id, kinds=kinds):
        splits.setdefault(name, []).append(split.value)
    with server.ledger.at_one_moment() as now:
        names = now.names(hosted.id)
    attempts = own_attacks(visit)
    by_target: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        by_target.setdefault(attempt.subject.anonymizer, []).append(attempt)
    told = [
        _target(visit, name, names.get(name, name), made, by_target.get(name, ()))
        for name, made in splits.items()
    ]
    return sorted(told, key=lambda one: (one.is_own, one.final != "open", one.n_tuning > 0))


def own_attacks(visit: Visit) -> list[Attempt]:
    """Return the attempts of the visitor as an attacker, oldest first."""
    return [
        attempt
        for grant in visit.players
        if grant.role is Role.DEANONYMIZER
        for attempt in visit.server.ledger.attempts(
            challenge=visit.hosted.id,
            subject=Subject(role=Role.DEANONYMIZER, deanonymizer=grant.holder),
            choice=Choice(every_pair=True, limit=_MOST_ATTEMPTS),
        )
    ]


def _target(
    visit: Visit, name: str, shown: str, splits: Sequence[str], attempts: Iterable[Attempt]
) -> Target:
    made = list(attempts)
    finals = [one for one in made if one.split is Split.VALIDATION]
    states = {one.state for one in finals}
    scored = next((one.score_id for one in finals if one.score_id is not None), None)
    return Target(
        name=name,
        shown=shown,
        splits=tuple(splits),
        is_own=visit.is_own(anonymizer=name),
        n_tuning=sum(one.split is Split.TUNING and one.state == "scored" for one in made),
        final="scored" if "scored" in states else "claimed" if "claimed" in states else "open",
        score_id=None if scored is None else visit.told(scored),
    )


def attack_board(visit: Visit) -> Content:
    """Return whom the visitor may attack, with what, and its own attacks.

    Raises
    ------
    NotAuthenticatedError, NotAllowedError
        If the visitor is told of nobody.
    """
    told = targets(visit)
    sought = visit.query.get("q", "").casefold()
    shown = [one for one in told if sought in one.shown.casefold() or sought in one.name.casefold()]
    if visit.query.get("show") == "open":
        shown = [one for one in shown if one.final == "open" and not one.is_own]
    worst = _worst_of_house(visit)
    rows = [_row(visit, one, worst.get(one.name)) for one in shown]
    head = ["anonymizer", "published", "your final attack", "your tuning attacks", "next"]
    if worst:
        head.insert(2, "worst of the house")
    rows = [row if worst else (*row[:2], *row[3:]) for row in rows]
    return Content(
        title="Attack board",
        lead=_lead(told),
        parts=[
            *_closing(visit),
            _filter(visit),
            Table(
                caption="Whom you did not attack comes first",
                head=head,
                rows=rows,
                empty="Nobody has published anything yet. Nothing is lost by waiting."
                if not told
                else "Nobody is called so.",
                folds=True,
            ),
            *_served(visit),
            Section(title="In Python", parts=[Code(_code(visit))]),
        ],
    )


def _lead(told: Sequence[Target]) -> str:
    n_mine = sum(not one.is_own for one in told)
    if not told:
        return "Nobody can be attacked yet."
    own = "" if n_mine == len(told) else f", {n_mine} of them by you: nobody attacks their own"
    verb = "anonymizer" if len(told) == 1 else "anonymizers"
    return f"{len(told):,} {verb} can be attacked{own}. One final attack on each."


def _closing(visit: Visit) -> list[object]:
    shown_from = visit.shown_from()
    if shown_from is None:
        return []
    text = Markup("{}; your own you see at once, unless finals are sealed.").format(
        when(shown_from)
    )
    return [Notice(head="Others' attacks open at the close,", text=text)]


def _filter(visit: Visit) -> Markup:
    options = (("", "all"), ("open", "those without my final attack"))
    chosen = visit.query.get("show", "")
    choices = Markup().join(
        Markup('<option value="{}"{}>{}</option>').format(
            value, Markup(" selected") if value == chosen else "", words
        )
        for value, words in options
    )
    return Markup(
        '<form class="filter" method="get"><label>Show <select name="show">{}</select></label>'
        '<label>Name <input name="q" value="{}"></label><button>Show</button></form>'
    ).format(choices, visit.query.get("q", ""))


def _row(visit: Visit, one: Target, worst: Cell | None) -> tuple[str | Cell, ...]:
    name: str = Markup("<bdi>{}</bdi>").format(one.shown)
    if one.is_own:
        name += Markup(' <span class="chip own">your team</span>')
    downloads = [
        Markup('<a href="{}">{}, {}</a>').format(
            _address(visit, product, one, split), _last(product), _SPLITS[Split(split)]
        )
        for product in _about_targets(visit)
        for split in one.splits
    ]
    published: str = (
        Markup(", ").join(downloads)
        if downloads and not one.is_own
        else ", ".join(_SPLITS[Split(split)] for split in one.splits)
    )
    if one.is_own:
        final, following = "nobody attacks their own", "\u2013"
    elif one.final == "open":
        final, following = "not sent", _send(visit, one)
    else:
        final = "sent" if one.final == "scored" else "being scored"
        following = "a final is sent once"
        if one.score_id is not None:
            href = visit.at(f"/scores/{one.score_id}")
            final = Markup('<a href="{}">sent</a>').format(href)
    return (name, published, worst or "not told", final, str(one.n_tuning), following)


def _send(visit: Visit, one: Target) -> str:
    return Markup('<a href="{}?anonymizer={}">Send an attack</a>').format(
        visit.at("/submit"), quote(one.name)
    )


def _about_targets(visit: Visit) -> list[DataProduct]:
    """Return what attackers are handed about one target."""
    return [
        product
        for product in visit.hosted.products.values()
        if Role.DEANONYMIZER in product.audience
        and any(parameter.name == "anonymizer" for parameter in product.parameters)
    ]


def _last(product: DataProduct) -> str:
    return product.path.rpartition("/")[2]


def _address(visit: Visit, product: DataProduct, one: Target, split: str) -> str:
    attacker = next((g.holder for g in visit.players if g.role is Role.DEANONYMIZER), "")
    named = {"anonymizer": one.name, "deanonymizer": attacker, "data_split": split}
    wanted = {parameter.name for parameter in product.parameters}
    query = {name: value for name, value in named.items() if name in wanted and value}
    return f"{visit.at(product.path)}?{urlencode(query)}"


def _served(visit: Visit) -> list[object]:
    """Return where attackers ask about a target: operations that are theirs alone."""
    asked = [
        one
        for one in visit.hosted.operations
        if Role.DEANONYMIZER in one.audience and one.with_target
    ]
    if not asked or not any(grant.role is Role.DEANONYMIZER for grant in visit.grants):
        return []
    rows = [(one.name, one.description, _asking(visit, one)) for one in asked]
    head = ("operation", "what", "address")
    table = Table(caption="What answers attackers", head=head, rows=rows, folds=True)
    return [Section(title="Served models", parts=[table])]


def _asking(visit: Visit, one: Operation) -> Markup:
    address = f"{visit.origin}{visit.at(one.path)}?anonymizer=TARGET"
    return Markup("<code>{} {}</code>").format(one.method, address)


def _worst_of_house(visit: Visit) -> Mapping[str, Cell]:
    """Return the house's worst result on each final, where rankings are shown to the visitor."""
    if not visit.may_rank():
        return {}
    metrics = {
        attack.name: next((m for m in attack.metrics if m.limits), None)
        for attack in visit.hosted.house_attacks
    }
    worst: dict[str, tuple[float, Cell]] = {}
    for score in _of_house(visit):
        metric = metrics.get(score.label)
        if metric is None or metric.limits is None:
            continue
        try:
            told = told_to(visit.server, visit.hosted, score, visit.identity).metrics
        except (NotAllowedError, NotAuthenticatedError):
            continue
        values = [told.get(name) for name in (metric.name, *metric.limits)]
        value, low, high = (*values,)
        if value is None or low is None or high is None:
            continue
        harm = low if metric.direction is Direction.HIGHER else -low
        before = worst.get(score.subject.anonymizer)
        if before is None or harm > before[0]:
            worst[score.subject.anonymizer] = harm, Cell.interval(value, low, high)
    return {name: cell for name, (_, cell) in worst.items()}


def _of_house(visit: Visit) -> list[Score]:
    names = {attack.name for attack in visit.hosted.house_attacks}
    kinds = {attack.kind for attack in visit.hosted.house_attacks}
    return [
        score
        for kind in kinds
        for score in visit.server.ledger.scores(
            challenge=visit.hosted.id, kind=kind, split=Split.VALIDATION
        )
        if score.label in names and not score.annulled
    ]


def _code(visit: Visit) -> str:
    product = next(iter(_about_targets(visit)), None)
    reading = "target.name"
    if product is not None:
        reading = f'attack.{reading_of(product)[:-1]}, split="tuning")'
    return (
        "for target in challenge.targets():\n"
        "    attack = challenge.attack(target.name)\n"
        f'    print(attack.submit(mine({reading}), split="tuning"))'
    )


def as_csv(told: Iterable[Target]) -> str:
    """Return the board as CSV, each target a line."""
    out = io.StringIO()
    fields = [field.name for field in attrs.fields(Target)]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(fields)
    for one in told:
        row = one.as_dict() | {"splits": " ".join(one.splits)}
        writer.writerow(["" if row[name] is None else row[name] for name in fields])
    return out.getvalue()
