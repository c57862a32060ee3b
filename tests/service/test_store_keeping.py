"""A store beside a ledger: what is missing, what is damaged, and what nothing names."""

from pathlib import Path

import numpy as np
import pytest

from anomed_core.ledger import Job
from anomed_core.service.server import Server
from anomed_core.service.store_keeping import collect, store_faults
from anomed_core.state import DirectoryStore, Store
from anomed_core.state.payloads import body_digest
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing

_OLD_S = -5.0


def silent(_what: str, _n_done: int, _n_all: int) -> None:
    """Tell nobody."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return DirectoryStore(tmp_path / "shared")


@pytest.fixture
def server(server_of: OpenServer, store: Store) -> Server:
    server = server_of(Guessing(), store=store.url)
    for name in ("ada", "ben"):
        submit(server, name)
    return server


def submit(server: Server, name: str) -> None:
    hosted = server.challenges["guessing"]
    query = {"anonymizer": name, "data_split": "validation"}
    body = encode_npz({"prediction": np.full(10, len(name) + ord(name[0]), float)})
    server.submissions.submit(hosted, hosted.kind("anonymizer"), query=query, body=body)


def faults(store: Store, server: Server, *, full: bool = False) -> list[tuple[str, str]]:
    found = store_faults(store, server.ledger, full=full, progress=silent)
    return [(fault.name, fault.problem) for fault in found]


def payloads(store: Store) -> list[str]:
    return [stored.name for stored in store.find("payloads/")]


def test_a_contest_leaves_its_submissions_in_the_store(server: Server, store: Store) -> None:
    assert payloads(store)
    assert faults(store, server, full=True) == []


def test_a_lost_submission_is_told(server: Server, store: Store) -> None:
    lost = payloads(store)[0]
    store.remove(lost)

    assert faults(store, server) == [(lost, "it is missing, although the ledger names it")]


def test_a_damaged_object_is_told_if_all_are_read(server: Server, store: Store) -> None:
    damaged = payloads(store)[0]
    store.put(damaged, b"another")

    assert faults(store, server) == []
    assert faults(store, server, full=True) == [(damaged, "it is not what its name says")]


def test_a_key_that_leads_nowhere_is_told(server: Server, store: Store) -> None:
    server.state.artifacts.freeze("key", lambda: {"x": np.arange(3)})
    for stored in list(store.find("artifacts/")):
        if "/keys/" not in stored.name:
            store.remove(stored.name)

    assert {problem for _, problem in faults(store, server)} == {
        "it leads to an artifact that is missing"
    }


def test_nothing_is_collected_that_something_names(server: Server, store: Store) -> None:
    server.state.artifacts.freeze("key", lambda: {"x": np.arange(3)})

    assert collect(store, server.ledger, dry_run=False, older_than_s=_OLD_S).objects == ()


def test_what_nothing_names_goes_once_it_is_old(server: Server, store: Store) -> None:
    server.state.payload_store.keep(b"left by an evaluation that failed")
    name = f"payloads/{body_digest(b'left by an evaluation that failed')[:2]}"

    assert collect(store, server.ledger, dry_run=False).objects == ()
    (due,) = collect(store, server.ledger, dry_run=True, older_than_s=_OLD_S).objects
    assert due.name.startswith(name)
    assert due.name in payloads(store)
    done = collect(store, server.ledger, dry_run=False, older_than_s=_OLD_S)
    assert [stored.name for stored in done.objects] == [due.name]
    assert due.name not in payloads(store)
    assert faults(store, server, full=True) == []


def test_parts_of_a_form_that_was_scored_stay(server: Server, store: Store) -> None:
    """A row names the list of the parts alone."""
    score = server.ledger.scores(challenge="guessing")[0]
    part = b"a part"
    listing = f'{{"table":"{body_digest(part)}"}}'.encode()
    server.state.payload_store.keep(part)
    store.put(f"payloads/{score.payload_digest[:2]}/{score.payload_digest}", listing)

    assert collect(store, server.ledger, dry_run=True, older_than_s=_OLD_S).objects == ()


def test_bodies_of_jobs_stay_with_their_jobs(server: Server, store: Store) -> None:
    hosted = server.challenges["guessing"]
    job = server.jobs.submit(
        hosted,
        hosted.kind("anonymizer"),
        query={"anonymizer": "zoe", "data_split": "validation"},
        body=encode_npz({"prediction": np.zeros(10)}),
    )
    assert isinstance(job, Job)
    server.state.job_bodies.keep("ab12", b"of no job")
    bodies = [s.name for s in store.find("jobs/")]

    assert any(name.startswith(f"jobs/{job.id}/") for name in bodies)
    collected = collect(store, server.ledger, dry_run=True, older_than_s=-7200.0).objects
    assert [stored.name.split("/")[1] for stored in collected] == ["ab12"]
