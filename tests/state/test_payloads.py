"""Submitted bodies, kept so that a score can be repeated."""

import hashlib
import os
import threading
from pathlib import Path

import pytest

from anomed_core.state.payloads import Body, PayloadStore, body_digest


@pytest.fixture
def store(tmp_path: Path) -> PayloadStore:
    return PayloadStore(tmp_path)


def test_a_body_is_found_by_its_digest(store: PayloadStore) -> None:
    store.keep(b"body")

    assert store.read(hashlib.sha256(b"body").hexdigest()) == b"body"


def test_a_form_is_kept_with_all_its_parts(store: PayloadStore) -> None:
    form = {"anon_data": b"PAR1", "anon_scheme": b"same"}
    store.keep(form)

    listing = store.read(body_digest(form)).decode()

    assert hashlib.sha256(b"PAR1").hexdigest() in listing
    assert store.read(hashlib.sha256(b"same").hexdigest()) == b"same"


def test_the_digest_of_a_form_depends_on_names_and_contents() -> None:
    digests = {
        body_digest({"a": b"1", "b": b"2"}),
        body_digest({"a": b"2", "b": b"1"}),
        body_digest({"a": b"12"}),
        body_digest({"b": b"2", "a": b"1"}),
    }

    assert len(digests) == 3


def test_what_was_not_kept_is_not_found(store: PayloadStore) -> None:
    with pytest.raises(FileNotFoundError):
        store.read("0" * 64)


def test_a_body_is_kept_once_whoever_races(store: PayloadStore, tmp_path: Path) -> None:
    racers = [threading.Thread(target=store.keep, args=(b"body",)) for _ in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)

    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="tells descriptors by /proc")
def test_a_kept_body_is_durable_with_its_name_and_written_once(
    store: PayloadStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(
        os, "fsync", lambda fd: synced.append(Path(f"/proc/self/fd/{fd}").readlink())
    )
    digest = hashlib.sha256(b"body").hexdigest()
    folder = tmp_path / digest[:2]

    for _ in range(2):
        store.keep(b"body")

    content, *folders = synced
    assert content.parent == tmp_path / "staged"
    assert content.name.startswith(digest)
    assert folders == [folder, tmp_path] * 2  # whoever was first may not have come so far


def test_what_is_damaged_is_written_anew(store: PayloadStore) -> None:
    store.keep(b"body")
    digest = hashlib.sha256(b"body").hexdigest()
    (store.root / digest[:2] / digest).write_bytes(b"rotten")

    store.keep(b"body")

    assert store.read(digest) == b"body"


@pytest.mark.parametrize("body", [b"body", {"a": b"1", "b": b"2"}])
def test_what_is_not_published_leaves_nothing(
    body: Body, store: PayloadStore, tmp_path: Path
) -> None:
    with pytest.raises(ZeroDivisionError), store.stage(body):
        raise ZeroDivisionError

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_was_staged_by_the_dead_is_swept_and_nothing_else(
    store: PayloadStore, tmp_path: Path
) -> None:
    store.keep(b"kept")
    store.stage(b"left by the dead")
    (old,) = (tmp_path / "staged").iterdir()
    os.utime(old, (0, 0))
    store.stage(b"under way")
    for path in tmp_path.rglob(hashlib.sha256(b"kept").hexdigest()):
        os.utime(path, (0, 0))

    store.sweep()

    assert not old.exists()
    assert len(list((tmp_path / "staged").iterdir())) == 1
    assert store.read(hashlib.sha256(b"kept").hexdigest()) == b"kept"
