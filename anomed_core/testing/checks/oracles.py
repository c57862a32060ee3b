"""Whether refusals tell how much of a submission is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from anomed_core.model import Quality, SubmissionSchema
from anomed_core.service.encoding import encode_body
from anomed_core.state.payloads import Body
from anomed_core.testing.checks.failure import fail_if_any
from anomed_core.testing.checks.needing import needs_submissions
from anomed_core.testing.checks.secrets import identity_of, refusal_of
from anomed_core.testing.checks.truth import telling
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.plugin_under_test import OTHER_SECRET, PluginUnderTest
from anomed_core.testing.trials import Trial, payload_of

_SHIFTS = (1, 2, 3, 5)


@needs_submissions
def refusals_tell_no_truth(plugin_under_test: PluginUnderTest) -> None:
    """Refuse nothing, and say nothing, because of how many answers are right."""
    problems: list[str] = []
    client = plugin_under_test.open()
    other = plugin_under_test.open(secret=OTHER_SECRET)
    counterparts = {
        identity_of(trial): trial for trial in plugin_under_test.trials(secret=OTHER_SECRET)
    }
    for trial in plugin_under_test.trials():
        if trial.quality is Quality.PERFECT and trial.is_secret_from(trial.kind.submitter):
            counterpart = counterparts[identity_of(trial)]
            problems += _oracles(client, trial, other, counterpart)
    fail_if_any(problems)


def _oracles(
    client: ChallengeClient, trial: Trial, other: ChallengeClient, counterpart: Trial
) -> Iterator[str]:
    """Yield refusals of wrong answers that another truth is answered otherwise for."""
    truth, schema = payload_of(trial, client), trial.kind.schema_for(trial.split)
    for label, body in _wrong(truth, schema):
        here, there = refusal_of(client, trial, body), refusal_of(other, counterpart, body)
        if here != there:
            yield (
                f"{trial.kind.name} ({trial.split}): {label} is answered with "
                f"{here or 'a score'!r}, and with {there or 'a score'!r} where the truth is "
                "another one: who submits learns from it"
            )
            return


def _wrong(truth: Any, schema: SubmissionSchema) -> Iterator[tuple[str, Body]]:
    """Yield the truth with its answers exchanged, as it is and with one of them twice."""
    if isinstance(truth, Mapping) and len(truth) == 1:
        ((name, values),) = truth.items()
    else:
        name, values = "", truth
    array = np.asarray(values) if isinstance(values, (np.ndarray, list)) else np.zeros(0)
    if array.ndim != 1 or array.dtype.hasobject or not telling(array):
        return
    doubled = array.copy()
    doubled[0] = doubled[np.flatnonzero(array != array[0])[0]]
    variants = {"the truth with one answer twice": doubled}
    for shift in _SHIFTS:
        variants[f"the truth, moved by {shift}"] = np.roll(array, shift)
    if array.dtype.kind == "b":
        variants["the opposite of the truth"] = np.logical_not(array)
    for label, variant in variants.items():
        given = variant if isinstance(values, np.ndarray) else variant.tolist()
        yield label, encode_body({name: given} if name else given, schema)
