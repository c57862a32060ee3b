"""What cheats are played with: tables, the house, the ranking, and the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anomed_dataset_anonymization.anonymizers import Mondrian
from anomed_dataset_anonymization.schema.frames import people_frame

from anomed_core import Split, Submission
from anomed_core.ledger import attack_result
from anomed_core.service.kept_submissions import KeptSubmissions
from anomed_core.service.ranking.table import RankingEntry

from .conftest import Player

KNOWN = ["age", "sex", "region", "admission_month", "admission_type", "length_of_stay"]
TUNING = {"data_split": "tuning"}
UTILITY = (
    "query_error",
    "usefulness",
    "k_marginal",
    "gcp",
    "ncp_xu",
    "discernibility",
    "average_class_size",
    "classification_metric",
    "entropy_loss",
    "sse_share",
)


def mondrian(player: Player, leaky: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    return Mondrian(k=k).anonymize(leaky, player.arena.schema, rng=np.random.default_rng(0))


def kept(player: Player) -> Submission:
    """Return the newest submission of alice as the house's attacks get it."""
    (hosted,) = player.server.challenges.values()
    store: KeptSubmissions = player.server.submissions.kept
    submission = store.target(hosted, "alice", whole=True).submission
    assert submission is not None
    return submission


def house_risk(player: Player, name: str) -> float:
    (hosted,) = player.server.challenges.values()
    attack = next(attack for attack in hosted.house_attacks if attack.name == name)
    return attack.run(kept(player), np.random.default_rng(0))["risk_low"]


def ranking(player: Player, tables: dict[str, tuple[pd.DataFrame, str]]) -> list[str]:
    """Publish finals, let the house attack them, and return who is ranked how, best first."""
    (hosted,) = player.server.challenges.values()
    ledger = player.server.ledger
    for name, (table, scheme) in tables.items():
        answer = player.publish(table, scheme, data_split="validation", anonymizer=name)
        assert answer.status_code == 201, answer.text
        score = ledger.scores(challenge=hosted.id)[-1]
        submission = player.server.submissions.kept.target(hosted, name, whole=True).submission
        for attack in hosted.house_attacks:
            metrics = attack.run(submission, np.random.default_rng(0))
            ledger.record_house(attack_result(score, attack.name, metrics, hosted.provenance))
    return [entry.anonymizer for entry in entries(player)]


def entries(player: Player) -> list[RankingEntry]:
    """Return the headline ranking, best first."""
    (hosted,) = player.server.challenges.values()
    headline, *_ = player.server.rankings.tables(hosted)
    return list(headline.entries)


def truth_of(
    player: Player, split: Split = Split.TUNING, *, anonymizer: str = "alice"
) -> pd.DataFrame:
    """Return the targets of dora with their true values, and who is a member."""
    draw = player.arena.draw(split, anonymizer=anonymizer, deanonymizer="dora")
    people = player.arena.people.coordinates[draw.targets.positions]
    return people_frame(people, player.arena.schema).assign(
        target_id=draw.targets.ids, is_member=draw.targets.is_member
    )


def worst_of(player: Player) -> float:
    """Return what decides first about the only table: the worst risk."""
    (entry,) = entries(player)
    return next(iter(entry.values.values()))
