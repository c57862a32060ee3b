"""What the challenge type and extensions find in all scores, as the written report says it."""

from __future__ import annotations

from anomed_core.service.pages.content import Content
from anomed_core.service.pages.visit import Visit
from anomed_core.service.report import added_sections, page_parts


def findings(visit: Visit) -> Content:
    """Return what plugins add to the report of a challenge, for its organisers.

    It is made of all scores and of what was submitted, sealed ones included, by code that may take
    its time: so a thread makes it, once for each position of the ledger.

    Raises
    ------
    NotAllowedError, NotAuthenticatedError
        If the visitor is no organiser.
    """
    server, hosted = visit.server, visit.hosted
    server.authorizer.organiser(hosted, visit.identity, "see findings")
    moment = server.rankings.moment(hosted)
    made = server.kept_pages.later(
        ("findings", hosted.id, moment),
        lambda: tuple(page_parts(added_sections(hosted, server.submissions.kept))),
    )
    parts: tuple[object, ...] = ("They are being made. Load the page again in a moment.",)
    if made is not None:
        parts = server.figures.drawn(made, "finding") or ("Nothing was found yet.",)
    return Content(
        title="Findings",
        lead="What the challenge type finds in all scores; the written report says the same.",
        parts=parts,
        position=server.numbers.tag(f"findings {moment} {made is None}")[:16],
    )
