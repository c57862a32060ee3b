"""A challenge behind the hooks: either scored by this package, or by an organiser's functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from anomed_core import (
    Baseline,
    CreationContext,
    DataProduct,
    DataRequest,
    HouseAttack,
    HouseEntry,
    Metric,
    Ranking,
    Submission,
    SubmissionKind,
    Target,
)


class Definition(Protocol):
    """What a challenge answers to the hooks; each method is the hook of the same name."""

    def data_products(self) -> list[DataProduct]:
        """Declare what is handed out."""
        ...

    def provide(self, product: DataProduct, request: DataRequest) -> Any:
        """Return the content of a product."""
        ...

    def submission_kinds(self) -> list[SubmissionKind]:
        """Declare what is taken."""
        ...

    def metrics(self) -> list[Metric]:
        """Declare what it is scored by."""
        ...

    def validate(self, submission: Submission) -> None:
        """Raise `anomed_core.SubmissionRejected` for what cannot be scored."""
        ...

    def evaluate_utility(self, submission: Submission) -> Mapping[str, float]:
        """Score a published table."""
        ...

    def evaluate_threat(self, submission: Submission, target: Target) -> Mapping[str, float]:
        """Score an attack."""
        ...

    def house_attacks(self) -> list[HouseAttack]:
        """Return the attacks that the server runs."""
        ...

    def baselines(self) -> list[Baseline]:
        """Return submissions with known outcomes."""
        ...

    def rankings(self) -> list[Ranking]:
        """Say who wins."""
        ...

    def house_entries(self) -> list[HouseEntry]:
        """Return what the house enters itself."""
        ...


def define(config: Any, context: CreationContext) -> Definition:
    """Open the challenge that a configuration, or a challenge object, describes.

    Parameters
    ----------
    config
        ``DatasetAnonymizationConfig`` or ``TabularDataReconstructionChallenge``.
    context
        Holds sources and secrets, and keeps what is computed.

    Returns
    -------
    Definition
    """
    from anomed_dataset_anonymization.challenge.upstream import TabularDataReconstructionChallenge

    if isinstance(config, TabularDataReconstructionChallenge):
        from anomed_dataset_anonymization.challenge.reconstruction import open_reconstruction

        return open_reconstruction(config, context)
    from anomed_dataset_anonymization.challenge.arena import open_arena
    from anomed_dataset_anonymization.challenge.arena_definition import ArenaDefinition

    return ArenaDefinition(arena=open_arena(config, context))
