"""Whether submissions are scored as declared, and refused where they must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from anomed_core.errors import RequestError
from anomed_core.model import Quality, ReportSection
from anomed_core.plugins import attack_metrics
from anomed_core.report import rendered
from anomed_core.service.report import REPORT, sections_of
from anomed_core.state.payloads import Body
from anomed_core.testing.checks.failure import ConformanceError, fail_if_any
from anomed_core.testing.client import ChallengeClient, described
from anomed_core.testing.hostile import hostile_uploads
from anomed_core.testing.payloads import constants, digest
from anomed_core.testing.plugin_under_test import PluginUnderTest
from anomed_core.testing.trials import (
    Trial,
    baselines,
    evaluate,
    kind_label,
    payload_of,
    prepare_target,
    submission_of,
)


def baselines_hold(plugin_under_test: PluginUnderTest) -> None:
    """Offer baselines: perfect scores at least as well as trivial, invalid is refused."""
    client, findings = plugin_under_test.rehearsed()
    fail_if_any([*_missing(client), *(one.text for one in findings if not one.ok)])


def _missing(client: ChallengeClient) -> Iterator[str]:
    offered = [(baseline.kind, baseline.quality) for baseline in baselines(client)]
    for kind in client.hosted.kinds:
        for quality in (Quality.PERFECT, Quality.TRIVIAL):
            if (kind.name, quality) not in offered:
                yield (
                    f"the {kind_label(client.hosted, kind)} has no {quality} baseline; declare it "
                    f"with the kind, {quality}=..., or offer it in anomed_baselines, since most "
                    "checks submit it"
                )


def constant_input_scored(plugin_under_test: PluginUnderTest) -> None:
    """Return exactly the declared metrics, finite and in bounds, on constant input, too."""
    client = plugin_under_test.open()
    problems = []
    tried = set()
    for trial in plugin_under_test.trials():
        payload = payload_of(trial, client)
        problems += _unscored(f"{trial}, as it is", partial(plugin_under_test.observed, trial))
        tried.add((trial.kind.name, trial.split, digest(payload)))
        for label, variant in constants(payload, trial.kind.schema_for(trial.split)):
            identity = (trial.kind.name, trial.split, digest(variant))
            if identity not in tried:
                tried.add(identity)
                problems += _unscored(
                    f"{trial}, constant input ({label})", partial(evaluate, client, trial, variant)
                )
    fail_if_any(problems)


def _unscored(label: str, evaluation: Callable[[], object]) -> list[str]:
    try:
        evaluation()
    except RequestError:
        return []  # refused before an attempt is spent, as is the plugin's right
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything; that is a finding
        return [f"{label}: {described(error)}"]
    return []


def hostile_uploads_survived(plugin_under_test: PluginUnderTest) -> None:
    """Survive every hostile upload: refuse it or score it, and answer on."""
    with plugin_under_test.served() as client:
        prepare_target(client)
        valid = {(trial.kind.name, trial.split): trial for trial in plugin_under_test.trials()}
        uploads = (
            (trial, label, body)
            for trial in valid.values()
            for label, body in hostile_uploads(trial.kind.schema_for(trial.split), trial.body)
        )
        problems = [
            problem
            for number, (trial, label, body) in enumerate(uploads)
            if (problem := _harm(client, trial, label, body, number))
        ]
        for trial in valid.values():
            evaluate(client, trial)
    fail_if_any(problems)


def _harm(client: ChallengeClient, trial: Trial, label: str, body: Body, number: int) -> str:
    own = {trial.kind.submitter.value: f"hostile-{number}"}  # each one may submit a final
    query = {name: own.get(name, value) for name, value in trial.query.items()}
    answer = client.request("POST", trial.kind.path, query=query, body=body)
    if answer.status == 201 or 400 <= answer.status < 500:
        return ""
    return (
        f"{trial.kind.name} ({trial.split}): {label} was answered with {answer.status}: "
        f"{answer.reason}; refuse it in anomed_validate_submission or narrow the schema"
    )


def house_attacks_run(plugin_under_test: PluginUnderTest) -> None:
    """Run house attacks on valid baselines with the declared metrics, and the same values again."""
    client = plugin_under_test.open()
    problems = []
    for trial in plugin_under_test.trials():
        for attack in client.hosted.house_attacks:
            if attack.kind == trial.kind.name and trial.split in trial.kind.keeps:
                problems += _attack_problems(client, trial, attack.name)
    fail_if_any(problems)


def _attack_problems(client: ChallengeClient, trial: Trial, name: str) -> list[str]:
    attack = next(a for a in client.hosted.house_attacks if a.name == name)
    submission = submission_of(client, trial)
    results = []
    for _ in range(2):
        rng = client.hosted.challenge.lottery.generator("house attack", name, submission.digest)
        try:
            results.append(attack_metrics(attack.run(submission, rng), attack))
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; that is a finding
            return [f"house attack {name!r} on {trial}: {described(error)}"]
    if results[0] != results[1]:
        return [f"house attack {name!r} on {trial} is not deterministic; draw from its rng"]
    return []


def reports_made(plugin_under_test: PluginUnderTest) -> None:
    """Make report sections without and with scores, and without scripts."""
    with plugin_under_test.served() as client:
        list(_sections(client))
    played, _ = plugin_under_test.rehearsed()
    for section in _sections(played):
        html = f"{section.html}{rendered(section.parts)}".lower()
        if "<script" in html or "javascript:" in html:
            raise ConformanceError(f"the report section {section.title!r} holds a script")


def _sections(client: ChallengeClient) -> Iterator[ReportSection]:
    hosted = client.hosted
    scores = client.server.ledger.scores(challenge=hosted.id)
    for report in hosted.registry.implementations(REPORT, hosted.challenge.type):
        yield from sections_of(hosted, report, scores, client.server.submissions.kept)
