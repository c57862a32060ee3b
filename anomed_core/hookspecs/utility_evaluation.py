"""Utility evaluation: what participants hand in, and how good it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from anomed_core.hookspecs._markers import hookspec

if TYPE_CHECKING:
    from anomed_core.model import Challenge, Metric, Submission, SubmissionKind


@hookspec
def anomed_submission_kinds(  # type: ignore[empty-body]
    challenge: Challenge,
) -> Iterable[SubmissionKind]:
    """Declare what participants hand in.

    Called once per challenge and process, after creation; owner and extensions. What an extension
    declares is added to what the owner does: it is served, counted, ranked and checked alike, and
    scored by the extension. Two kinds of one name, or of two plugins on one path, are an error
    naming both. If it raises, the server refuses to start.

    Returns
    -------
    iterable of SubmissionKind
        In the order in which they are listed, the owner's first.

    Examples
    --------
    >>> from anomed_core import (
    ...     ANONYMIZER,
    ...     DATA_SPLIT,
    ...     ArraySchema,
    ...     ArraysSchema,
    ...     Purpose,
    ...     Role,
    ...     SubmissionKind,
    ...     hookimpl,
    ... )
    >>> @hookimpl
    ... def anomed_submission_kinds(challenge):
    ...     prediction = ArraySchema(name="prediction", kinds=["float"], shape=[100])
    ...     return [
    ...         SubmissionKind(
    ...             name="anonymizer",
    ...             path="/utility/anonymizer",
    ...             submitter=Role.ANONYMIZER,
    ...             purpose=Purpose.UTILITY,
    ...             schema=ArraysSchema(arrays=[prediction]),
    ...             parameters=[ANONYMIZER, DATA_SPLIT],
    ...         )
    ...     ]
    >>> [split.value for split in anomed_submission_kinds(None)[0].splits]
    ['tuning', 'validation']
    """


@hookspec
def anomed_metrics(challenge: Challenge) -> Iterable[Metric]:  # type: ignore[empty-body]
    """Declare the metrics of every submission kind.

    Called once per challenge and process, after creation; owner and extensions. Metrics are fixed
    once the first score exists. Two metrics of one kind with one name are an error naming both. If
    it raises, the server refuses to start. Metrics that were declared with their kind come first.

    Returns
    -------
    iterable of Metric
        In the order in which they appear in the answer.

    Examples
    --------
    >>> from anomed_core import Metric, hookimpl
    >>> @hookimpl
    ... def anomed_metrics(challenge):
    ...     return [Metric(name="mae", kind="anonymizer", direction="lower", primary=True)]
    >>> anomed_metrics(None)[0].bounds
    (-inf, inf)
    """


@hookspec
def anomed_validate_submission(challenge: Challenge, submission: Submission) -> None:
    """Refuse a submission before an attempt is spent.

    Called after the payload was decoded and found to fit the declared schema; owner and extensions,
    but an owner never about a kind that an extension has added, as it does not know that there is
    one. Raise `SubmissionRejected` with one sentence for the participant: what is wrong, what came,
    what is allowed. It must not tell anything about the ground truth. Any other exception is our
    fault.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from anomed_core import SubmissionRejected, hookimpl
    >>> @hookimpl
    ... def anomed_validate_submission(challenge, submission):
    ...     if not any(submission.payload["prediction"]):
    ...         raise SubmissionRejected("The prediction is all zero; send labels.")
    >>> anomed_validate_submission(None, SimpleNamespace(payload={"prediction": [0, 0]}))
    Traceback (most recent call last):
    anomed_core.errors.refusals.SubmissionRejected: The prediction is all zero; send labels.
    """


@hookspec(firstresult=True)
def anomed_evaluate_utility(  # type: ignore[empty-body]
    challenge: Challenge, submission: Submission
) -> Mapping[str, float]:
    """Score a submission whose kind has the purpose ``utility``.

    Called after the attempt was claimed, in the web worker if the kind is cheap and in a worker
    process otherwise; declarer, extensions may wrap it to add metrics they declared. Must be
    deterministic and must not change its arguments. If it raises or returns anything but exactly
    those metrics as finite numbers, it is our fault and the attempt is free again. Metrics
    with a measure are measured; only the others are returned, if there are any.

    Returns
    -------
    mapping of str to float
        Every declared metric of the kind that has no measure.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_evaluate_utility(challenge, submission):
    ...     error = submission.payload["prediction"] - challenge.definition["y"]
    ...     return {"mae": float(np.abs(error).mean())}
    >>> anomed_evaluate_utility(
    ...     SimpleNamespace(definition={"y": np.array([1.0, 2.0])}),
    ...     SimpleNamespace(payload={"prediction": np.array([1.0, 3.0])}),
    ... )
    {'mae': 0.5}
    """
