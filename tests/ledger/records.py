"""Ledgers with something in them."""

from anomed_core.ledger import Database, SqlLedger
from anomed_core.testing.ledger_contract import PROVENANCE, final_of, score_of, tuning_of

__all__ = ["PROVENANCE", "filled"]


def filled(database: Database, *, n_rows: int = 6) -> SqlLedger:
    """Return a ledger with so many scores and as many audit rows."""
    ledger = SqlLedger(database)
    ledger.open_challenge("iris", "f" * 64, accept_change=False)
    for number in range(n_rows - 1):
        score_of(ledger, tuning_of(), number / n_rows)
        ledger.audit("token created", holder=f"holder-{number}")
    score_of(ledger, final_of(), 0.75)
    ledger.audit("token revoked", holder="holder-0")
    return ledger
