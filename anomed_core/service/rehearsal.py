"""Rehearse a challenge: score its baselines as a participant would, on a throw-away ledger."""

from __future__ import annotations

from typing import Any

import attrs

from anomed_core.errors import AnomedError, RequestError
from anomed_core.model import (
    Baseline,
    DataRequest,
    Direction,
    Quality,
    Role,
    Split,
    SubmissionKind,
)
from anomed_core.plugins import one_line
from anomed_core.service.baselines import offered_baselines
from anomed_core.service.encoding import encode_body
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.server import Server


@attrs.frozen(kw_only=True)
class Finding:
    """Something that a rehearsal found.

    Attributes
    ----------
    challenge
        Identifier of the challenge.
    ok
        Whether it is as declared.
    text
        One sentence.
    """

    challenge: str
    ok: bool
    text: str

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return attrs.asdict(self)


def rehearse(hosted: HostedChallenge, server: Server) -> list[Finding]:
    """Score all baselines of a challenge on tuning data and compare them.

    Parameters
    ----------
    hosted
        The challenge.
    server
        A server with a throw-away state: the scores are recorded there.

    Returns
    -------
    list of Finding
        One for each baseline, and one for each pair of a perfect and a trivial one.
    """
    offered = offered_baselines(hosted)
    findings: list[Finding] = []
    primary: dict[str, dict[Quality, list[float]]] = {}
    kinds = {kind.name: kind for kind in hosted.kinds}
    published = ""  # the anonymizer that attacks are rehearsed on
    for number, baseline in enumerate(offered, start=1):
        kind = kinds.get(baseline.kind)
        if kind is None:
            label = f"baseline {baseline.name!r} is of the kind {baseline.kind!r}"
            text = f"{label}, which is not declared"
            findings.append(Finding(challenge=hosted.id, ok=False, text=text))
            continue
        subject = f"rehearsal-{number}"
        finding, value = _score(
            hosted, server, kind, baseline, subject=subject, attacked=published or subject
        )
        findings.append(finding)
        if value is not None and kind.submitter is Role.ANONYMIZER:
            published = published or subject
        if value is not None:
            primary.setdefault(kind.name, {}).setdefault(baseline.quality, []).append(value)
    for name, values in primary.items():
        findings += _compare(hosted, name, values)
    if not offered:
        findings.append(
            Finding(challenge=hosted.id, ok=True, text="offers no baselines; nothing was scored")
        )
    return findings


def _score(
    hosted: HostedChallenge,
    server: Server,
    kind: SubmissionKind,
    baseline: Baseline,
    *,
    subject: str,
    attacked: str,
) -> tuple[Finding, float | None]:
    """Score a baseline under its own name; attacks meet the first anonymizer that was scored."""
    split = Split.TUNING if Split.TUNING in kind.splits else kind.splits[0]
    query = {"anonymizer": subject, "data_split": split.value}
    if kind.submitter is Role.DEANONYMIZER:
        query |= {"anonymizer": attacked, "deanonymizer": subject}
    label = f"baseline {baseline.name!r} of {kind.name}"
    try:
        payload = baseline.payload(DataRequest(parameters=query))
        body = encode_body(payload, kind.schema_for(split))
    except Exception as error:  # noqa: BLE001 - a third-party function; the finding says what
        text = f"{label} cannot be made: {one_line(error)}"
        return Finding(challenge=hosted.id, ok=False, text=text), None
    try:
        receipt = server.submissions.submit(hosted, kind, query=query, body=body)
    except RequestError as error:
        is_due = baseline.quality is Quality.INVALID
        text = f"{label} is refused: {error}"
        return Finding(challenge=hosted.id, ok=is_due, text=text), None
    except AnomedError as error:
        return Finding(challenge=hosted.id, ok=False, text=f"{label} failed: {error}"), None
    name = next(metric.name for metric in hosted.metrics[kind.name] if metric.primary)
    value = receipt.score.metrics[name]
    ok = baseline.quality is not Quality.INVALID
    return Finding(challenge=hosted.id, ok=ok, text=f"{label} scores {name} = {value:g}"), value


def _compare(
    hosted: HostedChallenge, kind: str, values: dict[Quality, list[float]]
) -> list[Finding]:
    metric = next(metric for metric in hosted.metrics[kind] if metric.primary)
    sign = 1.0 if metric.direction is Direction.HIGHER else -1.0
    findings = []
    for perfect in values.get(Quality.PERFECT, []):
        for trivial in values.get(Quality.TRIVIAL, []):
            ok = sign * perfect >= sign * trivial
            text = f"{kind}: perfect {perfect:g} against trivial {trivial:g} in {metric.name}"
            findings.append(Finding(challenge=hosted.id, ok=ok, text=text))
    return findings
