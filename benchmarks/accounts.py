"""What a claim of amounts costs, beside two bare durable transactions on the same database.

Run on a machine that does nothing else::

    python -m benchmarks.accounts [--ledger URL] [--seconds N]

A call of a cheap operation claims two lines, and commits them with its entry in the archive. The
floor is what no ledger can do without: two transactions that write a row each and wait for the
disk. Both are measured in turns, so that a machine that slows down slows both.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from anomed_core.ledger import (
    OPERATION,
    ArchivedBody,
    ArchiveEntry,
    ClaimRequest,
    Database,
    Ledger,
    lines_on,
)
from anomed_core.model import Account, Line, Resource, Role, Subject

TURN_S = 0.5
WANTED = 0.5
"""Of the rate of two bare durable transactions."""

PRIVACY = Account(
    name="privacy",
    resources=[
        Resource(name="epsilon", limit=10**9, lapse="spent"),
        Resource(name="queries", limit=None),
    ],
)
PRICE = lines_on([PRIVACY], [Line(PRIVACY, "epsilon", "0.1"), Line(PRIVACY, "queries", 1)])


def request_of(name: str) -> ClaimRequest:
    """Return a call of somebody."""
    return ClaimRequest(
        challenge="bench",
        what=OPERATION,
        kind="count",
        subject=Subject(role=Role.ANONYMIZER, anonymizer=name),
        split=None,
        payload_digest="0" * 64,
        fingerprint="0" * 64,
        lease_s=60,
        lines=PRICE,
    )


def measured(jobs: dict[str, Callable[[], None]], seconds: float) -> dict[str, float]:
    """Return how often each job was done in a second, in turns."""
    n_done, taken = dict.fromkeys(jobs, 0), dict.fromkeys(jobs, 0.0)
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        for name, job in jobs.items():
            began = now = time.perf_counter()
            while now - began < TURN_S:
                job()
                n_done[name] += 1
                now = time.perf_counter()
            taken[name] += now - began
    return {name: n_done[name] / taken[name] for name in jobs}


def main() -> int:
    """Measure, and say how the two compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ledger", help="an empty database; SQLite in a new folder, if not given")
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        database = Database(options.ledger or f"sqlite:///{folder}/ledger.sqlite")
        rates = compare(database, options.seconds)
        database.close()
    ratio = rates["claim and commit"] / rates["two bare transactions"]
    for name, rate in rates.items():
        print(f"{name:<24} {rate:8.0f} / s   {1e3 / rate:6.2f} ms")
    print(f"{'ratio':<24} {ratio:8.2f}   (wanted: {WANTED} at least)")
    return 0 if ratio >= WANTED else 1


def compare(database: Database, seconds: float) -> dict[str, float]:
    """Measure both in one run."""
    ledger = Ledger(database)
    bare = sa.Table("bare", sa.MetaData(), sa.Column("text", sa.Text))
    insert = sa.insert(bare)
    with database.writing() as connection:
        bare.create(connection)
    n_calls = 0
    entry = ArchiveEntry(
        challenge="bench",
        operation="count",
        subject=None,
        request=ArchivedBody(content=b'{"query":"count"}'),
        answer=ArchivedBody(content=b"17"),
    )

    def claim_and_commit() -> None:
        nonlocal n_calls
        n_calls += 1
        claim = ledger.claim(request_of(f"a{n_calls % 10}"), started=True)
        ledger.commit(claim, entry=entry)

    def two_bare() -> None:
        for _ in range(2):
            with database.writing() as connection:
                connection.execute(insert, {"text": "0" * 200})

    jobs = {"two bare transactions": two_bare, "claim and commit": claim_and_commit}
    for job in jobs.values():
        job()
    return measured(jobs, seconds)


if __name__ == "__main__":
    raise SystemExit(main())
