"""Whatever breaks, a download is what the server has, or an exception."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from anomed_client import (
    AnomedClientError,
    Challenge,
    DownloadDamaged,
    NotAnAnomedServer,
    NotFound,
    Options,
    Transfer,
    UsageError,
    connect,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from client.tests.fault_server import (
    CONTENT,
    Fault,
    FaultServer,
    Reply,
    Request,
    cut,
    drop,
    error_reply,
    flip,
    gateway,
    instead,
    listening,
)

PATH = "/data/anonymizer/thing"


def parts_left(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if ".part" in file.name]


def ranges(server: FaultServer) -> list[str | None]:
    return [request.headers.get("range") for request in server.asked(PATH)]


def test_a_download_is_verified_by_the_servers_digest(challenge: Challenge) -> None:
    download = challenge.download("thing")

    assert download.path.read_bytes() == CONTENT
    assert download.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert download.verified
    assert not download.from_cache


def test_a_second_download_asks_and_sends_nothing_again(
    challenge: Challenge, server: FaultServer
) -> None:
    first = challenge.download("thing")
    second = challenge.download("thing")

    assert second.from_cache
    assert second.path == first.path
    assert server.asked(PATH)[1].headers["if-none-match"] == f'"{first.sha256}"'


def test_a_broken_download_goes_on_where_it_ended(
    challenge: Challenge, server: FaultServer, tmp_path: Path
) -> None:
    server.script = [cut(1182), cut(1132)]

    assert challenge.download("thing").path.read_bytes() == CONTENT
    assert ranges(server) == [None, "bytes=1182-", "bytes=2314-"]
    assert not parts_left(tmp_path)


def test_as_long_as_bytes_arrive_it_may_break_as_often_as_it_likes(
    challenge: Challenge, server: FaultServer, waits: list[float]
) -> None:
    server.script = [cut(100) for _ in range(30)]

    assert challenge.download("thing").path.read_bytes() == CONTENT
    assert len(server.asked(PATH)) == 31
    assert max(waits) <= 0.5  # each byte is a new beginning


def test_a_download_that_brings_nothing_ends_after_five_tries(
    challenge: Challenge, server: FaultServer
) -> None:
    server.script = [drop] * 20

    with pytest.raises(ConnectionError, match="thing"):
        challenge.download("thing")
    assert len(server.asked(PATH)) == 5


def test_another_process_goes_on_with_what_arrived(join, server: FaultServer) -> None:
    server.script = [cut(5000), *[drop] * 4]
    with pytest.raises(ConnectionError):
        join(tries=1).download("thing")
    server.script = []

    assert join().download("thing").path.read_bytes() == CONTENT
    assert ranges(server)[-1] == "bytes=5000-"


def test_a_part_of_another_version_is_dropped(join, server: FaultServer) -> None:
    server.script = [cut(5000)]
    with pytest.raises(ConnectionError):
        join(tries=1).download("thing")
    server.content = b"new" * 2000

    download = join().download("thing")
    assert download.path.read_bytes() == b"new" * 2000


def test_without_a_strong_etag_it_begins_anew(challenge: Challenge, server: FaultServer) -> None:
    server.etag = 'W/"weak"'
    server.script = [cut(5000)]

    download = challenge.download("thing")
    assert download.path.read_bytes() == CONTENT
    assert not download.verified
    assert ranges(server) == [None, None]


def test_a_flipped_bit_is_found_and_fetched_again(
    challenge: Challenge, server: FaultServer, tmp_path: Path
) -> None:
    server.script = [flip(77)]

    assert challenge.download("thing").path.read_bytes() == CONTENT
    assert not parts_left(tmp_path)


def test_what_is_damaged_twice_is_not_kept(
    challenge: Challenge, server: FaultServer, tmp_path: Path
) -> None:
    server.script = [flip(77), flip(78)]

    with pytest.raises(DownloadDamaged, match="SHA-256"):
        challenge.download("thing")
    kept = [file for file in tmp_path.rglob("*") if file.suffix in {".data", ".part"}]
    assert not kept


def test_a_damaged_cache_is_replaced(
    challenge: Challenge, join, caplog: pytest.LogCaptureFixture
) -> None:
    path = challenge.download("thing").path
    path.write_bytes(b"damaged" + CONTENT[7:])
    os.utime(path, (1, 1))

    download = join().download("thing")
    assert download.path.read_bytes() == CONTENT
    assert not download.from_cache
    assert "damaged in the cache" in caplog.text


def test_200_for_a_range_begins_at_zero(challenge: Challenge, server: FaultServer) -> None:
    def whole(server: FaultServer, request: Request) -> Reply:
        request.headers.pop("range", None)
        return server.properly(request)

    server.script = [cut(3000), whole]

    assert challenge.download("thing").path.read_bytes() == CONTENT


def test_a_wrong_content_range_is_not_appended(challenge: Challenge, server: FaultServer) -> None:
    def shifted(server: FaultServer, request: Request) -> Reply:
        reply = server.properly(request)
        reply.headers["Content-Range"] = f"bytes 17-{len(CONTENT) - 1}/{len(CONTENT)}"
        return reply

    server.script = [cut(3000), shifted]

    assert challenge.download("thing").path.read_bytes() == CONTENT


def test_a_part_that_was_complete_is_taken(challenge: Challenge, server: FaultServer) -> None:
    def all_but_the_end(server: FaultServer, request: Request) -> Reply:
        reply = server.properly(request)
        reply.headers["Content-Length"] = str(len(CONTENT) + 1)
        reply.cut_after = len(CONTENT)
        return reply

    # 416 says that there is nothing more; the total that was announced was wrong.
    server.script = [all_but_the_end]

    assert challenge.download("thing").path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (error_reply(404, "Not found", "There is nothing here."), NotFound),
        (error_reply(403, "Not allowed", "It is not for you."), PermissionError),
        (Reply(status=302, headers={"Location": "https://login.example/"}), NotAnAnomedServer),
    ],
)
def test_refusals_are_not_repeated_and_touch_no_file(
    challenge: Challenge,
    server: FaultServer,
    tmp_path: Path,
    reply: Reply,
    expected: type[Exception],
) -> None:
    server.script = [instead(reply)]

    with pytest.raises(expected):
        challenge.download("thing")
    assert len(server.asked(PATH)) == 1
    assert not parts_left(tmp_path)


def test_a_refusal_in_the_middle_keeps_the_part(join, server: FaultServer) -> None:
    server.script = [cut(4000), instead(error_reply(403, "Not allowed", "Closed."))]
    with pytest.raises(PermissionError, match="Closed"):
        join().download("thing")

    assert join().download("thing").path.read_bytes() == CONTENT
    assert ranges(server)[-1] == "bytes=4000-"


def test_gateways_are_asked_again(challenge: Challenge, server: FaultServer) -> None:
    server.script = [instead(gateway(502)), instead(gateway(503)), cut(10), instead(gateway(504))]

    assert challenge.download("thing").path.read_bytes() == CONTENT


def test_offline_uses_what_is_there_and_asks_nothing(join, server: FaultServer) -> None:
    join().download("thing")
    n_requests = len(server.requests)

    assert join(offline=True).download("thing").path.read_bytes() == CONTENT
    assert len(server.requests) == n_requests


def test_offline_says_what_is_not_there(join) -> None:
    join()

    with pytest.raises(UsageError, match="was not downloaded before"):
        join(offline=True).download("thing")


def test_force_downloads_again(challenge: Challenge, server: FaultServer) -> None:
    challenge.download("thing")

    assert not challenge.download("thing", force=True).from_cache
    assert "if-none-match" not in server.asked(PATH)[1].headers


def test_to_a_file_and_to_a_folder(challenge: Challenge, tmp_path: Path) -> None:
    assert challenge.download("thing", tmp_path / "here").path.read_bytes() == CONTENT
    assert challenge.download("thing", tmp_path).path == tmp_path / "thing.bin"


def test_files_are_for_their_owner_only(challenge: Challenge) -> None:
    path = challenge.download("thing").path

    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_progress_begins_ends_and_may_end_the_transfer(join, server: FaultServer) -> None:
    events: list[Transfer] = []
    join(progress=events.append).download("thing")

    assert [event.state for event in events if event.state != "running"] == ["started", "done"]
    assert events[-1].done_bytes == len(CONTENT)

    def enough(event: Transfer) -> None:
        if event.state == "started":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        join(progress=enough).download("thing", force=True)
    assert join().download("thing", force=True).path.read_bytes() == CONTENT


def faults() -> st.SearchStrategy[list[Fault]]:
    one: st.SearchStrategy[Fault] = st.one_of(
        st.integers(0, len(CONTENT)).map(cut),
        st.integers(0, len(CONTENT)).map(flip),
        st.just(drop),
        st.sampled_from([502, 503, 504]).map(lambda status: instead(gateway(status))),
        st.just(instead(error_reply(503, "Ledger unavailable", "Later.", Retry_After="3"))),
    )
    return st.lists(one, max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=faults())
def test_right_bytes_or_an_exception(
    script: list[Fault], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    waited: list[float] = []
    note: Callable[[float], None] = waited.append
    with listening(FaultServer()) as server:
        options = Options(progress=False, stall_s=0.5, cache=folder, patience_s=20)
        with connect(server.url, name="alice", options=options) as challenge:
            challenge._access.calls.sleep = note
            server.script = list(script)
            try:
                download = challenge.download("thing")
            except AnomedClientError:
                kept = list(folder.rglob("*.data"))
                assert not kept
            else:
                assert download.path.read_bytes() == CONTENT
                assert not parts_left(folder)
    assert sum(waited) <= 20 * 2  # each of at most two beginnings has its own patience
