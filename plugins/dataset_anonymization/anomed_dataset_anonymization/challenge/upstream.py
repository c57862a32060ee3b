"""The challenge as an organiser writes it in Python, with the names of anomed-challenge.

An organiser's own functions score it. What the hooks answer for it is registered here, beside what
the other files of this folder answer for the challenge that this package scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs
import falcon
import numpy as np
import pandas as pd

from anomed_core import (
    ANONYMIZER,
    ChallengeSpec,
    ConfigError,
    CreationContext,
    DataProduct,
    Metric,
    Purpose,
    Role,
    Split,
    Submission,
    SubmissionKind,
    SubmissionRejected,
    TableSchema,
    Target,
    create_app,
)
from anomed_dataset_anonymization import plugin
from anomed_dataset_anonymization.challenge.arena import create
from anomed_dataset_anonymization.challenge.baselines import baselines, form
from anomed_dataset_anonymization.challenge.house import house_attacks
from anomed_dataset_anonymization.challenge.kinds import (
    PUBLISHED_TABLE,
    published_form,
    submission_kinds,
    validate,
)
from anomed_dataset_anonymization.challenge.metrics import metrics_of
from anomed_dataset_anonymization.challenge.products import (
    BACKGROUND,
    LEAKY,
    OPTIONAL_PAIR,
    OPTIONAL_SPLIT,
    data_products,
)
from anomed_dataset_anonymization.challenge.rankings import house_entries, rankings
from anomed_dataset_anonymization.challenge.scoring import evaluate_threat, evaluate_utility
from anomed_dataset_anonymization.schema.frames import read_frame

if TYPE_CHECKING:
    import pyarrow as pa

CHALLENGE_ID = "challenge"
"""Identifier of the one challenge that the server factory serves."""

_ATTACK = "deanonymizer"


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


@attrs.frozen(kw_only=True, eq=False)
class OwnArena:
    """A challenge that its organiser's own functions score.

    Attributes
    ----------
    challenge : TabularDataReconstructionChallenge
        Tables and evaluators.
    metric_names : mapping of str to tuple of str
        By submission kind, what the evaluators return.
    """

    challenge: TabularDataReconstructionChallenge
    metric_names: Mapping[str, tuple[str, ...]]


@create.register
def _open(challenge: TabularDataReconstructionChallenge, context: CreationContext) -> OwnArena:
    """Open a challenge and learn the names of its metrics by scoring the truth.

    Parameters
    ----------
    challenge
        Tables and evaluators.
    context
        Keeps the fingerprint of the tables.

    Returns
    -------
    OwnArena

    Raises
    ------
    ConfigError
        If an evaluator fails on the truth or returns no metrics.
    """
    leaky = challenge.leaky_data
    digests = [_digest(table) for table in (leaky, challenge.background_knowledge)]
    context.freeze("tables", " ".join(map(str, digests)), lambda: {"digests": np.array(digests)})
    return OwnArena(
        challenge=challenge,
        metric_names={
            PUBLISHED_TABLE: _names(
                "utility_evaluator",
                lambda: challenge.evaluate_utility(leaky.copy(), AnonymizationScheme.SAME, leaky),
            ),
            _ATTACK: _names(
                "privacy_evaluator", lambda: challenge.evaluate_privacy(leaky.copy(), leaky)
            ),
        },
    )


def _data_products(arena: OwnArena) -> list[DataProduct]:
    return [
        DataProduct(
            path=LEAKY,
            audience={Role.ANONYMIZER},
            schema=TableSchema(),
            data=arena.challenge.leaky_data,
            description="The leaky table, to be anonymized.",
        ),
        DataProduct(
            path=BACKGROUND,
            audience={Role.DEANONYMIZER},
            schema=TableSchema(),
            data=arena.challenge.background_knowledge,
            description="What deanonymizers know besides the anonymized table.",
        ),
    ]


def _submission_kinds(arena: OwnArena) -> list[SubmissionKind]:
    leaky = arena.challenge.leaky_data
    return [
        SubmissionKind(
            name=PUBLISHED_TABLE,
            path="/utility/anonymizer",
            submitter=Role.ANONYMIZER,
            purpose=Purpose.UTILITY,
            schema=published_form(None),
            parameters=(ANONYMIZER, OPTIONAL_SPLIT),
            default_split=Split.TUNING,
            keeps={Split.VALIDATION},
            perfect=lambda _: form(leaky, AnonymizationScheme.SAME),
            description="An anonymized table and its scheme.",
        ),
        SubmissionKind(
            name=_ATTACK,
            path="/utility/deanonymizer",
            submitter=Role.DEANONYMIZER,
            purpose=Purpose.THREAT,
            schema=TableSchema(),
            parameters=(*OPTIONAL_PAIR, OPTIONAL_SPLIT),
            default_split=Split.TUNING,
            with_target=False,
            perfect=lambda _: leaky,
            description="The leaky table as an attacker reconstructs it.",
        ),
    ]


def _metrics_of(arena: OwnArena) -> list[Metric]:
    """Declare what the evaluators return; the first of each ranks."""
    return [
        Metric(name=name, kind=kind, primary=place == 0)
        for kind, names in arena.metric_names.items()
        for place, name in enumerate(names)
    ]


def _validate(arena: OwnArena, submission: Submission) -> None:
    """Refuse tables of the scheme ``same`` that have other columns than the leaky one."""
    if submission.kind != PUBLISHED_TABLE:
        _check_columns(arena, submission.payload)
    elif submission.payload["anon_scheme"] == AnonymizationScheme.SAME:
        _check_columns(arena, submission.payload["anon_data"])


def _check_columns(arena: OwnArena, table: pa.Table) -> None:
    names = set(read_frame(table).columns)
    expected = set(arena.challenge.leaky_data.columns)
    if names != expected:
        raise SubmissionRejected(
            f"The table lacks the columns {sorted(map(str, expected - names))[:10]} and has "
            f"besides {sorted(map(str, names - expected))[:10]}; send those of the leaky table."
        )


def _evaluate_utility(arena: OwnArena, submission: Submission) -> Mapping[str, float]:
    return arena.challenge.evaluate_utility(
        read_frame(submission.payload["anon_data"]),
        AnonymizationScheme(submission.payload["anon_scheme"]),
        arena.challenge.leaky_data,
    )


def _evaluate_threat(arena: OwnArena, submission: Submission, _: Target) -> Mapping[str, float]:
    return arena.challenge.evaluate_privacy(
        read_frame(submission.payload), arena.challenge.leaky_data
    )


data_products.register(OwnArena, _data_products)
submission_kinds.register(OwnArena, _submission_kinds)
metrics_of.register(OwnArena, _metrics_of)
validate.register(OwnArena, _validate)
evaluate_utility.register(OwnArena, _evaluate_utility)
evaluate_threat.register(OwnArena, _evaluate_threat)
for _ask in (house_attacks, baselines, rankings, house_entries):
    _ask.register(OwnArena, lambda _: [])  # what the columns mean is not known here


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


def tabular_data_reconstruction_challenge_server_factory(
    challenge_obj: TabularDataReconstructionChallenge,
) -> falcon.App[falcon.Request, falcon.Response]:
    """Create a web application that serves a challenge.

    Parameters
    ----------
    challenge_obj
        The challenge.

    Returns
    -------
    falcon.App
        For ``gunicorn module:application``. Its state is in ``./anomed-state``, or where
        ``ANOMED_STATE`` says; all workers share it.

    Raises
    ------
    ConfigError
        If an evaluator fails on the leaky table itself.
    """
    return create_app(
        [
            ChallengeSpec(
                id=CHALLENGE_ID,
                type=plugin.NAME,
                title=challenge_obj.title,
                description=challenge_obj.description,
                config=challenge_obj,
            )
        ],
        plugins=[plugin],
    )
