"""The challenge that an organiser's own functions score: what the hooks answer for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import attrs
import numpy as np
import pandas as pd

from anomed_core import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    Baseline,
    ConfigError,
    CreationContext,
    DataProduct,
    DataRequest,
    HouseAttack,
    HouseEntry,
    Metric,
    Purpose,
    Quality,
    Ranking,
    Role,
    Split,
    Submission,
    SubmissionKind,
    SubmissionRejected,
    TableSchema,
    Target,
)
from anomed_dataset_anonymization.challenge.products import BACKGROUND, LEAKY, published_form
from anomed_dataset_anonymization.challenge.upstream import (
    AnonymizationScheme,
    TabularDataReconstructionChallenge,
)
from anomed_dataset_anonymization.schema.frames import read_frame

if TYPE_CHECKING:
    import pyarrow as pa

_TABLE, _ATTACK = "anonymizer", "deanonymizer"


@attrs.frozen(kw_only=True, eq=False)
class ReconstructionDefinition:
    """See `anomed_dataset_anonymization.challenge.definition.Definition`.

    Attributes
    ----------
    challenge : TabularDataReconstructionChallenge
        Tables and evaluators.
    metric_names : mapping of str to tuple of str
        By submission kind, what the evaluators return.
    """

    challenge: TabularDataReconstructionChallenge
    metric_names: Mapping[str, tuple[str, ...]]

    def data_products(self) -> list[DataProduct]:
        """Declare the two tables."""
        return [
            DataProduct(
                path=LEAKY,
                audience={Role.ANONYMIZER},
                schema=TableSchema(),
                description="The leaky table, to be anonymized.",
            ),
            DataProduct(
                path=BACKGROUND,
                audience={Role.DEANONYMIZER},
                schema=TableSchema(),
                description="What deanonymizers know besides the anonymized table.",
            ),
        ]

    def provide(self, product: DataProduct, _: DataRequest) -> pd.DataFrame:
        """Return one of the two tables."""
        if product.path == LEAKY:
            return self.challenge.leaky_data
        return self.challenge.background_knowledge

    def submission_kinds(self) -> list[SubmissionKind]:
        """Declare anonymized and reconstructed tables."""
        split = attrs.evolve(DATA_SPLIT, required=False)
        pair = tuple(attrs.evolve(party, required=False) for party in (ANONYMIZER, DEANONYMIZER))
        return [
            SubmissionKind(
                name=_TABLE,
                path="/utility/anonymizer",
                submitter=Role.ANONYMIZER,
                purpose=Purpose.UTILITY,
                schema=published_form(None),
                parameters=(ANONYMIZER, split),
                default_split=Split.TUNING,
                keeps={Split.VALIDATION},
                description="An anonymized table and its scheme.",
            ),
            SubmissionKind(
                name=_ATTACK,
                path="/utility/deanonymizer",
                submitter=Role.DEANONYMIZER,
                purpose=Purpose.THREAT,
                schema=TableSchema(),
                parameters=(*pair, split),
                default_split=Split.TUNING,
                with_target=False,
                description="The leaky table as an attacker reconstructs it.",
            ),
        ]

    def metrics(self) -> list[Metric]:
        """Declare what the evaluators return; the first of each ranks."""
        return [
            Metric(name=name, kind=kind, primary=place == 0)
            for kind, names in self.metric_names.items()
            for place, name in enumerate(names)
        ]

    def validate(self, submission: Submission) -> None:
        """Refuse tables of the scheme ``same`` that have other columns than the leaky one."""
        if submission.kind != _TABLE:
            self._check_columns(submission.payload)
        elif submission.payload["anon_scheme"] == AnonymizationScheme.SAME:
            self._check_columns(submission.payload["anon_data"])

    def evaluate_utility(self, submission: Submission) -> Mapping[str, float]:
        """Ask the utility evaluator."""
        return self.challenge.evaluate_utility(
            read_frame(submission.payload["anon_data"]),
            AnonymizationScheme(submission.payload["anon_scheme"]),
            self.challenge.leaky_data,
        )

    def evaluate_threat(self, submission: Submission, _: Target) -> Mapping[str, float]:
        """Ask the privacy evaluator."""
        return self.challenge.evaluate_privacy(
            read_frame(submission.payload), self.challenge.leaky_data
        )

    def house_attacks(self) -> list[HouseAttack]:
        """Return none: what the columns mean is not known here."""
        return []

    def baselines(self) -> list[Baseline]:
        """Return the leaky table, as an anonymized and as a reconstructed one."""
        from anomed_dataset_anonymization.challenge.baselines import form

        leaky = self.challenge.leaky_data
        return [
            Baseline(
                name="the leaky table as it is",
                kind=_TABLE,
                quality=Quality.PERFECT,
                payload=lambda _: form(leaky, AnonymizationScheme.SAME),
            ),
            Baseline(
                name="the leaky table, reconstructed",
                kind=_ATTACK,
                quality=Quality.PERFECT,
                payload=lambda _: leaky,
            ),
        ]

    def rankings(self) -> list[Ranking]:
        """Return none: the first metric of each evaluator ranks."""
        return []

    def house_entries(self) -> list[HouseEntry]:
        """Return none: what the columns mean is not known here."""
        return []

    def _check_columns(self, table: pa.Table) -> None:
        names = set(read_frame(table).columns)
        expected = set(self.challenge.leaky_data.columns)
        if names != expected:
            raise SubmissionRejected(
                f"The table lacks the columns {sorted(map(str, expected - names))[:10]} and has "
                f"besides {sorted(map(str, names - expected))[:10]}; send those of the leaky table."
            )


def open_reconstruction(
    challenge: TabularDataReconstructionChallenge, context: CreationContext
) -> ReconstructionDefinition:
    """Open a challenge and learn the names of its metrics by scoring the truth.

    Parameters
    ----------
    challenge
        Tables and evaluators.
    context
        Keeps the fingerprint of the tables.

    Returns
    -------
    ReconstructionDefinition

    Raises
    ------
    ConfigError
        If an evaluator fails on the truth or returns no metrics.
    """
    leaky = challenge.leaky_data
    digests = [_digest(table) for table in (leaky, challenge.background_knowledge)]
    context.freeze("tables", " ".join(map(str, digests)), lambda: {"digests": np.array(digests)})
    return ReconstructionDefinition(
        challenge=challenge,
        metric_names={
            _TABLE: _names(
                "utility_evaluator",
                lambda: challenge.evaluate_utility(leaky.copy(), AnonymizationScheme.SAME, leaky),
            ),
            _ATTACK: _names(
                "privacy_evaluator", lambda: challenge.evaluate_privacy(leaky.copy(), leaky)
            ),
        },
    )


def _digest(table: pd.DataFrame) -> int:
    hashes = pd.util.hash_pandas_object(table, index=True).to_numpy()
    return int(np.bitwise_xor.reduce(hashes * (np.arange(len(hashes), dtype=np.uint64) * 2 + 1)))


def _names(evaluator: str, score: Callable[[], Mapping[str, float]]) -> tuple[str, ...]:
    try:
        names = tuple(score())
    except Exception as error:
        raise ConfigError(
            evaluator, f"it fails on the leaky table itself: {type(error).__name__}: {error}"
        ) from error
    if not names:
        raise ConfigError(evaluator, "it returns no metrics for the leaky table itself")
    return names
