"""The first page of a challenge: what it asks, when, of whom, and how to begin."""

from __future__ import annotations

from markupsafe import Markup

from anomed_core.model import Metric, Role
from anomed_core.report import Columns, Fact, Facts, Section, Table, markdown
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.ranking import best_so_far
from anomed_core.service.pages.starting import starting
from anomed_core.service.pages.team import left_to
from anomed_core.service.pages.timeline import now_open, timeline
from anomed_core.service.pages.visit import Visit
from anomed_core.service.pages.winning import how_places_are_given


def overview(visit: Visit) -> Content:
    """Return what a challenge is about, for whoever asks."""
    challenge = visit.hosted.challenge
    dates = timeline(visit)
    left: list[object] = [*_story(visit), Section(title="Who gets what", parts=[_products(visit)])]
    right: list[object] = [
        *([Section(title="When", parts=[dates])] if dates is not None else []),
        Section(title="Who wins", parts=how_places_are_given(visit), anchor="who-wins"),
    ]
    return Content(
        title=challenge.title,
        lead=challenge.description,
        parts=[
            _facts(visit),
            Columns([left, right]),
            Section(title="What is taken", parts=[_kinds(visit), *_operations(visit)]),
            Section(title="Send your first one", parts=starting(visit), anchor="start"),
            Section(title="Metrics", parts=[_metrics(visit)], anchor="metrics"),
            *_rules(visit),
            _documents(visit),
        ],
    )


def _story(visit: Visit) -> list[object]:
    """Return what the organiser tells about the challenge."""
    pages = visit.hosted.pages
    parts: list[object] = []
    if pages.image:
        image = Markup('<img class="story" src="{}?{}" alt="{}">')
        parts.append(image.format(visit.at("/pages/image"), pages.digest[:8], pages.image_alt))
    if pages.story:
        parts.append(markdown(pages.story))
    return [Section(title="The question", parts=parts)] if parts else []


def _rules(visit: Visit) -> list[object]:
    rules = visit.hosted.pages.rules
    return [Section(title="Rules", parts=[markdown(rules)], anchor="rules")] if rules else []


def _facts(visit: Visit) -> Facts:
    stage = now_open(visit)
    facts = [Fact(name="Now open", value=stage.name, notes=[stage.until] if stage.until else [])]
    best = best_so_far(visit)
    if best is not None:
        facts.append(Fact(name="Ranked", value=f"{best.n_ranked:,}", notes=[best.of]))
    facts += left_to(visit)
    if best is not None and best.name:
        by = Markup('by <a href="{}"><bdi>{}</bdi></a>').format(visit.at("/ranking"), best.name)
        facts.append(Fact(name="Best so far", value=best.value, notes=[by]))
    return Facts(facts)


def roles_in_words(audience: frozenset[Role]) -> str:
    """Return for whom something is.

    Examples
    --------
    >>> roles_in_words(frozenset({Role.DEANONYMIZER, Role.ANONYMIZER}))
    'anonymizers and deanonymizers'
    >>> roles_in_words(frozenset({Role.PUBLIC}))
    'everybody'
    """
    if Role.PUBLIC in audience:
        return "everybody"
    return " and ".join(f"{role.value}s" for role in sorted(audience)) or "nobody"


def _products(visit: Visit) -> Table:
    rows = []
    for product in visit.hosted.products.values():
        name: str = product.path.rpartition("/")[2]
        if product.static:
            name = Markup('<a href="{}">{}</a>').format(visit.at(product.path), name)
        rows.append((name, roles_in_words(product.audience), product.description))
    return Table(
        caption="Data that the server hands out",
        head=("data", "for", "what"),
        rows=rows,
        empty="The server hands out nothing.",
        folds=True,
    )


def _kinds(visit: Visit) -> Table:
    rows = [
        (
            kind.name,
            f"{kind.submitter.value}s",
            kind.description,
            Markup("<code>POST {}</code>").format(visit.at(kind.address)),
        )
        for kind in visit.hosted.kinds
    ]
    return Table(
        caption="Submissions", head=("kind", "by", "what", "address"), rows=rows, folds=True
    )


def _operations(visit: Visit) -> list[Table]:
    rows = [
        (
            one.name,
            roles_in_words(one.audience),
            one.description,
            Markup("<code>{} {}</code>").format(one.method, visit.at(one.path)),
        )
        for one in visit.hosted.operations
    ]
    head = ("operation", "for", "what", "address")
    return [Table(caption="Operations", head=head, rows=rows, folds=True)] if rows else []


def _metrics(visit: Visit) -> Table:
    rows = [
        (
            f"{metric.name} (ranks)" if metric.primary else metric.name,
            kind,
            metric.direction.value,
            _range(metric),
            "\u2013" if metric.chance is None else f"{metric.chance:g}",
            metric.definition,
        )
        for kind, declared in visit.hosted.metrics.items()
        for metric in declared
    ]
    return Table(
        caption="Every number that a score holds",
        head=("name", "of", "better", "range", "chance", "definition"),
        rows=rows,
        folds=True,
    )


def _range(metric: Metric) -> str:
    low, high = (f"{bound:g}".replace("inf", "∞") for bound in metric.bounds)
    return f"{low} to {high}".replace("-", "\u2212")


def _documents(visit: Visit) -> Markup:
    names = ("challenge.json", "openapi.json")
    links = [Markup('<a href="{}">{}</a>').format(visit.at(f"/{one}"), one) for one in names]
    return Markup("<p>For programs: {}.</p>").format(Markup(" and ").join(links))
