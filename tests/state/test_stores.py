"""The contract of a store, on a directory and behind the API of S3."""

import io
import multiprocessing
import threading
import time
from pathlib import Path

import pytest

from anomed_core.errors import ConfigError, StoreError
from anomed_core.state import DirectoryStore, Store, store_at
from anomed_core.state.s3_store import S3Store


def test_an_object_is_read_as_it_was_written(shared: Store) -> None:
    shared.put("payloads/ab/c", b"content")

    assert shared.read("payloads/ab/c") == b"content"


def test_a_file_is_written_as_its_bytes_are(shared: Store, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(range(256)) * 20_000)

    shared.put("file", file)

    assert shared.read("file") == file.read_bytes()
    assert file.exists()


def test_whoever_writes_again_replaces(shared: Store) -> None:
    shared.put("name", b"a longer one")
    shared.put("name", b"short")

    assert shared.read("name") == b"short"


def test_what_is_not_there_is_a_missing_file(shared: Store) -> None:
    with pytest.raises(FileNotFoundError):
        shared.read("nothing")


def test_a_name_is_created_once(shared: Store) -> None:
    assert [shared.create("key", b"1"), shared.create("key", b"2")] == [True, False]
    assert shared.read("key") == b"1"


def test_of_many_who_create_a_name_at_once_one_is_told_so(shared: Store) -> None:
    created: list[tuple[bool, bytes]] = []

    def create(mine: bytes) -> None:
        created.append((shared.create("key", mine), mine))

    racers = [threading.Thread(target=create, args=(b"%d" % n,)) for n in range(12)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(60)

    (winner,) = [mine for was_first, mine in created if was_first]
    assert len(created) == 12
    assert shared.read("key") == winner


def test_objects_are_listed_in_the_order_of_their_names(shared: Store) -> None:
    for name in ("b/2", "a/1", "b/10", "bc"):
        shared.put(name, name.encode())

    assert [stored.name for stored in shared.find()] == ["a/1", "b/10", "b/2", "bc"]
    assert [(s.name, s.size_bytes) for s in shared.find("b/")] == [("b/10", 4), ("b/2", 3)]
    assert [stored.name for stored in shared.find("b/1")] == ["b/10"]
    assert list(shared.find("z")) == []


def test_an_object_tells_when_it_was_written(shared: Store) -> None:
    before = time.time()
    shared.put("name", b"content")
    (stored,) = shared.find()

    assert before - 2 < stored.modified_at < time.time() + 2
    assert shared.fetch("name", io.BytesIO()) == pytest.approx(stored.modified_at, abs=1)


def test_what_is_removed_is_gone_and_may_be_gone_already(shared: Store) -> None:
    shared.put("name", b"content")
    for _ in range(2):
        shared.remove("name")

    assert list(shared.find()) == []


def _read_in_child(store: Store, answer: "multiprocessing.SimpleQueue[bytes]") -> None:
    answer.put(store.read("name"))


def test_a_store_that_was_used_goes_on_in_a_forked_child(shared: Store) -> None:
    shared.put("name", b"content")
    context = multiprocessing.get_context("fork")
    answer = context.SimpleQueue()
    child = context.Process(target=_read_in_child, args=(shared, answer))
    child.start()
    child.join(60)

    assert child.exitcode == 0
    assert answer.get() == b"content"


def test_servers_agree_in_it(shared: Store) -> None:
    shared.require_agreement()

    assert list(shared.find()) == []


class _Forgetful(DirectoryStore):
    """Overlooks the condition, as some that speak the API of S3 do."""

    def create(self, name: str, content: bytes) -> bool:
        self.put(name, content)
        return True


def test_a_store_is_refused_that_overlooks_the_condition(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="writes a name twice"):
        _Forgetful(tmp_path).require_agreement()


def test_an_unfinished_write_is_given_up_once_it_is_old(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    store.put("name", b"content")
    (tmp_path / "unfinished" / "left").write_bytes(b"half")

    assert store.remove_unfinished(older_than_s=3600) == 0
    assert store.remove_unfinished(older_than_s=-1) == 1
    assert [stored.name for stored in store.find()] == ["name"]


def test_an_upload_in_parts_is_given_up_once_it_is_old(bucket: str) -> None:
    store = store_at(bucket)
    assert isinstance(store, S3Store)
    store._client.create_multipart_upload(Bucket=bucket.removeprefix("s3://"), Key="large")

    assert store.remove_unfinished(older_than_s=1e10) == 0  # the server's uploads are of 2010
    assert store.remove_unfinished(older_than_s=-1) == 1
    assert store.remove_unfinished(older_than_s=-1) == 0


def test_no_bucket_is_a_failure_of_ours(bucket: str) -> None:
    store = store_at(f"{bucket}-missing")
    assert store is not None

    for call in (
        lambda: store.put("name", b""),
        lambda: store.create("name", b""),
        lambda: store.read("name"),
        lambda: list(store.find()),
    ):
        with pytest.raises(StoreError, match="NoSuchBucket") as caught:
            call()
        assert "bucket" not in caught.value.public.lower()


def test_a_store_that_is_away_is_a_failure_of_ours(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    store = store_at(bucket)
    assert store is not None

    with pytest.raises(StoreError, match=r"127\.0\.0\.1:9"):
        store.read("name")


@pytest.mark.parametrize("url", ["s3://", "s3://UPPER/x", "gs://bucket", "s3://key:secret@bucket"])
def test_what_is_no_store_is_refused_in_one_sentence(url: str) -> None:
    with pytest.raises(ConfigError, match="expected s3://BUCKET/PREFIX"):
        store_at(url)


def test_no_url_is_no_store() -> None:
    assert store_at("") is None
