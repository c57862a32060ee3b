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
from anomed_core.ledger.outbox import Letter, LetterFacts, Outbox
from anomed_core.ledger.sql import SqlLedger
from anomed_core.ledger.tokens import EVERY_CHALLENGE, Identity, TokenBook, TokenFacts

__all__ = [
    "EVERY_CHALLENGE",
    "Attempt",
    "ChainFault",
    "Claim",
    "ClaimRequest",
    "Database",
    "Identity",
    "Ledger",
    "Letter",
    "LetterFacts",
    "Outbox",
    "Provenance",
    "Quota",
    "SqlLedger",
    "TokenBook",
    "TokenFacts",
    "migrate_ledger",
]
