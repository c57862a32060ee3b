"""Whether submissions are scored as declared, and refused where they must be."""

from __future__ import annotations

from collections.abc import Iterator

from anomed_core.model import Quality, ReportSection
from anomed_core.plugins import attack_metrics
from anomed_core.report import rendered
from anomed_core.service.report import REPORT, sections_of
from anomed_core.state.payloads import Body
from anomed_core.testing.checks.failure import ConformanceError, NotApplicableError, fail_if_any
from anomed_core.testing.checks.needing import needs_submissions
from anomed_core.testing.client import ChallengeClient, described
from anomed_core.testing.hostile import hostile_uploads
from anomed_core.testing.plugin_under_test import PluginUnderTest
from anomed_core.testing.rehearsal import favours_truth
from anomed_core.testing.trials import (
    Trial,
    baselines,
    evaluate,
    kind_label,
    prepare_target,
    publish_for_attacks,
    submission_of,
)


def baselines_hold(plugin_under_test: PluginUnderTest) -> str:
    """Offer baselines: perfect beats trivial, in no metric the other way round; invalid is refused.

    What ranks is compared, and what compares with the truth. What a hook computes besides may be
    best for submissions that know nothing, so its direction is not checked.
    """
    client, findings = plugin_under_test.rehearsed()
    fail_if_any([*_missing(client), *(one.text for one in findings if not one.ok)])
    declared = [metric for metrics in client.hosted.metrics.values() for metric in metrics]
    n_compared = sum(map(favours_truth, declared))
    n_others = len(declared) - n_compared
    others = f"; the direction of {n_others} that a hook gives is not checked" if n_others else ""
    return f"{n_compared} metrics{others}"


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


@needs_submissions
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
    if not client.hosted.house_attacks:
        raise NotApplicableError("no house attack is declared")
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
    publish_for_attacks(played)
    sections = list(_sections(played))
    if not sections:
        raise NotApplicableError("no section is added to the report")
    for section in sections:
        html = f"{section.html}{rendered(section.parts)}".lower()
        if "<script" in html or "javascript:" in html:
            raise ConformanceError(f"the report section {section.title!r} holds a script")


def _sections(client: ChallengeClient) -> Iterator[ReportSection]:
    hosted = client.hosted
    scores = client.server.ledger.scores(challenge=hosted.id)
    for report in hosted.registry.implementations(REPORT, hosted.challenge.type):
        yield from sections_of(hosted, report, scores, client.server.submissions.kept)
