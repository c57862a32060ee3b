"""Other plugins, as they may be installed on the organiser's machine: loud, but harmless."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from anomed_core.hookspecs import hookimpl
from anomed_core.model import (
    ANONYMIZER,
    DATA_SPLIT,
    ArraySchema,
    ArraysSchema,
    Challenge,
    ChallengeType,
    DataProduct,
    Metric,
    Purpose,
    Role,
    Score,
    Submission,
    SubmissionKind,
)


@attrs.frozen(kw_only=True)
class EmptyConfig:
    """Options of a neighbour: none."""


@attrs.frozen
class NeighbouringType:
    """A type that answers every hook of an owner, with something of its own.

    Attributes
    ----------
    name
        Slug of the type.
    """

    name: str

    ANOMED_API = 1

    @property
    def __name__(self) -> str:
        """How the registry calls it."""
        return self.name

    @hookimpl
    def anomed_challenge_types(self) -> list[ChallengeType]:
        """Announce the type."""
        return [ChallengeType(name=self.name, title=self.name, config_class=EmptyConfig)]

    @hookimpl
    def anomed_create_challenge(self) -> str:
        """Create a challenge that holds a word, and disturb the global random state."""
        random.seed(len(self.name))
        np.random.seed(len(self.name))  # noqa: NPY002 - others must not depend on it
        return self.name

    @hookimpl
    def anomed_data_products(self) -> list[DataProduct]:
        """Declare one product."""
        schema = ArraysSchema(arrays=[ArraySchema(name="X", kinds=["float"], shape=[1])])
        return [DataProduct(path="/data/anything", audience={Role.PUBLIC}, schema=schema)]

    @hookimpl
    def anomed_provide_data(self, challenge: Challenge) -> Mapping[str, Any]:
        """Provide a number."""
        if challenge.definition != self.name:
            raise RuntimeError(f"{self.name} was asked about a challenge of another type")
        return {"X": np.ones(1)}

    @hookimpl
    def anomed_submission_kinds(self) -> list[SubmissionKind]:
        """Declare one kind."""
        schema = ArraysSchema(arrays=[ArraySchema(name="guess", kinds=["float"], shape=[1])])
        return [
            SubmissionKind(
                name="anonymizer",
                path="/utility/anonymizer",
                submitter=Role.ANONYMIZER,
                purpose=Purpose.UTILITY,
                schema=schema,
                parameters=[ANONYMIZER, DATA_SPLIT],
                cheap=True,
            )
        ]

    @hookimpl
    def anomed_metrics(self) -> list[Metric]:
        """Declare one metric."""
        return [Metric(name="neighbouring", kind="anonymizer", primary=True)]

    @hookimpl
    def anomed_evaluate_utility(
        self, challenge: Challenge, submission: Submission
    ) -> Mapping[str, float]:
        """Score a guess."""
        if challenge.definition != self.name:
            raise RuntimeError(f"{self.name} was asked about a challenge of another type")
        return {"neighbouring": float(submission.payload["guess"][0])}


@attrs.frozen
class NeighbouringExtension:
    """An extension that watches scores and has nothing to say."""

    ANOMED_API = 1

    @property
    def __name__(self) -> str:
        """How the registry calls it."""
        return "neighbouring-extension"

    @hookimpl
    def anomed_score_recorded(self, score: Score) -> None:
        """Watch."""

    @hookimpl
    def anomed_health(self) -> None:
        """Find that all is well."""


NEIGHBOURS = (
    NeighbouringType("a-neighbour"),
    NeighbouringExtension(),
    NeighbouringType("z-neighbour"),
)
"""Loaded before and after the plugin under test; names on both sides of the alphabet."""
