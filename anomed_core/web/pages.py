"""Pages for people."""

from __future__ import annotations

from markupsafe import Markup

from anomed_core.report import Section, Table, page
from anomed_core.service import HostedChallenge
from anomed_core.version import __version__


def front_page(challenges: dict[str, HostedChallenge]) -> str:
    """Return the page of a server: its challenges, what they hand out and take."""
    return page(
        "Challenge server",
        [_challenge(base, hosted) for base, hosted in challenges.items()],
        lead="Challenge server is alive!",
        footer=f"anomed-core {__version__}",
    )


def _challenge(base: str, hosted: HostedChallenge) -> Section:
    challenge = hosted.challenge
    products = [
        (f"GET {base}{product.path}", product.description, ", ".join(sorted(product.audience)))
        for product in hosted.products.values()
    ]
    kinds = [
        (f"POST {base}{kind.address}", kind.description, kind.submitter) for kind in hosted.kinds
    ]
    metrics = [
        (
            f"{metric.name} (ranks)" if metric.primary else metric.name,
            metric.definition,
            f"{kind}, {metric.direction} is better",
        )
        for kind, declared in hosted.metrics.items()
        for metric in declared
    ]
    below = f"{base}/".lstrip("/")  # of this page, wherever a proxy shows it
    links = [Markup('<a href="{0}{1}">{1}</a>').format(below, name) for name in _DOCUMENTS]
    return Section(
        title=challenge.title,
        parts=[
            challenge.description,
            f"{challenge.id}, a {challenge.type} challenge.",
            Markup("<p>{}</p>").format(Markup(" ").join(links)),
            Table(caption="Data", head=("route", "what", "for"), rows=products, folds=True),
            Table(caption="Submissions", head=("route", "what", "by"), rows=kinds, folds=True),
            *([_operations(base, hosted)] if hosted.operations else []),
            Table(caption="Metrics", head=("name", "definition", "of"), rows=metrics, folds=True),
        ],
    )


def _operations(base: str, hosted: HostedChallenge) -> Table:
    rows = [
        (f"{one.method} {base}{one.path}", one.description, ", ".join(sorted(one.audience)))
        for one in hosted.operations
    ]
    return Table(caption="Operations", head=("route", "what", "for"), rows=rows, folds=True)


_DOCUMENTS = ("challenge.json", "openapi.json")
