"""The page of a job: how far it is, and where its result will be."""

from __future__ import annotations

from markupsafe import Markup

from anomed_core.ledger import Job
from anomed_core.report import Notice, when
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.visit import Visit

LOOKS_AGAIN_S = 5
"""Seconds after which the page of a job that is not finished looks again."""


def job(visit: Visit, one: Job) -> Content:
    """Return how far a job is."""
    seconds = int((visit.server.ledger.now() - one.created_at).total_seconds())
    words = {"queued": "Waiting to be scored", "running": "Being scored"}
    if not one.is_finished:
        again = Markup('<p><a href="{}">Look again</a></p>').format(visit.at(f"/jobs/{one.id}"))
        return Content(
            title=f"{words.get(one.state, 'At work')} since {seconds} s",
            parts=[f"This page looks again every {LOOKS_AGAIN_S} s.", again],
        )
    ended = Markup("<p>It ended {}.</p>").format(when(one.updated_at))
    return Content(title=f"The job is {one.state}", parts=[*_result(visit, one), ended])


def _result(visit: Visit, one: Job) -> list[object]:
    if one.score_id is not None:
        address = visit.at(f"/scores/{visit.told(one.score_id)}")
        return [Markup('<p><a class="button main" href="{}">See the score</a></p>').format(address)]
    if one.state == "failed" and one.sentence:
        return [Notice(head="Not taken, and nothing was charged.", text=one.sentence, tone="bad")]
    if one.state == "failed":
        told = f"Try again; if it stays, send the organiser this id: {one.request_id}."
        return [Notice(head="Our fault, not yours: nothing was charged.", text=told, tone="bad")]
    result = Markup('<p><a href="{}">Its result</a></p>')
    return [result.format(visit.at(f"/jobs/{one.id}/result"))] if one.state == "done" else []
