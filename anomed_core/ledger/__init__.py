"""The memory: attempts and scores that survive everything but the disk."""

from anomed_core.ledger.contract import (
    Attempt,
    ChainFault,
    Claim,
    ClaimRequest,
    Ledger,
    Provenance,
    Quota,
)
from anomed_core.ledger.database import Database, migrate_ledger
from anomed_core.ledger.follow_ups import DELIVER, FollowUp, FollowUpBook, FollowUpFacts
from anomed_core.ledger.sql import SqlLedger
from anomed_core.ledger.tokens import EVERY_CHALLENGE, Identity, TokenBook, TokenFacts

__all__ = [
    "DELIVER",
    "EVERY_CHALLENGE",
    "Attempt",
    "ChainFault",
    "Claim",
    "ClaimRequest",
    "Database",
    "FollowUp",
    "FollowUpBook",
    "FollowUpFacts",
    "Identity",
    "Ledger",
    "Provenance",
    "Quota",
    "SqlLedger",
    "TokenBook",
    "TokenFacts",
    "migrate_ledger",
]
