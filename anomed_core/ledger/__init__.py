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
from anomed_core.ledger.sql import SqlLedger

__all__ = [
    "Attempt",
    "ChainFault",
    "Claim",
    "ClaimRequest",
    "Ledger",
    "Provenance",
    "Quota",
    "SqlLedger",
]
