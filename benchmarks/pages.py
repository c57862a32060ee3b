"""What the page of a ranking costs, with 1,000 teams and 20,000 scores, in milliseconds of a core.

Run from the root of the repository::

    python -m benchmarks.pages

``cold`` is the first page after the ledger has moved, figures apart, which another process draws;
``warm`` is the same page for another reader, ``known`` is for one that has it. ``submission`` is
how long a submission takes by the clock, alone and while four readers load the page without pause.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from falcon.testing import Result, TestClient

from anomed_core.ledger import Grant, NewToken
from anomed_core.ledger.criteria import parsed_ranked, rebuild_criteria
from anomed_core.ledger.schema import chain_heads, scores
from anomed_core.model import Role
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from anomed_core.wire import encode_npz
from tests.ledger.contest import Contest, anonymizer
from tests.pages_world import PagesWorld, open_world

N_TEAMS, N_ATTACKS = 1000, 18
N_TRIES = 15
N_READERS = 4
PATH = "/challenges/incomes/ranking"


def cpu_ms(call: Callable[[], object]) -> float:
    """Return what a call costs this process."""
    began = time.process_time()
    call()
    return 1000 * (time.process_time() - began)


def fill(server: Server, path: Path) -> None:
    """Write teams and scores behind the ledger's back: recording 20,000 takes minutes."""
    names = [f"team-{n}" for n in range(N_TEAMS)]
    server.tokens.create_all(
        [
            NewToken(
                team=name,
                grants=(Grant(role=Role.ANONYMIZER, holder=name, challenge="incomes"),),
            )
            for name in names
            if name != "team-4"  # which has a token already
        ]
    )
    rows = list(score_rows(names))
    claimed = (
        sa.update(chain_heads)  # first, as it locks out whoever else records
        .where(chain_heads.c.name == scores.name)
        .values(length=chain_heads.c.length + len(rows), hash=f"filled {len(rows)}")
        .returning(chain_heads.c.length)
    )
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        before = connection.execute(claimed).scalar_one() - len(rows)
        for n, row in enumerate(rows, start=1):
            row |= {"id": before + n, "hash": f"filled {n}"}
        connection.execute(sa.insert(scores), rows)
        rebuild_criteria(connection, "incomes", parsed_ranked(connection, "incomes"))
    engine.dispose()


def score_rows(names: list[str]) -> Iterator[dict[str, Any]]:
    """Yield finals, the house's attack on each, and then those of participants."""
    rng = random.Random(7)
    columns = ("parameters", "payload_digest", "fingerprint", "previous_hash")
    same = dict.fromkeys(columns, "") | {
        "challenge": "incomes",
        "split": "validation",
        "core_version": "1",
        "plugin": "incomes",
        "plugin_version": "1",
        "recorded_at": time.time_ns() // 1000,
    }

    def row(name: str, metrics: dict[str, float], *, label: str = "", attacker: str = "") -> Any:
        kind = "deanonymizer" if attacker else "anonymizer"
        return {
            **same,
            "kind": kind,
            "role": kind,
            "anonymizer": name,
            "deanonymizer": attacker,
            "origin": "house" if label else "participant",
            "label": label,
            "metrics": json.dumps(metrics),
        }

    for name in names:
        yield row(name, {"utility": rng.uniform(0.58, 0.95)})
    for attacker in ("", *(f"attacker-{n}" for n in range(N_ATTACKS))):
        for name in names:
            risk = rng.uniform(0.05, 0.4)
            metrics = {"risk": risk, "risk_low": risk - 0.03, "risk_high": risk + 0.04}
            yield row(name, metrics, label="" if attacker else "panel", attacker=attacker)


def move(world: PagesWorld, name: str) -> None:
    """Record one final more."""
    hosted = world.server.challenges["incomes"]
    contest = Contest(
        ledger=world.server.ledger, challenge=hosted.id, fingerprint=hosted.fingerprint
    )
    contest.submit("anonymizer", anonymizer(name), {"utility": 0.7})


def submission_ms(client: TestClient, token: str, n: int) -> list[float]:
    """Return how long tuning submissions take by the clock."""
    body = encode_npz({"guess": np.full(4, 0.5)})
    took = []
    for _ in range(n):
        began = time.perf_counter()
        answer = client.simulate_post(
            "/challenges/incomes/utility/anonymizer?data_split=tuning",
            body=body,
            headers={"Authorization": f"Bearer {token}"},
        )
        took.append(1000 * (time.perf_counter() - began))
        assert answer.status_code == 201, answer.text
    return took


def pages_cost(world: PagesWorld, page: Callable[..., Result]) -> dict[str, list[float]]:
    """Return what pages cost after each of some finals."""
    token = world.tokens["anonymizer"]
    costs: dict[str, list[float]] = {"cold": [], "warm, another reader": [], "known: 304": []}
    for n in range(N_TRIES):
        move(world, f"late-{n}")
        costs["cold"].append(cpu_ms(page))
        costs["warm, another reader"].append(cpu_ms(lambda: page(Authorization=f"Bearer {token}")))
        etag = ""
        while not etag:
            time.sleep(0.2)  # its figure is being drawn
            etag = page().headers.get("ETag", "")
        known = {"If-None-Match": etag}
        costs["known: 304"].append(cpu_ms(lambda known=known: page(**known)))  # type: ignore[misc]
    return costs


def memory_mib() -> float:
    """Return the most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def beside_readers(
    client: TestClient, token: str, page: Callable[..., Result]
) -> dict[str, list[float]]:
    """Return how long submissions take alone, and while pages are read."""
    took = {"submission, alone": submission_ms(client, token, N_TRIES)}
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            page()

    readers = [threading.Thread(target=read) for _ in range(N_READERS)]
    for reader in readers:
        reader.start()
    took["submission, four readers"] = submission_ms(client, token, N_TRIES)
    ended.set()
    for reader in readers:
        reader.join()
    return took


def tell(costs: dict[str, list[float]]) -> None:
    """Print a line for each question."""
    for name, values in costs.items():
        print(f"{name:26} {statistics.median(values):8.1f} ms, at most {max(values):.1f}")


def main() -> None:
    """Print one line for each question."""
    with tempfile.TemporaryDirectory() as folder:
        world = open_world(Path(folder), n_teams=0, in_background=True, n_tuning=0)
        fill(world.server, Path(folder, "ledger.sqlite"))
        client = TestClient(create_web_app(world.server, access_log=False))

        def page(**headers: str) -> Result:
            return client.simulate_get(PATH, headers={"Accept": "text/html", **headers})

        print(f"{world.server.ledger.n_scores():,} scores")
        print(f"{'the very first':26} {cpu_ms(page):8.1f} ms")
        tell(pages_cost(world, page))
        print(f"{'size of the page':26} {len(page().content) / 1000:8.0f} kB")
        before = memory_mib()
        for n in range(2 * N_TRIES):
            move(world, f"later-{n}")
            page()
        print(f"{'memory, 30 finals later':26} {memory_mib():8.1f} MiB, before {before:.1f}")
        tell(beside_readers(client, world.tokens["anonymizer"], page))
        world.server.close()


if __name__ == "__main__":
    main()
