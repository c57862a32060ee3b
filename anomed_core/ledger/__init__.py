"""The memory: claims and scores that survive everything but the disk."""

from anomed_core.ledger.account_book import AccountBook, Wanted
from anomed_core.ledger.account_facts import AccountFacts, BalanceFacts
from anomed_core.ledger.archive import ArchivedBody, ArchiveEntry, Entry, KeptBody
from anomed_core.ledger.chain import AuditRow, ChainFault, decided_by
from anomed_core.ledger.claim_requests import (
    BYTES,
    OPERATION,
    SUBMISSION,
    Claim,
    ClaimLine,
    ClaimRequest,
    Left,
    Quota,
    accounts_of_kind,
    lines_on,
    stored_account,
)
from anomed_core.ledger.criteria import RankedMetric
from anomed_core.ledger.database import Database, migrate_ledger
from anomed_core.ledger.device_codes import DeviceCodes
from anomed_core.ledger.failures import no_room_left
from anomed_core.ledger.finals import Finals
from anomed_core.ledger.follow_ups import DELIVER, FollowUp, FollowUpBook, FollowUpFacts
from anomed_core.ledger.grants import (
    EVERY_CHALLENGE,
    Grant,
    Identity,
    NewToken,
    Owner,
    TokenFacts,
)
from anomed_core.ledger.history import Attempt, Choice
from anomed_core.ledger.job_rows import Job, NewJob
from anomed_core.ledger.jobs import JobBook
from anomed_core.ledger.ledger import Ledger
from anomed_core.ledger.moments import Link, Moment, Stamp
from anomed_core.ledger.named_bodies import NamedBodies
from anomed_core.ledger.neighbours import (
    BEAT_EVERY_S,
    MOST_OFFSET_S,
    Neighbours,
    RequestCounts,
    contract_ledger,
)
from anomed_core.ledger.opening import Rules
from anomed_core.ledger.scores import NewScore, Provenance, attack_result
from anomed_core.ledger.teams import TeamBook, TeamFacts
from anomed_core.ledger.times import MICROSECOND, utc_microseconds
from anomed_core.ledger.tokens import TokenBook
from anomed_core.ledger.uses import Use

__all__ = [
    "BEAT_EVERY_S",
    "BYTES",
    "DELIVER",
    "EVERY_CHALLENGE",
    "MICROSECOND",
    "MOST_OFFSET_S",
    "OPERATION",
    "SUBMISSION",
    "AccountBook",
    "AccountFacts",
    "ArchiveEntry",
    "ArchivedBody",
    "Attempt",
    "AuditRow",
    "BalanceFacts",
    "ChainFault",
    "Choice",
    "Claim",
    "ClaimLine",
    "ClaimRequest",
    "Database",
    "DeviceCodes",
    "Entry",
    "Finals",
    "FollowUp",
    "FollowUpBook",
    "FollowUpFacts",
    "Grant",
    "Identity",
    "Job",
    "JobBook",
    "KeptBody",
    "Ledger",
    "Left",
    "Link",
    "Moment",
    "NamedBodies",
    "Neighbours",
    "NewJob",
    "NewScore",
    "NewToken",
    "Owner",
    "Provenance",
    "Quota",
    "RankedMetric",
    "RequestCounts",
    "Rules",
    "Stamp",
    "TeamBook",
    "TeamFacts",
    "TokenBook",
    "TokenFacts",
    "Use",
    "Wanted",
    "accounts_of_kind",
    "attack_result",
    "contract_ledger",
    "decided_by",
    "lines_on",
    "migrate_ledger",
    "no_room_left",
    "stored_account",
    "utc_microseconds",
]
