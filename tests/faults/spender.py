"""Spend one budget from many threads; run as a process of its own, which may be killed.

Prints ``ready``, and with the first line of standard input all threads begin. Every committed claim
is told, after the ledger has said so, by a line of its number and what it took.
"""

import argparse
import os
import random
import sys
import threading
from decimal import Decimal

from anomed_core.errors import BudgetExhaustedError, LedgerError
from anomed_core.ledger import (
    OPERATION,
    ArchivedBody,
    ArchiveEntry,
    ClaimRequest,
    Database,
    Ledger,
    lines_on,
)
from anomed_core.model import Account, Line, Resource, Role, Subject, as_amount

PURSE = Account(name="purse", resources=[Resource(name="coins", limit=10, lapse="spent")])
CHEST = Account(
    name="chest", shared=True, resources=[Resource(name="coins", limit=100, lapse="released")]
)
ALICE = Subject(role=Role.ANONYMIZER, anonymizer="alice")
PRICE = as_amount("0.3")


def call_of(amount: Decimal) -> ClaimRequest:
    """Return a call that takes as much of both accounts."""
    return ClaimRequest(
        challenge="iris",
        what=OPERATION,
        kind="buy",
        subject=ALICE,
        split=None,
        payload_digest="d" * 64,
        fingerprint="f" * 64,
        lease_s=60,
        lines=lines_on(
            [PURSE, CHEST], [Line(CHEST, "coins", amount), Line(PURSE, "coins", amount)]
        ),
    )


def answer_of(claim_id: int) -> ArchiveEntry:
    """Return what is archived of a call."""
    return ArchiveEntry(
        challenge="iris",
        operation="buy",
        subject=ALICE,
        request=ArchivedBody(content=b"1"),
        answer=ArchivedBody(content=b"%d" % claim_id),
    )


def tell(claim_id: int, amount: Decimal) -> None:
    """Say what was committed, in one system call."""
    os.write(sys.stdout.fileno(), f"{claim_id} {amount}\n".encode())


def spend_all(ledger: Ledger) -> None:
    """Buy until there is nothing left."""
    while True:
        try:
            claim = ledger.claim(call_of(PRICE), started=True)
        except BudgetExhaustedError:
            return
        ledger.commit(claim, entry=answer_of(claim.id))
        tell(claim.id, PRICE)


def spend_somehow(ledger: Ledger, rng: random.Random) -> None:
    """Buy, fail before and after the beginning, and spend less than was reserved, for ever."""
    while True:
        amount = rng.choice([as_amount(text) for text in ("1e-18", "0.1", "0.3", "0.7")])
        ends, started = rng.choice(["commit", "commit", "commit less", "fail"]), rng.random() < 0.5
        try:
            claim = ledger.claim(call_of(amount), started=started)
            if not started and rng.random() < 0.5:
                ledger.start(claim)
            if ends == "fail":
                ledger.release(claim, "failed")
                continue
            spent = amount if ends == "commit" else amount / 2
            ledger.commit(
                claim,
                spent=[Line(PURSE, "coins", spent), Line(CHEST, "coins", spent)],
                entry=answer_of(claim.id),
            )
            tell(claim.id, spent)
        except BudgetExhaustedError:
            continue
        except LedgerError as error:  # its claim was taken for dead
            os.write(sys.stdout.fileno(), f"# {error}\n".encode())


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seed", type=int, help="spend somehow, for ever; else all there is")
    options = parser.parse_args()
    ledger = Ledger(Database(options.url))
    begin = threading.Event()

    def run(number: int) -> None:
        begin.wait()
        if options.seed is None:
            spend_all(ledger)
        else:
            spend_somehow(ledger, random.Random(options.seed * 1000 + number))

    threads = [
        threading.Thread(target=run, args=(number,), daemon=True)
        for number in range(options.threads)
    ]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.readline()
    begin.set()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
