"""Whether an attempt is spent on what counts once, or on nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from anomed_core.model import Split
from anomed_core.service.parameters import subject_of
from anomed_core.testing.answers import requests
from anomed_core.testing.checks.failure import NotApplicableError, fail_if_any
from anomed_core.testing.checks.needing import needs_submissions
from anomed_core.testing.checks.truth import numbers_in
from anomed_core.testing.checks.truths import filled
from anomed_core.testing.client import Answer, ChallengeClient
from anomed_core.testing.payloads import as_plain
from anomed_core.testing.plugin_under_test import PluginUnderTest
from anomed_core.testing.sealing import seal_for
from anomed_core.testing.trials import Trial, evaluate, payload_of, prepare_target

_METHODS = ("POST", "PUT", "PATCH", "DELETE", "GET")


@needs_submissions
def finals_scored_once(plugin_under_test: PluginUnderTest) -> None:
    """Score a final once, by whatever route it comes."""
    with plugin_under_test.served() as client:
        prepare_target(client)
        finals: dict[str, list[Trial]] = {}
        for trial in plugin_under_test.trials():
            if trial.split is Split.VALIDATION:
                finals.setdefault(trial.kind.name, []).append(trial)
        problems = [p for same_kind in finals.values() for p in _repetitions(client, same_kind)]
    fail_if_any(problems)


def nobody_attacked(plugin_under_test: PluginUnderTest) -> None:
    """Refuse attacks on an anonymizer who has handed in nothing, before an attempt is spent."""
    client = plugin_under_test.open()
    depending = [kind.name for kind in client.hosted.kinds if kind.with_target]
    depending += [path for path, one in client.hosted.products.items() if one.with_target]
    if not depending:
        raise NotApplicableError("nothing depends on what an anonymizer has handed in")
    problems = [
        problem
        for trial in plugin_under_test.trials()
        if trial.kind.with_target and "anonymizer" in trial.query
        for problem in _attack_on_nobody(client, trial)
    ]
    problems += _unattackable(client)
    fail_if_any(problems)


def _attack_on_nobody(client: ChallengeClient, trial: Trial) -> Iterator[str]:
    query = {**trial.query, "anonymizer": "nobody"}
    answer = client.request("POST", trial.kind.path, query=query, body=trial.body)
    if not 400 <= answer.status < 500:
        yield (
            f"{trial}: an attack on an anonymizer who has submitted nothing was answered with "
            f"{answer.status}: {answer.reason}"
        )
    subject = subject_of(trial.kind, query)
    if client.server.ledger.attempts(challenge=client.hosted.id, subject=subject):
        yield f"{trial}: an attempt was spent on an anonymizer who has submitted nothing"


def _unattackable(client: ChallengeClient) -> Iterator[str]:
    """Yield products that show what nobody submitted."""
    for product in client.hosted.products.values():
        if product.with_target:
            for query in requests(client, product):
                answer = client.get(product.path, **{**query, "anonymizer": "nobody"})
                if answer.status == 200:
                    yield f"GET {product.path}: shows what an anonymizer submitted who did not"


def _repetitions(client: ChallengeClient, finals: list[Trial]) -> Iterator[str]:
    first = finals[0]
    _submit(client, first)
    for again in finals:
        answer = _submit(client, again)
        if answer.status != 409:
            yield f"a second final of {again} was answered with {answer.status} instead of 409"
    for path in client.hosted.extra_routes:
        for method in _METHODS:
            told = _scored_again(client, finals, method, filled(path))
            if told:
                yield (
                    f"the extra route {method} {path} scores a final that has been scored before "
                    f"(it tells {told}): finals are scored once, so declare a submission kind "
                    "instead"
                )
    recorded = client.server.ledger.scores(challenge=client.hosted.id, kind=first.kind.name)
    subject = subject_of(first.kind, first.query)
    n_finals = sum(s.subject == subject and s.split is Split.VALIDATION for s in recorded)
    if n_finals > 1:
        yield f"{n_finals} finals of one subject are recorded for {first.kind.name}"


def _submit(client: ChallengeClient, trial: Trial) -> Answer:
    seal_for(client, client.hosted.kind(trial.kind.name).requires_sealed, trial.query)
    return client.request("POST", trial.kind.path, query=trial.query, body=trial.body)


def _scored_again(client: ChallengeClient, finals: list[Trial], method: str, path: str) -> str:
    """Return what a route tells about the score of the submission that it is sent."""
    for body_of in (lambda trial: trial.body, lambda trial: as_plain(payload_of(trial, client))):
        said = {
            trial: client.request(method, path, query=trial.query, body=body_of(trial))
            for trial in finals
        }
        texts = {answer.body for answer in said.values()}
        if len(texts) == 1 and len(finals) > 1:
            continue  # it says the same whatever is sent
        for trial, answer in said.items():
            if 200 <= answer.status < 300:
                told = _metric_in(answer, evaluate(client, trial))
                if told:
                    return told
    return ""


def _metric_in(answer: Answer, metrics: Mapping[str, float]) -> str:
    text = answer.body.decode(errors="replace")
    numbers = numbers_in(text)
    for name, value in metrics.items():
        if any(math.isclose(number, value, rel_tol=1e-4, abs_tol=1e-12) for number in numbers):
            return f"{name} = {value:g}"
    return ""
