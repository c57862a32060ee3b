"""Bodies under way are bounded, and none is left unread."""

import threading

import falcon.testing
import pytest

from anomed_core.errors import MalformedPayloadError, ServerBusyError
from anomed_core.web.bodies import Room, read_body
from anomed_core.wire import Limits


def test_room_that_is_given_back_can_be_taken_again() -> None:
    room = Room(10, patience_s=30)
    held = room.take(8)
    waiting = threading.Thread(target=lambda: room.give_back(room.take(5)))
    waiting.start()

    room.give_back(held)
    waiting.join(timeout=30)

    assert not waiting.is_alive()
    assert room.take(10) == 10


def test_who_finds_no_room_is_told_when_to_come_again() -> None:
    room = Room(10, patience_s=0)
    room.take(8)

    with pytest.raises(ServerBusyError, match="send it again later"):
        room.take(3)
    assert room.take(2) == 2


def test_one_body_may_be_larger_than_the_room_if_nobody_else_is_there() -> None:
    room = Room(10, patience_s=0)

    assert room.take(99) == 10
    with pytest.raises(ServerBusyError):
        room.take(1)


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "GZIP"])
def test_an_encoded_body_is_refused_as_such(encoding: str) -> None:
    request = falcon.testing.create_req(
        method="POST", body=b"\x1f\x8b", headers={"Content-Encoding": encoding}
    )

    with pytest.raises(MalformedPayloadError, match=f"came with Content-Encoding {encoding};"):
        read_body(request, Limits())


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
def test_a_body_may_be_said_not_to_be_encoded(encoding: str) -> None:
    request = falcon.testing.create_req(
        method="POST", body=b"body", headers={"Content-Encoding": encoding}
    )

    assert read_body(request, Limits()) == b"body"
