"""The memory: attempts and scores that survive everything but the disk."""

from anomed_core.ledger.chain import AuditRow, ChainFault
from anomed_core.ledger.claims import Claim, ClaimRequest, Quota
from anomed_core.ledger.criteria import RankedMetric
from anomed_core.ledger.database import Database, migrate_ledger
from anomed_core.ledger.failures import no_room_left
from anomed_core.ledger.finals import Finals, Moment, Stamp
from anomed_core.ledger.follow_ups import DELIVER, FollowUp, FollowUpBook, FollowUpFacts
from anomed_core.ledger.granted_attempts import Use
from anomed_core.ledger.grants import (
    EVERY_CHALLENGE,
    Grant,
    Identity,
    NewToken,
    Owner,
    TokenFacts,
)
from anomed_core.ledger.ledger import Ledger
from anomed_core.ledger.opening import Rules
from anomed_core.ledger.reading import Attempt, Choice
from anomed_core.ledger.schema import MICROSECOND, utc_microseconds
from anomed_core.ledger.scores import NewScore, Provenance, attack_result
from anomed_core.ledger.teams import TeamBook, TeamFacts
from anomed_core.ledger.tokens import TokenBook

__all__ = [
    "DELIVER",
    "EVERY_CHALLENGE",
    "MICROSECOND",
    "Attempt",
    "AuditRow",
    "ChainFault",
    "Choice",
    "Claim",
    "ClaimRequest",
    "Database",
    "Finals",
    "FollowUp",
    "FollowUpBook",
    "FollowUpFacts",
    "Grant",
    "Identity",
    "Ledger",
    "Moment",
    "NewScore",
    "NewToken",
    "Owner",
    "Provenance",
    "Quota",
    "RankedMetric",
    "Rules",
    "Stamp",
    "TeamBook",
    "TeamFacts",
    "TokenBook",
    "TokenFacts",
    "Use",
    "attack_result",
    "migrate_ledger",
    "no_room_left",
    "utc_microseconds",
]
