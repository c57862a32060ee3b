"""Score a submission: what metrics measure, and what its plugin's evaluation hook adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from anomed_core.errors import ContractError, culprit_of
from anomed_core.model import ArraysSchema, DataRequest, Submission, SubmissionKind, Target
from anomed_core.plugins import checked_metrics, checked_value
from anomed_core.plugins.diagnosis import Implementation, place_of
from anomed_core.service.hosting import HostedChallenge


def scored(
    hosted: HostedChallenge, hook: str, submission: Submission, target: Target | None
) -> dict[str, float]:
    """Return exactly the declared metrics, as measures and the hook give them together.

    Extensions that wrap the hook see the sum, whichever of the two each metric comes from.

    Parameters
    ----------
    hosted
        The challenge.
    hook
        The evaluation hook of the submission's kind.
    submission
        What is scored.
    target
        The anonymizer under attack, if there is one.

    Raises
    ------
    ContractError
        If the hook gives a metric that has a measure, or they do not give what is declared; a note
        names who is at fault, a wrapper if what it was handed was right.
    Exception
        Whatever a measure or the hook raises.
    """
    arguments = {"challenge": hosted.challenge, "submission": submission}
    if hook == "anomed_evaluate_threat":
        arguments["target"] = target
    before_wrappers: list[Any] = []

    def add_up() -> Any:
        summed = _summed(hosted, hook, submission, target, arguments)
        before_wrappers.append(dict(summed) if isinstance(summed, Mapping) else summed)
        return summed

    result = hosted.hook(hook, submission.kind).call_extra([add_up], arguments)
    try:
        return checked_metrics(result, hosted.metrics[submission.kind], hook)
    except ContractError as error:
        if not culprit_of(error):
            for note in _at_fault(hosted, hook, submission.kind, before_wrappers):
                error.add_note(note)
        raise


def _summed(
    hosted: HostedChallenge,
    hook: str,
    submission: Submission,
    target: Target | None,
    arguments: Mapping[str, Any],
) -> Any:
    """Return what measures and whoever answers the hook give, before anybody wraps it."""
    measures = measured(hosted, hook, submission, target)
    answer = hosted.answering(hook, submission.kind)
    given = answer(**arguments) if answer else None
    if given is None:
        return measures or None
    if not measures or not isinstance(given, Mapping):
        return given
    _refuse_both(hosted, submission, measures, given, hook)
    return {**measures, **given}


def _at_fault(hosted: HostedChallenge, hook: str, kind: str, summed: list[Any]) -> list[str]:
    """Return notes: about who answers if the sum was wrong already, else about the wrappers.

    What is missing in the sum may have been left to a wrapper, so both are named then.
    """
    answering = hosted.blame(hook, kind)
    wrapping = [
        place_of(Implementation.of(implementation, hook))
        for implementation in hosted.hook(hook, kind).get_hookimpls()
        if implementation.wrapper
    ]
    declared = hosted.metrics[kind]
    try:
        for result in summed:
            checked_metrics(result, [attrs.evolve(one, optional=True) for one in declared], hook)
    except ContractError:
        return [answering]
    complete = all(one.name in result for result in summed for one in declared)
    return wrapping if wrapping and complete else [answering, *wrapping]


def measured(
    hosted: HostedChallenge, hook: str, submission: Submission, target: Target | None
) -> dict[str, float]:
    """Return the metrics that have a measure, as it gives them."""
    metrics = [m for m in hosted.metrics[submission.kind] if m.measure is not None]
    kind = hosted.kind(submission.kind)
    request = DataRequest(parameters=_parameters(submission), target=target)
    values = {
        "challenge": hosted.challenge,
        "request": request,
        "submission": submission,
        "target": target,
    }
    compared: dict[str, Any] = {}
    if any(metric.compares for metric in metrics):
        perfect = kind.perfect(request) if callable(kind.perfect) else kind.perfect
        compared = {
            "truth": _bare(perfect, kind, submission),
            "given": _bare(submission.payload, kind, submission),
        }
    results = {}
    for metric in metrics:
        parts = compared
        if metric.array and metric.compares:
            parts = {side: _part(payload, metric.array) for side, payload in compared.items()}
        value = metric.measured(values | parts)
        try:
            results[metric.name] = checked_value(value, metric, hook)
        except ContractError as error:
            error.add_note(hosted.blame(hook, submission.kind, metric.measure))
            raise
    return results


def _parameters(submission: Submission) -> dict[str, str]:
    return {
        "anonymizer": submission.anonymizer,
        "deanonymizer": submission.deanonymizer,
        "data_split": submission.split.value,
        **submission.parameters,
    }


def _bare(payload: Any, kind: SubmissionKind, submission: Submission) -> Any:
    """Return the array itself, where the schema has one."""
    schema = kind.schema_for(submission.split)
    if isinstance(schema, ArraysSchema) and len(schema.arrays) == 1:
        name = schema.arrays[0].name
        return np.asarray(payload[name] if isinstance(payload, Mapping) else payload)
    return payload


def _part(payload: Any, array: str) -> Any:
    return payload[array] if isinstance(payload, Mapping) else payload


def _refuse_both(
    hosted: HostedChallenge,
    submission: Submission,
    measures: Mapping[str, Any],
    given: Mapping[str, Any],
    hook: str,
) -> None:
    for metric in hosted.metrics[submission.kind]:
        if metric.name in measures and metric.name in given:
            measure = getattr(metric.measure, "__qualname__", repr(metric.measure))
            raise ContractError(
                f"the metric {metric.name!r} of {submission.kind!r} is given twice, by its measure "
                f"{measure} and by {hook}; declare it without a measure, or leave it out of what "
                "the hook returns"
            )
