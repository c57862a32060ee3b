"""How long a ranking of a million scores takes, on SQLite.

Run from the root of the repository::

    python -m benchmarks.ranking

Two mixtures: few anonymizers with many attacks on each, and as many finals as attacks. Each is
asked for the first hundred and for one place, before and after the ranking was computed once.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from anomed_core.service.ranking.rankings import Rankings
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
        connection.execute("UPDATE chain_heads SET hash = 'filled' WHERE name = 'scores'")
        return written.rowcount


def seconds(rankings: Rankings, hosted: object, **asked: object) -> float:
    """Return how long it takes to tell a ranking."""
    began = time.perf_counter()
    rankings.tables(hosted, **asked)  # type: ignore[arg-type]  # as the caller has them
    return time.perf_counter() - began


def main() -> None:
    """Print one line for each mixture and question."""
    print(f"{'scores':>10} {'question':45} {'first':>7} {'again':>7}  seconds")
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
                first, again = (seconds(rankings, hosted, **asked) for _ in range(2))
                print(f"{n_rows:10} {question:45} {first:7.2f} {again:7.2f}")
            server.close()


if __name__ == "__main__":
    main()
