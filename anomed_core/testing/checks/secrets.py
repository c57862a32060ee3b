"""Whether anything that is answered tells the ground truth."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import attrs
import numpy as np

from anomed_core.errors import RequestError
from anomed_core.model import Quality, Role, Split
from anomed_core.state.payloads import Body
from anomed_core.testing.checks.failure import NotCheckedError, doubt_if_any, fail_if_any
from anomed_core.testing.checks.needing import needs_submissions
from anomed_core.testing.checks.truth import (
    NUMBER,
    SHORTEST,
    columns,
    contains,
    numbers_in,
    parsed,
    told_by,
)
from anomed_core.testing.checks.truths import Truth, documents, n_arrays, truths
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.hostile import hostile_uploads
from anomed_core.testing.plugin_under_test import OTHER_SECRET, PluginUnderTest
from anomed_core.testing.trials import HANDED_IN, Trial, made_trials, validated


def no_truth_of_tuning(plugin_under_test: PluginUnderTest) -> str:
    """Keep what is scored on tuning data out of every product, document and extra route."""
    return _search(plugin_under_test, Split.TUNING)


def no_truth_of_validation(plugin_under_test: PluginUnderTest) -> str:
    """Keep what is scored in the final out of every product, document and extra route."""
    return _search(plugin_under_test, Split.VALIDATION)


def _search(plugin_under_test: PluginUnderTest, split: Split) -> str:
    client = plugin_under_test.open()
    secret = truths(client, split)
    said = documents(client)
    problems = [
        f"{document.where} holds the ground truth of {truth.trial} ({truth.name}) in "
        f"{label or 'it'}; leave it out, or say which roles hold it anyway: known_to={{role, ...}} "
        "of the kind or baseline"
        for document in said
        for label, column in columns(document.content)
        for truth in secret
        if truth.is_kept_from(document.audience) and contains(column, truth.values)
    ]
    fail_if_any(problems)
    if not secret:
        raise NotCheckedError(
            f"no perfect baseline for {split} holds an array that is secret from some role, "
            f"varies, is longer than {SHORTEST - 1} and differs from the trivial one, so nothing "
            "was looked for"
        )
    doubt_if_any(
        f"{kind.name} is known to every role that plays, so nothing of it was looked for; name "
        "those that hold it: known_to={role, ...}"
        for kind in client.hosted.kinds
        if split in kind.splits and {Role.ANONYMIZER, Role.DEANONYMIZER} <= kind.known_to
    )
    return f"{n_arrays(secret)} secret arrays looked for in {len(said)} documents"


@needs_submissions
def messages_tell_no_truth(plugin_under_test: PluginUnderTest) -> None:
    """Keep the ground truth out of every message to a participant."""
    problems = []
    client = plugin_under_test.open()
    other = plugin_under_test.open(secret=OTHER_SECRET)
    secret = truths(client)
    announced = client.get("/challenge.json").body.decode()
    counterparts = {identity_of(t): t for t in made_trials(other, HANDED_IN)}
    for trial, label, body in _refusable(client):
        refusal = refusal_of(client, trial, body)
        kept_from = [
            truth
            for truth in secret
            if truth.trial.split is trial.split and truth.trial.is_secret_from(trial.kind.submitter)
        ]
        told = _told(refusal, kept_from, body, announced)
        where = f"{trial.kind.name} ({trial.split}): the message about {label}"
        elsewhere = _said_elsewhere(refusal, other, counterparts[identity_of(trial)], label, body)
        if told:
            problems.append(f"{where} tells {told} of the ground truth: {refusal!r}")
        elif elsewhere:
            problems.append(
                f"{where} depends on the ground truth or on secret draws: {refusal!r}, but "
                f"{elsewhere!r} under another secret"
            )
    fail_if_any(problems)


def identity_of(trial: Trial) -> tuple[str, Split, str]:
    """Return what tells a trial from the others of its challenge."""
    return trial.kind.name, trial.split, trial.name


def _said_elsewhere(
    refusal: str, other: ChallengeClient, counterpart: Trial, label: str, body: Body
) -> str:
    """Return how another server refuses the same body, and its own body of that kind.

    Empty if it says the same about either one, apart from numbers that it announces, such as how
    many rows it takes: identifiers in a body are those of one server.
    """
    elsewhere = refusal_of(other, counterpart, body)
    if not refusal or not elsewhere or refusal == elsewhere:
        return ""
    own = _bodies(counterpart).get(label, body)
    if refusal in {refusal_of(other, counterpart, own), _in_terms_of(refusal, elsewhere, other)}:
        return ""
    return elsewhere


def _in_terms_of(refusal: str, elsewhere: str, other: ChallengeClient) -> str:
    """Return what another server says, with our numbers in the place of those it announces."""
    ours, theirs = NUMBER.findall(refusal), NUMBER.findall(elsewhere)
    if len(ours) != len(theirs):
        return elsewhere
    announced = set(NUMBER.findall(other.get("/challenge.json").body.decode()))
    pairs = zip(ours, theirs, strict=True)
    said = iter([mine if its.rstrip(".") in announced else its for mine, its in pairs])
    return NUMBER.sub(lambda _: next(said), elsewhere)


def refusal_of(client: ChallengeClient, trial: Trial, body: Body) -> str:
    """Return why a body is refused, by the server or the plugin; empty if it is not."""
    try:
        validated(client, attrs.evolve(trial, body=body))
    except RequestError as error:
        return str(error)
    except Exception:  # noqa: BLE001 - a failure of ours is told as an opaque id
        return ""
    return ""


def _refusable(client: ChallengeClient) -> Iterator[tuple[Trial, str, Body]]:
    """Yield submissions that are worth refusing: invalid baselines, and hostile uploads."""
    asked = set()
    for trial in made_trials(client, HANDED_IN):
        variants = _variants(trial)
        yield trial, *next(variants)
        if trial.quality is not Quality.INVALID and (trial.kind.name, trial.split) not in asked:
            asked.add((trial.kind.name, trial.split))
            yield from ((trial, label, body) for label, body in variants)


def _variants(trial: Trial) -> Iterator[tuple[str, Body]]:
    """Yield the body of a trial, and then hostile ones made from it if it is valid."""
    yield f"the baseline {trial.name!r}", trial.body
    if trial.quality is not Quality.INVALID:
        yield from hostile_uploads(trial.kind.schema_for(trial.split), trial.body)


@lru_cache(maxsize=1)  # trials come one after the other, each with all its variants
def _bodies(trial: Trial) -> dict[str, Body]:
    return dict(_variants(trial))


def _told(text: str, secret: list[Truth], body: Body, announced: str) -> str:
    """Return what a message tells of the truth, beyond what was submitted and what is announced."""
    if not text or not any(told_by(text, truth.values, set()) for truth in secret):
        return ""
    stated = _known(body) | set(numbers_in(announced))
    known = {number + step for number in stated for step in (-1, 0, 1)}  # of 8000, the last is 7999
    told = (told_by(text, truth.values, known, announced) for truth in secret)
    return next(filter(None, told), "")


def _known(body: Body) -> set[float]:
    """Return the numbers that whoever submits knows anyway: values, and how many there are."""
    parts = [body] if isinstance(body, bytes) else list(body.values())
    known = {float(len(part)) for part in parts}
    for part in parts:
        found = [column for _, column in columns(parsed(part))]
        known |= {float(len(found)), *(float(column.size) for column in found)}
        for column in found:
            if column.dtype.kind in "biuf":
                known |= {float(value) for value in np.unique(column)}
    return known
