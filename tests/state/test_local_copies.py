"""What two state directories share that have one store, and what each of them keeps of it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from anomed_core.errors import StoreError
from anomed_core.state import StateDirectory, Store
from anomed_core.state.payloads import body_digest

BODY = b"a body"
DIGEST = body_digest(BODY)


@pytest.fixture
def here(shared: Store, tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path / "here", store=shared)


@pytest.fixture
def there(shared: Store, tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path / "there", store=shared)


def writer(content: bytes) -> Callable[[BinaryIO], None]:
    def build(file: BinaryIO) -> None:
        file.write(content)

    return build


def test_a_body_that_was_kept_here_is_read_there(
    here: StateDirectory, there: StateDirectory
) -> None:
    form = {"table": b"1,2", "codebook": b"{}"}
    here.payload_store.keep(BODY)
    here.payload_store.keep(form)

    assert there.payload_store.body(DIGEST, is_form=False) == BODY
    assert there.payload_store.body(body_digest(form), is_form=True) == form


def test_what_nobody_kept_is_missing_everywhere(there: StateDirectory) -> None:
    with pytest.raises(FileNotFoundError):
        there.payload_store.read(DIGEST)


def test_a_body_that_is_not_published_reaches_no_store(here: StateDirectory, shared: Store) -> None:
    with here.payload_store.stage(BODY):
        pass

    assert list(shared.find()) == []


def test_a_body_that_the_store_lost_is_written_again(here: StateDirectory, shared: Store) -> None:
    here.payload_store.keep(BODY)
    (stored,) = shared.find()
    shared.remove(stored.name)

    here.payload_store.keep(BODY)

    assert [again.name for again in shared.find()] == [stored.name]


def test_a_damaged_object_is_never_believed(
    here: StateDirectory, there: StateDirectory, shared: Store
) -> None:
    here.payload_store.keep(BODY)
    (stored,) = shared.find()
    shared.put(stored.name, b"another")

    with pytest.raises(StoreError, match="not what its name says"):
        there.payload_store.read(DIGEST)
    files = [path for path in there.payloads.rglob("*") if path.is_file()]
    assert not any(path.stat().st_size for path in files)


def test_a_damaged_copy_is_fetched_again(here: StateDirectory) -> None:
    here.payload_store.keep(BODY)
    (here.payloads / DIGEST[:2] / DIGEST).write_bytes(b"rotten")

    assert here.payload_store.read(DIGEST) == BODY


def test_what_was_built_here_is_not_built_there(
    here: StateDirectory, there: StateDirectory
) -> None:
    built = here.artifacts.build_once("key", writer(b"built here"))
    found = there.artifacts.build_once("key", writer(b"built there"))

    assert found.digest == built.digest
    assert found.path.read_bytes() == b"built here"
    assert found.path.is_relative_to(there.root)


def test_of_two_that_build_at_once_all_take_the_first(
    here: StateDirectory, there: StateDirectory
) -> None:
    """Other processors may compute other bytes, and nobody waits for another machine."""

    def build(file: BinaryIO) -> None:
        there.artifacts.build_once("key", writer(b"faster"))
        file.write(b"slower")

    assert here.artifacts.build_once("key", build).path.read_bytes() == b"faster"
    again = here.artifacts.find("key")
    assert again is not None
    assert again.path.read_bytes() == b"faster"


def test_an_artifact_that_the_store_lost_is_built_again(
    here: StateDirectory, there: StateDirectory, shared: Store
) -> None:
    digest = here.artifacts.build_once("key", writer(b"1")).digest
    shared.remove(f"artifacts/{digest[:2]}/{digest}")

    assert there.artifacts.build_once("key", writer(b"2")).path.read_bytes() == b"2"


def test_frozen_arrays_are_the_same_and_as_old_everywhere(
    here: StateDirectory, there: StateDirectory
) -> None:
    arrays = {"x": np.arange(5.0), "scalar": np.array(2)}
    frozen = here.artifacts.freeze("key", lambda: arrays)

    fetched = there.artifacts.freeze("key", dict)

    assert fetched.digest == frozen.digest
    assert fetched.frozen_at == pytest.approx(frozen.frozen_at, abs=2)
    assert isinstance(fetched.arrays["x"].base, np.memmap)
    for name, array in arrays.items():
        np.testing.assert_array_equal(fetched.arrays[name], array)


def test_filed_bodies_go_from_the_store_with_their_owner(
    here: StateDirectory, there: StateDirectory, shared: Store
) -> None:
    here.job_bodies.keep("1f", BODY)
    assert there.job_bodies.read("1f", DIGEST, is_form=False) == BODY
    assert there.job_bodies.owners() == ["1f"]

    there.job_bodies.sweep({"1f"}, linger_s=-5)
    assert there.job_bodies.owners() == ["1f"]
    there.job_bodies.sweep((), linger_s=3600)
    assert there.job_bodies.owners() == ["1f"]
    there.job_bodies.sweep((), linger_s=-5)
    assert there.job_bodies.owners() == []
    with pytest.raises(FileNotFoundError):
        there.job_bodies.read("1f", DIGEST, is_form=False)


def test_what_lingers_stays_in_the_store(here: StateDirectory, shared: Store) -> None:
    here.job_bodies.keep("1f", BODY)
    here.job_bodies.linger("1f")

    assert len(list(shared.find("jobs/1f/"))) == 2


# --- how much room copies take --------------------------------------------------------------------


def keep_many(state: StateDirectory, n_bodies: int) -> list[bytes]:
    bodies = [bytes([number]) * 1000 for number in range(n_bodies)]
    for age, body in enumerate(bodies):
        state.payload_store.keep(body)
        digest = body_digest(body)
        moment = 1_000_000 + age
        os.utime(state.payloads / digest[:2] / digest, (moment, moment))
    return bodies


def copies_in(state: StateDirectory) -> int:
    return len([path for path in state.payloads.rglob("[0-9a-f]" * 64) if path.is_file()])


def test_copies_stay_below_the_limit_and_come_back(shared: Store, tmp_path: Path) -> None:
    state = StateDirectory(tmp_path / "small", store=shared, copies_bytes=4500)
    bodies = keep_many(state, 12)

    assert 1 <= copies_in(state) <= 5
    assert all(state.payload_store.read(body_digest(body)) == body for body in bodies)
    assert copies_in(state) <= 5


def test_the_oldest_copy_goes_first(shared: Store, tmp_path: Path) -> None:
    state = StateDirectory(tmp_path / "small", store=shared, copies_bytes=2500)
    bodies = keep_many(state, 2)
    state.payload_store.keep(b"x" * 1000)

    oldest, second = (body_digest(body) for body in bodies)
    assert not (state.payloads / oldest[:2] / oldest).exists()
    assert (state.payloads / second[:2] / second).exists()


def test_what_is_mapped_stays(shared: Store, tmp_path: Path) -> None:
    state = StateDirectory(tmp_path / "small", store=shared, copies_bytes=2500)
    state.artifacts.freeze("key", lambda: {"x": np.arange(250)})
    keep_many(state, 6)

    large = (p for p in state.artifacts_root.rglob("[0-9a-f]" * 64) if p.stat().st_size > 2000)
    digest = next(large).name
    assert (state.artifacts_root / digest[:2] / digest).exists()


def test_without_a_store_nothing_is_removed(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path / "alone", copies_bytes=1)
    keep_many(state, 6)

    assert copies_in(state) == 6
