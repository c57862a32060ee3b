"""The core's own answers to owners' hooks: what is given together with a declaration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from anomed_core.hookspecs import API, hookimpl
from anomed_core.model import (
    ArraysSchema,
    Challenge,
    DataProduct,
    DataRequest,
    Submission,
    SubmissionKind,
)


class DeclaredAnswers:
    """Answers for data products that hold their data, and for metrics that hold a measure."""

    ANOMED_API = API

    def __init__(self) -> None:
        self._measured: dict[tuple[str, str], SubmissionKind] = {}

    def remember(self, challenge: Challenge, kinds: Iterable[SubmissionKind]) -> None:
        """Measure submissions of those kinds whose metrics all have a measure."""
        for kind in kinds:
            if kind.metrics and all(metric.measure is not None for metric in kind.metrics):
                self._measured[challenge.id, kind.name] = kind

    @hookimpl(tryfirst=True)
    def anomed_provide_data(self, product: DataProduct, request: DataRequest) -> Any:
        """Return a product's data; ``None`` asks the owner."""
        return product.data(request) if callable(product.data) else product.data

    @hookimpl(trylast=True)
    def anomed_evaluate_utility(self, challenge: Challenge, submission: Submission) -> Any:
        """Measure a submission against its kind's perfect one, if no plugin has scored it."""
        return self._measures(challenge, submission)

    @hookimpl(trylast=True)
    def anomed_evaluate_threat(self, challenge: Challenge, submission: Submission) -> Any:
        """Measure a submission against its kind's perfect one, if no plugin has scored it."""
        return self._measures(challenge, submission)

    def _measures(self, challenge: Challenge, submission: Submission) -> dict[str, Any] | None:
        kind = self._measured.get((challenge.id, submission.kind))
        if kind is None:
            return None
        request = DataRequest(parameters=_parameters(submission))
        perfect = kind.perfect(request) if callable(kind.perfect) else kind.perfect
        truth, given = _bare(perfect, kind, submission), _bare(submission.payload, kind, submission)
        return {
            metric.name: (
                metric.measure(truth[metric.array], given[metric.array])
                if metric.array
                else metric.measure(truth, given)
            )
            for metric in kind.metrics
            if metric.measure is not None
        }


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
