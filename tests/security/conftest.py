"""Served challenges of every type, with everybody's tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import falcon.inspect
import httpx
import pytest
import structlog
from falcon.testing import Result, TestClient

from anomed_core import Role, ServerSettings, Split, Subject
from anomed_core.engine.inline import InlineEngine
from anomed_core.ledger import NewJob
from anomed_core.plugins import build_registry
from anomed_core.service.decoding import Body
from anomed_core.service.evaluation import Evaluation
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from anomed_core.service.specs import demo_table
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.loading import load_plugin
from anomed_core.testing.plugin_under_test import SECRET, challenge_spec
from anomed_core.testing.trials import trials
from anomed_core.web import create_web_app
from anomed_core.web.app import mounted_challenges
from tests.security.callers import NAMED, Caller, tokens_for
from tests.security.rule import JOBS, Question, missing, questions
from tests.security.ward import Ward

REGISTER = "simulated:hospital-register?n={}&seed=1"

TYPES: dict[str, tuple[Any, Mapping[str, Any] | None]] = {
    "ward": (Ward(), {}),
    "supervised-mia": (
        "supervised-mia",
        {"data": {"source": "sklearn:iris"}, "mia_evaluation_dataset_length": 5},
    ),
    "dataset-anonymization": (
        "dataset-anonymization",
        {"data": {"source": REGISTER.format(1500)}, "n_targets": 100, "n_queries": 30},
    ),
    "dataset-synthesis": (
        "dataset-synthesis",
        {"data": {"source": REGISTER.format(4000)}, "secrets": ["diagnosis"], "targets": 100},
    ),
    "anomaly-detection": ("anomaly-detection", None),
}
HERE, ELSEWHERE = "here", "elsewhere"


@attrs.frozen(kw_only=True)
class World:
    """A server with everybody who may ask it something.

    Attributes
    ----------
    server, client
        The server.
    auth
        ``open`` or ``tokens``.
    tokens
        By the name of whoever holds them.
    bodies
        A valid submission for each submission kind.
    """

    server: Server
    client: TestClient
    auth: str
    tokens: Mapping[str, str]
    bodies: Mapping[str, Body]

    @property
    def scores(self) -> dict[Role, int]:
        """Told numbers of a tuning score of each role; rankings show parts of finals."""
        found = self.server.ledger.scores(challenge=HERE, split=Split.TUNING)
        return {score.subject.role: self.server.numbers.told(score.id) for score in found}

    def questions(self) -> list[Question]:
        """Return all that can be asked about the challenge that the tokens are for."""
        mounts = {
            base: hosted
            for base, hosted in mounted_challenges(self.server).items()
            if hosted.id == HERE
        }
        routes = falcon.inspect.inspect_routes(self.client.app)
        served = {
            route.path: {method.method for method in route.methods if not method.internal}
            for route in routes
            if not route.path.startswith(f"/challenges/{ELSEWHERE}")
        }
        asked = questions(mounts, served, self.scores)
        return asked + [question for base in mounts for question in missing(base)]

    def ask(self, method: str, question: Question, caller: Caller) -> int:
        """Ask, and return the status of the answer."""
        content: bytes = b""
        headers: dict[str, str] = {}
        if question.kind is not None and method == "POST":
            content, headers = _encoded(self.bodies[question.kind.name])
        if caller.name in self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens[caller.name]}"
        path, _, query = question.target.partition("?")
        answer: Result = self.client.simulate_request(
            method, path, query_string=query, body=content, headers=headers
        )
        if answer.status_code >= 400:
            assert answer.headers["X-Request-Id"]
        return answer.status_code


def _encoded(body: Body) -> tuple[bytes, dict[str, str]]:
    if isinstance(body, bytes):
        return body, {"Content-Type": "application/octet-stream"}
    form = httpx.Request("POST", "http://form", files={k: (None, v) for k, v in body.items()})
    return form.read(), {"Content-Type": form.headers["Content-Type"]}


@contextmanager
def opened(
    name: str, state: Path, *, auth: str = "open", neighbour: bool = False
) -> Iterator[Server]:
    """Open a server of one challenge, or of two of the same type."""
    plugin, config = TYPES[name]
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # thousands of refusals
    registry = build_registry()
    challenge_type = load_plugin(registry, plugin)
    if config is None:
        assert challenge_type is not None
        config = demo_table(challenge_type).options
    specs = [
        challenge_spec(registry, challenge_type, {"id": id_, **config})
        for id_ in ((HERE, ELSEWHERE) if neighbour else (HERE,))
    ]
    server = open_server(
        specs,
        registry=registry,
        settings=ServerSettings(state=state, auth=auth),
        environment={"ANOMED_SECRET": SECRET},
    )
    try:
        yield server
    finally:
        server.close()
        structlog.reset_defaults()


def submit_validly(server: Server) -> dict[str, Body]:
    """Let the named participants be scored once, and return a body that each kind takes."""
    client = ChallengeClient(server, HERE)
    bodies: dict[str, Body] = {}
    for trial in trials(client):
        is_final = trial.split is Split.VALIDATION
        if trial.kind.name in bodies or (is_final and Split.TUNING in trial.kind.splits):
            continue
        bodies[trial.kind.name] = trial.body
        if not is_final:
            answer = client.request("POST", trial.kind.path, query=trial.query, body=trial.body)
            assert answer.status == 201, answer.reason
    return bodies


def cancel_jobs(server: Server) -> None:
    """Let each named participant have had a job."""
    for role, identifier in JOBS.items():
        job = NewJob(
            id=identifier,
            what="submission",
            challenge=HERE,
            kind=role.value,
            subject=Subject(role=role, **{role.value: NAMED[role]}),
            holder=NAMED[role],
        )
        server.jobs.book.add(job)
        accepted = server.jobs.book.get(identifier)
        assert accepted is not None
        server.jobs.cancel(accepted)


@contextmanager
def evaluated_once() -> Iterator[None]:
    """Evaluate equal submissions once: who may hand them in does not depend on their scores."""
    known: dict[tuple[Any, ...], Any] = {}
    evaluate = InlineEngine.run

    def remember(engine: InlineEngine, job: Any, **options: Any) -> Any:
        if not hasattr(job, "submission"):
            return evaluate(engine, job, **options)
        attacked = job.target and job.target.submission if isinstance(job, Evaluation) else None
        about = ((one.kind, one.split, one.digest) for one in (job.submission, attacked) if one)
        key = (type(job), job.challenge, *about)
        if key not in known:
            known[key] = evaluate(engine, job)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(InlineEngine, "run", remember)
        yield


@contextmanager
def populated(name: str, state: Path, *, auth: str) -> Iterator[World]:
    """Open a server in which both sides have been scored."""
    neighbour = name == "ward"  # it costs nothing to open another one
    with opened(name, state, neighbour=neighbour) as server:
        bodies = submit_validly(server)
        cancel_jobs(server)
    with evaluated_once(), opened(name, state, auth=auth, neighbour=neighbour) as server:
        yield World(
            server=server,
            client=TestClient(create_web_app(server, access_log=False)),
            auth=auth,
            tokens=tokens_for(server.tokens, HERE, elsewhere=ELSEWHERE),
            bodies=bodies,
        )


@pytest.fixture(scope="module", params=TYPES)
def guarded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Serve a challenge to holders of tokens."""
    with populated(request.param, tmp_path_factory.mktemp("state"), auth="tokens") as world:
        yield world


@pytest.fixture(scope="module", params=TYPES)
def unguarded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Serve a challenge to everybody."""
    with populated(request.param, tmp_path_factory.mktemp("state"), auth="open") as world:
        yield world
