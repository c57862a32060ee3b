"""The challenge as an organiser writes it in Python, with the names of anomed-challenge."""

from __future__ import annotations

import attrs
import falcon
import numpy as np

from anomed_core import ChallengeSpec, Lottery, Split, create_app
from anomed_supervised_mia import plugin
from anomed_supervised_mia.challenge.arena import Arena, open_arena
from anomed_supervised_mia.challenge.data import (
    InMemoryNumpyArrays,
    NumpyDataset,
    Parts,
    parts_of_datasets,
)
from anomed_supervised_mia.challenge.metrics import Evaluator

CHALLENGE_ID = "challenge"
"""Identifier of the one challenge that the server factory serves."""


@attrs.frozen
class SupervisedLearningMIAChallenge:
    """Supervised learning, threatened by membership inference.

    Attributes
    ----------
    training_data
        What anonymizers train on; its records are the members.
    tuning_data
        What anonymizers tune their hyperparameters on.
    validation_data
        What anonymizers are finally scored on. Unless `non_member_data` is given, its records are
        also the non-members, and their labels are handed out to deanonymizers.
    anonymizer_evaluator
        Takes prediction and ground truth, returns metrics by name; the first one ranks.
    MIA_evaluator
        Takes predicted memberships (bool) or membership scores (float) and true memberships (bool),
        returns metrics by name.
    MIA_evaluation_dataset_length
        Number of members, and also of non-members, that an attack is evaluated on.
    seed
        Makes all draws reproducible, and known to everyone who knows the seed. ``None`` lets the
        server's secret decide.
    non_member_data
        Separate non-members from the same distribution, so that no label of the validation data is
        handed out.
    title, description
        For people.
    """

    training_data: NumpyDataset
    tuning_data: NumpyDataset
    validation_data: NumpyDataset
    anonymizer_evaluator: Evaluator
    MIA_evaluator: Evaluator
    MIA_evaluation_dataset_length: int
    seed: int | None = None
    non_member_data: NumpyDataset | None = attrs.field(default=None, kw_only=True)
    title: str = attrs.field(default="", kw_only=True)
    description: str = attrs.field(default="", kw_only=True)

    @property
    def members(self) -> NumpyDataset:
        """Members that deanonymizers may train on; needs a seed, else the server decides."""
        return _dataset(self._seeded().released_members())

    @property
    def non_members(self) -> NumpyDataset:
        """Non-members that deanonymizers may train on; needs a seed, else the server decides."""
        return _dataset(self._seeded().released_non_members())

    def MIA_evaluation_data(
        self, anonymizer: str, deanonymizer: str, data_split: str
    ) -> tuple[NumpyDataset, np.ndarray]:
        """Return the records that an attack is evaluated on, and their memberships.

        Parameters
        ----------
        anonymizer, deanonymizer
            Identifiers of both sides.
        data_split
            ``"tuning"`` or ``"validation"``.

        Returns
        -------
        (dataset, memberships) : tuple of NumpyDataset and ndarray of bool, shape (2 * length,)

        Raises
        ------
        ValueError
            If the challenge has no seed: then only the server can draw.
        """
        arrays, memberships = self._seeded().evaluation_records(
            anonymizer=anonymizer, deanonymizer=deanonymizer, split=Split(data_split)
        )
        return _dataset(arrays), memberships

    def evaluate_anonymizer(
        self, prediction: np.ndarray, ground_truth: np.ndarray
    ) -> dict[str, float]:
        """Score a prediction with the anonymizer evaluator."""
        return dict(self.anonymizer_evaluator(prediction, ground_truth))

    def evaluate_membership_inference_attack(
        self, prediction: np.ndarray, ground_truth: np.ndarray
    ) -> dict[str, float]:
        """Score memberships with the MIA evaluator."""
        return dict(self.MIA_evaluator(prediction, ground_truth))

    def parts(self) -> Parts:
        """Return the data by part."""
        return parts_of_datasets(
            {
                "training": self.training_data,
                "tuning": self.tuning_data,
                "validation": self.validation_data,
                "non_members": self.non_member_data,
            }
        )

    def _seeded(self) -> Arena:
        if self.seed is None:
            raise ValueError(
                "without a seed the server's secret draws members and non-members; give a seed to "
                "draw them here"
            )
        return open_arena(
            self.parts(),
            length=self.MIA_evaluation_dataset_length,
            evaluate_prediction=self.anonymizer_evaluator,
            evaluate_memberships=self.MIA_evaluator,
            lottery=Lottery.seeded(self.seed, f"challenge {CHALLENGE_ID}"),
            freeze=lambda _name, _key, build: build(),
        )


def _dataset(arrays: dict[str, np.ndarray]) -> NumpyDataset:
    return InMemoryNumpyArrays(X=arrays["X"], y=arrays["y"])


def supervised_learning_MIA_challenge_server_factory(
    challenge_obj: SupervisedLearningMIAChallenge,
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
        If the data are too few for evaluations of the given length, or do not fit each other.
    """
    return create_app(
        [
            ChallengeSpec(
                id=CHALLENGE_ID,
                type=plugin.NAME,
                title=challenge_obj.title,
                description=challenge_obj.description,
                seed=challenge_obj.seed,
                config=challenge_obj,
            )
        ],
        plugins=[plugin],
    )
