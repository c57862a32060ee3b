"""Who works beside requests: deliveries, attacks and entries of the house."""

from __future__ import annotations

from collections.abc import Mapping

from anomed_core.config import ServerSettings
from anomed_core.delivery.platform import platform_from
from anomed_core.delivery.worker import DeliveryWorker, SealedScoreError
from anomed_core.engine import Engine
from anomed_core.ledger import FollowUpBook
from anomed_core.model import Score
from anomed_core.model.delivery import DeliveryContext
from anomed_core.plugins import PluginRegistry
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.house_attacks import HouseAttackWorker
from anomed_core.service.ranking.house_entries import HouseEntries, HouseEntryThread
from anomed_core.service.records import Records
from anomed_core.service.seals import Seals

PLATFORM_PLUGIN = "anomed-core platform"


def delivery_workers(
    hosted: Mapping[str, HostedChallenge],
    registry: PluginRegistry,
    follow_ups: FollowUpBook,
    seals: Seals,
    environment: Mapping[str, str],
) -> list[DeliveryWorker]:
    """Return the delivery worker, if there is anybody to deliver to."""
    platform = platform_from(environment)
    if platform is not None and registry.plugins.get(PLATFORM_PLUGIN) is None:
        registry.add(platform, name=PLATFORM_PLUGIN)
    if not registry.implementations("anomed_deliver_score"):
        return []

    def deliver(score: Score, context: DeliveryContext) -> bool:
        if score.challenge not in hosted:
            return False
        owner = hosted[score.challenge]
        if until := seals.of_score(owner, score):
            raise SealedScoreError(until)
        taken = owner.hook("anomed_deliver_score")(
            challenge=owner.challenge, score=score, context=context
        )
        return bool(taken)

    return [DeliveryWorker(follow_ups, deliver)]


def house_attack_workers(
    hosted: Mapping[str, HostedChallenge],
    records: Records,
    engine: Engine,
    settings: ServerSettings,
) -> list[HouseAttackWorker]:
    """Return the worker that runs house attacks, if there are attacks for it to run."""
    if not any(challenge.attacks_by_itself for challenge in hosted.values()):
        return []
    return [
        HouseAttackWorker(
            challenges=hosted,
            submissions=records.kept,
            engine=engine,
            ledger=records.ledger,
            follow_ups=records.follow_ups,
            timeout_s=settings.evaluation_timeout_s,
        )
    ]


def house_entry_threads(
    hosted: Mapping[str, HostedChallenge], records: Records, engine: Engine
) -> tuple[HouseEntryThread, ...]:
    """Return the thread that scores the entries of the house, if there are any."""
    if not any(challenge.house_entries for challenge in hosted.values()):
        return ()
    entries = HouseEntries(
        challenges=hosted, submissions=records.kept, engine=engine, ledger=records.ledger
    )
    return (HouseEntryThread(entries),)
