"""The challenge that this package scores: what the hooks answer for an arena."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from anomed_core import (
    Baseline,
    DataProduct,
    DataRequest,
    HouseAttack,
    HouseEntry,
    Metric,
    Ranking,
    Split,
    Submission,
    SubmissionKind,
    SubmissionRejected,
    Target,
)
from anomed_dataset_anonymization.challenge import attack_metrics, attacks, products
from anomed_dataset_anonymization.challenge.baselines import baselines
from anomed_dataset_anonymization.challenge.metrics import ANONYMIZER
from anomed_dataset_anonymization.challenge.rankings import house_entries, rankings
from anomed_dataset_anonymization.challenge.scoring import score_table
from anomed_dataset_anonymization.schema.frames import read_frame
from anomed_dataset_anonymization.schemes import PublishedTable, publish
from anomed_dataset_anonymization.threat import (
    read_claims,
    read_inferences,
    read_reconstruction,
)

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena, Draw

_TUNING_DECIMALS = 2
"""Scores of attacks for tuning are rounded, so that they tell little about single targets."""


@attrs.frozen(kw_only=True, eq=False)
class ArenaDefinition:
    """See `anomed_dataset_anonymization.challenge.definition.Definition`.

    Attributes
    ----------
    arena : Arena
        People, draws and measures.
    """

    arena: Arena

    def data_products(self) -> list[DataProduct]:
        """Declare the data of both sides."""
        return products.data_products(self.arena)

    def submission_kinds(self) -> list[SubmissionKind]:
        """Declare published tables and attacks."""
        return products.submission_kinds(self.arena)

    def metrics(self) -> list[Metric]:
        """Declare the metrics of all kinds."""
        return products.metrics(self.arena)

    def provide(self, product: DataProduct, request: DataRequest) -> Any:
        """Return the content of a product."""
        arena = self.arena
        makers: dict[str, Callable[[], Any]] = {
            products.LEAKY: arena.leaky_table,
            products.REFERENCE: arena.reference_table,
            products.SCHEMA: arena.schema.to_document,
            products.BACKGROUND: lambda: self._draw(request).knowledge,
            products.TARGETS: lambda: self._targets(request),
            products.PUBLISHED: lambda: publish(self._published(request)),
            products.SCHEME: lambda: self._scheme(request),
        }
        return makers[product.path]()

    def validate(self, submission: Submission) -> None:
        """Refuse what does not fit, in one sentence."""
        try:
            if submission.kind == ANONYMIZER:
                self.arena.published(submission)
            else:
                self._check_attacker(submission)
                self._check_attack(submission)
        except SubmissionRejected:
            raise
        except ValueError as error:
            sentence = str(error)
            raise SubmissionRejected(sentence[:1].upper() + sentence[1:]) from error

    def evaluate_utility(self, submission: Submission) -> Mapping[str, float]:
        """Score a published table."""
        return score_table(self.arena.published(submission), self.arena, submission.split)

    def evaluate_threat(self, submission: Submission, target: Target) -> Mapping[str, float]:
        """Score an attack, coarsely for tuning."""
        if submission.kind == attack_metrics.INFERENCE:
            metrics = attacks.score_inference_attack(self.arena, submission)
        elif submission.kind == attack_metrics.LINKAGE:
            metrics = attacks.score_linkage_attack(self.arena, submission, target)
        else:
            metrics = attacks.score_reconstruction_attack(self.arena, submission)
        if submission.split is Split.TUNING:
            return {name: round(value, _TUNING_DECIMALS) for name, value in metrics.items()}
        return metrics

    def house_attacks(self) -> list[HouseAttack]:
        """Return the panel."""
        return attacks.house_attacks(self.arena)

    def baselines(self) -> list[Baseline]:
        """Return tables and attacks with known outcomes."""
        return baselines(self.arena)

    def rankings(self) -> list[Ranking]:
        """Rank the useful by the worst attack on them."""
        return rankings(self.arena)

    def house_entries(self) -> list[HouseEntry]:
        """Enter tables that anybody could publish."""
        return house_entries(self.arena)

    def _draw(self, request: DataRequest) -> Draw:
        return self.arena.draw(
            request.split or Split.TUNING,
            anonymizer=request.anonymizer or "",
            deanonymizer=request.deanonymizer or "",
        )

    def _targets(self, request: DataRequest) -> dict[str, Any]:
        arena = self.arena
        return {
            "data_split": (request.split or Split.TUNING).value,
            "target_ids": self._draw(request).targets.ids.tolist(),
            "known": list(arena.known_names),
            "unknown": list(arena.unknown_names),
            "noise": dict(arena.noise),
        }

    def _submission(self, request: DataRequest) -> Submission:
        submission = request.target.submission if request.target else None
        if submission is None:
            raise SubmissionRejected(
                f"The anonymizer {request.anonymizer!r} has published nothing yet; choose another "
                "one or wait for it."
            )
        return submission

    def _published(self, request: DataRequest) -> PublishedTable:
        return self.arena.published(self._submission(request)).without_lineage()

    def _scheme(self, request: DataRequest) -> dict[str, Any]:
        submission = self._submission(request)
        return {
            "scheme": submission.payload["anon_scheme"],
            "data_split": submission.split.value,
            "rows": self.arena.published(submission).n_rows,
            "payload_digest": submission.digest,
        }

    def _check_attacker(self, submission: Submission) -> None:
        anonymizer, deanonymizer = submission.anonymizer, submission.deanonymizer
        if anonymizer and anonymizer == deanonymizer:
            raise SubmissionRejected(
                f"{deanonymizer!r} can't attack its own table: the scores would tell its author "
                "what to hide; choose another anonymizer."
            )
        if submission.split is Split.VALIDATION and not (anonymizer and deanonymizer):
            raise SubmissionRejected(
                "A final must say who attacks whom; give anonymizer and deanonymizer in the query."
            )

    def _check_attack(self, submission: Submission) -> None:
        arena, frame = self.arena, read_frame(submission.payload)
        if submission.kind == attack_metrics.RECONSTRUCTION:
            read_reconstruction(frame, schema=arena.schema, n_people=arena.n_leaky)
            return
        ids = attacks.draw_of(arena, submission).targets.ids
        if submission.kind == attack_metrics.LINKAGE:
            read_claims(frame, target_ids=ids, n_rows=arena.n_leaky)
        else:
            read_inferences(frame, schema=arena.schema, target_ids=ids, unknown=arena.unknown_names)
