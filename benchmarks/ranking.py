"""What a ranking of a million scores costs, on SQLite, in seconds of a core.

Run from the root of the repository::

    python -m benchmarks.ranking

Two mixtures: few anonymizers with many attacks on each, and as many finals as attacks. Each is
asked for the first hundred and for one place: for the first time, again, and after another score.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.ranking.rankings import Rankings
from anomed_core.service.server import Server
from tests.ledger.contest import Contest, anonymizer, pair
from tests.ranked_type import open_contest

MIXTURES = {
    "20,000 entries, 49 attacks on each": (20_000, 49),
    "500,000 entries, 1 attack on each": (500_000, 1),
}
N_HOUSE = 8
"""Of the attacks on an entry, if there are more, so many are the house's."""

Row = tuple[object, ...]


def rows(n_entries: int, n_attacks: int) -> Iterator[Row]:
    """Yield rows of criteria: finals first, then all attacks on each."""
    rng = random.Random(1)
    number = 0

    def row(kind: str, label: str, who: str, attacker: str, metric: str, value: float) -> Row:
        role = "deanonymizer" if attacker else "anonymizer"
        about = ("incomes", kind, "validation", "house" if label else "participant", label)
        estimate = min(1.0, value + 0.1) if metric == "risk_low" else None
        return (number, number, *about, role, who, attacker, metric, value, estimate)

    for entry in range(n_entries):
        number += 1
        yield row("anonymizer", "", f"anonymizer-{entry}", "", "utility", rng.random())
    for attack in range(n_attacks):
        for entry in range(n_entries):
            number += 1
            is_house = attack < min(N_HOUSE, n_attacks // 2)
            kind = "anonymizer" if is_house else "deanonymizer"
            label, attacker = ("panel", "") if is_house else ("", f"deanonymizer-{attack}")
            yield row(kind, label, f"anonymizer-{entry}", attacker, "risk_low", rng.random())


def fill(path: Path, n_entries: int, n_attacks: int) -> int:
    """Write criteria behind the ledger's back: recording a million scores takes minutes."""
    with sqlite3.connect(path) as connection:
        marks = ", ".join("?" * 13)
        written = connection.executemany(
            f"INSERT INTO criteria VALUES ({marks})",
            rows(n_entries, n_attacks),
        )
        connection.execute(
            "UPDATE chain_heads SET length = ?, hash = 'filled' WHERE name = 'scores'",
            (written.rowcount,),
        )
        return written.rowcount


def seconds(rankings: Rankings, hosted: HostedChallenge, asked: Mapping[str, Any]) -> float:
    """Return what it costs to tell a ranking."""
    began = time.process_time()
    rankings.tables(hosted, **asked)
    return time.process_time() - began


def record(server: Server, name: str) -> None:
    """Record a final, and an attack on it."""
    (hosted,) = server.challenges.values()
    contest = Contest(ledger=server.ledger, challenge=hosted.id, fingerprint=hosted.fingerprint)
    contest.submit("anonymizer", anonymizer(name), {"utility": 0.5})
    contest.submit("deanonymizer", pair(name, "dan"), {"risk": 0.5, "risk_low": 0.4})


def main() -> None:
    """Print one line for each mixture and question."""
    print(f"{'scores':>10} {'question':45} {'first':>7} {'again':>7} {'after':>7}  seconds")
    for title, (n_entries, n_attacks) in MIXTURES.items():
        with tempfile.TemporaryDirectory() as folder:
            server = open_contest(Path(folder))
            n_rows = fill(Path(folder, "ledger.sqlite"), n_entries, n_attacks)
            hosted = server.challenges["incomes"]
            print(title)
            for question, asked in (
                ("the first hundred", {"name": "anonymizers", "at_most": 100}),
                ("one place", {"name": "anonymizers", "entry": f"anonymizer-{n_entries // 2}"}),
                ("both rankings, the first hundred of each", {"at_most": 100}),
            ):
                rankings = Rankings(server.ledger)
                record(server, f"{question}, before")
                first, again = (seconds(rankings, hosted, asked) for _ in range(2))
                record(server, f"{question}, after")
                after = seconds(rankings, hosted, asked)
                print(f"{n_rows:10} {question:45} {first:7.2f} {again:7.2f} {after:7.2f}")
            server.close()


if __name__ == "__main__":
    main()
