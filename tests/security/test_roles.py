"""Who gets what: every route, every method and every role, asked of the app itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import falcon
import pytest

from anomed_core import Role, hookimpl
from tests.security.callers import (
    ANONYMIZER_HERE,
    CALLERS,
    DEANONYMIZER_HERE,
    OUTSIDER,
    REVOKED,
    Caller,
)
from tests.security.conftest import HERE, TYPES, World, populated
from tests.security.rule import CREATED, FORBIDDEN, JOBS, METHODS, OK, UNKNOWN, UnansweredRouteError
from tests.security.ward import Ward

TABLES = Path(__file__).parent / "tables"
BASE, OF_THE_SERVER = f"/challenges/{HERE}", {"/", "/challenges", "/livez", "/readyz", "/metrics"}
ALREADY_SCORED, ACCEPTED = 409, 202

TRAINING = {
    "ward": "/data/anonymizer/training",
    "supervised-mia": "/data/anonymizer/training",
    "dataset-anonymization": "/data/anonymizer/leaky",
    "dataset-synthesis": "/data/anonymizer/training",
    "anomaly-detection": "/data/anonymizer/training",
}


def type_of(world: World) -> str:
    return world.server.challenges[HERE].challenge.type


def deviations(world: World, callers: Iterable[Caller]) -> Iterator[str]:
    """Ask everything in everybody's name, and yield what is not as the rule says."""
    scored: set[str] = set()
    for question in world.questions():
        for caller in callers:
            for method in METHODS:
                expected = question.expected(method, caller, world.auth)
                status = world.ask(method, question, caller)
                if expected == CREATED and question.kind is not None:
                    if question.kind.name in scored and status == ALREADY_SCORED:
                        continue  # finals are scored once, whichever route they come by
                    scored.add(question.kind.name)
                    if question.kind.long and status == ACCEPTED:
                        continue  # what takes long is answered by a job
                if status != expected:
                    yield f"{caller.name}: {method} {question.target}: {status}, not {expected}"


def test_with_tokens_everybody_gets_what_the_rule_says(guarded: World) -> None:
    assert list(deviations(guarded, CALLERS)) == []


def test_in_open_mode_everybody_gets_everything(unguarded: World) -> None:
    assert list(deviations(unguarded, [OUTSIDER, REVOKED])) == []


def test_the_rule_tells_roles_apart(guarded: World) -> None:
    """A rule that says the same of everybody would find no fault with anything."""
    told = {
        (method, question.expected(method, caller, "tokens"))
        for question in guarded.questions()
        for caller in CALLERS
        for method in METHODS
    }

    assert {("GET", status) for status in (OK, UNKNOWN, FORBIDDEN)} <= told
    assert {("HEAD", status) for status in (OK, UNKNOWN, FORBIDDEN)} <= told
    assert {("POST", status) for status in (CREATED, UNKNOWN, FORBIDDEN)} <= told


def test_a_deanonymizer_reads_neither_training_data_nor_scores_of_others(guarded: World) -> None:
    asked = {question.route: question for question in guarded.questions()}
    training = asked["/challenges/here" + TRAINING[type_of(guarded)]]
    scores = [
        q for q in guarded.questions() if f"/scores/{guarded.scores[Role.ANONYMIZER]}" in q.target
    ]

    for question in (training, *scores):
        for method in ("GET", "HEAD"):
            assert guarded.ask(method, question, ANONYMIZER_HERE) == OK
            assert guarded.ask(method, question, DEANONYMIZER_HERE) == FORBIDDEN


# --- the tables -----------------------------------------------------------------------------------


def table_of(world: World) -> str:
    """Return who is answered what, as text: one line a request, one column a caller."""
    rows = [["", *(caller.name for caller in CALLERS)]]
    numbers = {str(number): role.value for role, number in world.scores.items()}
    numbers |= {number: role.value for role, number in JOBS.items()}
    for question in world.questions():
        place, _, last = question.target.rpartition("/")
        target = f"{place}/{numbers.get(last, last)}".replace("=test-", "=")
        for method in question.methods:
            if method != "HEAD" and (target in OF_THE_SERVER or target.startswith(BASE)):
                statuses = [question.expected(method, caller, "tokens") for caller in CALLERS]
                rows.append([f"{method} {target.removeprefix(BASE) or '(itself)'}"])
                rows[-1] += map(str, statuses)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(lines) + "\n"


def test_the_table_is_the_one_that_was_agreed(guarded: World) -> None:
    """So that whoever changes who gets what must show it; ANOMED_RENEW_TABLES=1 writes it anew."""
    file = TABLES / f"{type_of(guarded)}.txt"
    if os.environ.get("ANOMED_RENEW_TABLES"):
        file.write_text(table_of(guarded), encoding="utf-8")

    assert file.read_text(encoding="utf-8") == table_of(guarded)


def test_every_installed_type_has_a_table() -> None:
    from anomed_core.plugins import build_registry

    installed = {info.slug for info in build_registry().installed if info.is_challenge_type}

    # Of dp-query, most routes are those of Lomas, which its own tests ask in several names.
    assert installed - {"dp-query"} <= set(TYPES)


# --- routes of which the rule knows nothing -------------------------------------------------------


class Back:
    """A door that nobody guards."""

    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"the ground truth": "is this"}


class BackDoor(Ward):
    @hookimpl
    def anomed_extra_routes(self) -> dict[str, Back]:
        return {"/back": Back()}


def test_a_route_that_a_plugin_adds_needs_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TYPES, "ward", (BackDoor(), {}))
    with (
        populated("ward", tmp_path, auth="tokens") as world,
        pytest.raises(UnansweredRouteError, match="/back is served for"),
    ):
        world.questions()


class SideDoor(Ward):
    """Hides a method behind a route that is known."""

    @hookimpl
    def anomed_extra_routes(self) -> dict[str, Back]:
        return {"/data/anonymizer/training/{part}": Back()}


def test_a_route_below_a_known_one_needs_an_answer_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TYPES, "ward", (SideDoor(), {}))
    with (
        populated("ward", tmp_path, auth="tokens") as world,
        pytest.raises(UnansweredRouteError, match=r"training/\{part\} is served for"),
    ):
        world.questions()
