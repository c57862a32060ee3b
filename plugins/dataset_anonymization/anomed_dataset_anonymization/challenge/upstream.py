"""The challenge as an organiser writes it in Python, with the names of anomed-challenge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    import pandas as pd

CHALLENGE_ID = "challenge"
"""Identifier of the one challenge that the server factory serves."""


class AnonymizationScheme(StrEnum):
    """How the cells of an anonymized table are to be read."""

    SAME = "same"
    GENERALIZATION = "generalization"
    MICROAGGREGATION = "microaggregation"


UtilityEvaluator = Callable[
    ["pd.DataFrame", AnonymizationScheme, "pd.DataFrame"], Mapping[str, float]
]
PrivacyEvaluator = Callable[["pd.DataFrame", "pd.DataFrame"], Mapping[str, float]]


@attrs.frozen(eq=False)
class TabularDataReconstructionChallenge:
    """Tabular data, threatened by reconstruction, scored by functions of one's own.

    For everything that this package can measure, and for the counters to cheats, configure a
    challenge of the type ``dataset-anonymization`` instead.

    Attributes
    ----------
    leaky_data
        What anonymizers are to anonymize.
    background_knowledge
        What deanonymizers know besides.
    utility_evaluator
        Takes the anonymized table, its scheme and the leaky table, returns metrics by name; the
        first one ranks, higher is better.
    privacy_evaluator
        Takes the reconstructed table and the leaky table, returns metrics by name; the first one
        ranks attacks, higher means a more successful one.
    title, description
        For people.
    """

    leaky_data: pd.DataFrame = attrs.field(repr=False)
    background_knowledge: pd.DataFrame = attrs.field(repr=False)
    utility_evaluator: UtilityEvaluator
    privacy_evaluator: PrivacyEvaluator
    title: str = attrs.field(default="", kw_only=True)
    description: str = attrs.field(default="", kw_only=True)

    def evaluate_utility(
        self,
        anonymized_data: pd.DataFrame,
        anonymization_scheme: AnonymizationScheme,
        leaky_data: pd.DataFrame,
    ) -> dict[str, float]:
        """Score an anonymized table with the utility evaluator."""
        return dict(self.utility_evaluator(anonymized_data, anonymization_scheme, leaky_data))

    def evaluate_privacy(
        self, reconstructed_data: pd.DataFrame, leaky_data: pd.DataFrame
    ) -> dict[str, float]:
        """Score a reconstructed table with the privacy evaluator."""
        return dict(self.privacy_evaluator(reconstructed_data, leaky_data))
