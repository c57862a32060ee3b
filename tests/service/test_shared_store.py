"""Two servers with a ledger, a secret and a store in common, and no folder."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from anomed_core import ChallengeSpec, ServerSettings
from anomed_core.errors import AlreadyScoredError, StoreError
from anomed_core.ledger import Job
from anomed_core.ledger.job_rows import DONE
from anomed_core.plugins import build_registry
from anomed_core.service import static_product
from anomed_core.service.backup import back_up, restore
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from anomed_core.state import DirectoryStore, StateDirectory
from anomed_core.wire import encode_npz
from tests.example_types import Guessing

FINAL = {"anonymizer": "ada", "data_split": "validation"}
BODY = encode_npz({"prediction": np.zeros(10)})


def opened(folder: Path, name: str) -> Server:
    registry = build_registry(discover=False)
    registry.add(Guessing(), name="guessing")
    return open_server(
        [ChallengeSpec(id="guessing", type="guessing")],
        registry=registry,
        settings=ServerSettings(
            state=folder / name,
            ledger=f"sqlite:///{folder}/ledger.sqlite",
            store=str(folder / "shared"),
        ),
        environment={"ANOMED_SECRET": "ab" * 16},
    )


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    pair = opened(tmp_path, "one"), opened(tmp_path, "two")
    yield pair
    for server in pair:
        server.close()


def submit(server: Server) -> int:
    hosted = server.challenges["guessing"]
    return server.submissions.submit(
        hosted, hosted.kind("anonymizer"), query=FINAL, body=BODY
    ).score.id


def test_what_one_took_the_other_has(servers: tuple[Server, Server]) -> None:
    one, two = servers
    score = one.ledger.score(submit(one))
    assert score is not None
    submission = two.submissions.kept.of_score(two.challenges["guessing"], score)

    assert submission is not None
    np.testing.assert_array_equal(submission.payload["prediction"], np.zeros(10))


def test_a_final_is_scored_once_by_both(servers: tuple[Server, Server]) -> None:
    submit(servers[0])

    with pytest.raises(AlreadyScoredError):
        submit(servers[1])


def test_a_job_that_one_accepted_the_other_does(servers: tuple[Server, Server]) -> None:
    one, two = servers
    hosted = one.challenges["guessing"]
    job = one.jobs.submit(hosted, hosted.kind("anonymizer"), query=FINAL, body=BODY)
    assert isinstance(job, Job)

    assert two.job_worker.do_one(lambda: False)
    done = one.jobs.book.get(job.id)
    assert done is not None
    assert done.state == DONE


def test_both_hand_out_the_same_bytes(servers: tuple[Server, Server]) -> None:
    files = []
    for server in servers:
        hosted = server.challenges["guessing"]
        product = next(p for p in hosted.products.values() if p.static)
        files.append(static_product(hosted, product, server.state.artifacts))

    assert files[0].digest == files[1].digest
    assert files[0].path.read_bytes() == files[1].path.read_bytes()
    assert files[0].path != files[1].path


def test_nothing_is_scored_that_the_store_does_not_take(
    servers: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is told must outlive this machine; the attempt is free again."""
    one, two = servers

    def refuse(*_: object) -> None:
        raise StoreError(reason="away")

    with monkeypatch.context() as away:
        away.setattr(DirectoryStore, "put", refuse)
        with pytest.raises(StoreError):
            submit(one)

    assert one.ledger.n_scores() == 0
    assert submit(two) == 1


def test_a_backup_has_what_is_in_the_store(servers: tuple[Server, Server], tmp_path: Path) -> None:
    one, two = servers
    number = submit(one)
    archive = tmp_path / "archive.zip"
    url = two.settings.ledger
    done = back_up(url, two.state.root, archive, store=two.state.store, progress=lambda *_: None)
    empty = DirectoryStore(tmp_path / "empty")
    new_url = f"sqlite:///{tmp_path}/restored.sqlite"
    restored = restore(
        archive, tmp_path / "restored", url=new_url, store=empty, progress=lambda *_: None
    )

    assert done.n_files == restored.n_files
    score = one.ledger.score(number)
    assert score is not None
    state = StateDirectory(tmp_path / "third", store=empty)
    assert state.payload_store.read(score.payload_digest) == BODY
