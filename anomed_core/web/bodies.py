"""Read a request's body: judge its size before reading, and never wait forever."""

from __future__ import annotations

import io
import threading
import time
from typing import Any

import falcon
from falcon.media.multipart import MultipartFormHandler, MultipartParseOptions

from anomed_core.errors import (
    LengthRequiredError,
    MalformedPayloadError,
    PayloadTooLargeError,
    RequestError,
    RequestTimeoutError,
    ServerBusyError,
)
from anomed_core.state.payloads import Body
from anomed_core.web.slow_clients import SlowClientSocket, close_after_answer
from anomed_core.wire import Limits

_CHUNK_BYTES = 2**16
_ROOM_TIMEOUT_S = 5.0


class Bodies:
    """Bounds the bytes of all bodies under way in this worker, and leaves no body unread.

    A body that nobody read would be taken for the next request on its connection, or the
    connection would be closed although its answer promises otherwise: behind a proxy, that is
    where somebody else's request is sent.

    Parameters
    ----------
    limits
        Bounds on one body and on all.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._room = Room(limits.bodies_bytes, patience_s=_ROOM_TIMEOUT_S)

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Tell whoever reads the body where there is room for it."""
        req.context.room = self._room
        req.context.n_read = 0
        req.context.held_bytes = 0

    def process_response(
        self, req: falcon.Request, _resp: falcon.Response, _resource: Any, _succeeded: bool
    ) -> None:
        """Give the room back; what is left of a body is read after the answer, if it can be."""
        self._room.give_back(req.context.held_bytes)
        n_left = (req.content_length or 0) - req.context.n_read
        if "HTTP_TRANSFER_ENCODING" in req.env or n_left > self._limits.body_bytes:
            close_after_answer()


class Room:
    """So many bytes, which requests take and give back.

    Parameters
    ----------
    size_bytes
        How many there are; whoever wants more waits until it has all of them.
    patience_s
        Seconds that somebody waits.
    """

    def __init__(self, size_bytes: int, *, patience_s: float) -> None:
        self._size = self._free = size_bytes
        self._patience_s = patience_s
        self._given_back = threading.Condition()

    def take(self, n_bytes: int) -> int:
        """Take bytes, and return how many must be given back.

        Raises
        ------
        ServerBusyError
            If others hold them for too long.
        """
        n_bytes = min(n_bytes, self._size)
        with self._given_back:
            if not self._given_back.wait_for(lambda: self._free >= n_bytes, self._patience_s):
                raise ServerBusyError(
                    "The server holds as many uploads as it has room for; send it again later.",
                    retry_after_s=self._patience_s,
                )
            self._free -= n_bytes
        return n_bytes

    def give_back(self, n_bytes: int) -> None:
        """Give back what was taken."""
        with self._given_back:
            self._free += n_bytes
            self._given_back.notify_all()


def read_body(req: falcon.Request, limits: Limits) -> bytes:
    """Read the whole body.

    Parameters
    ----------
    req
        The request.
    limits
        Largest size, and seconds within which it must have arrived.

    Returns
    -------
    bytes
        As many as announced.

    Raises
    ------
    LengthRequiredError
        If the request announces no length, as chunked bodies do.
    PayloadTooLargeError
        If it announces too much; nothing is read then.
    RequestTimeoutError
        If it arrives too slowly.
    MalformedPayloadError
        If it ends early, or is encoded.
    ServerBusyError
        If there is no room for it now; nothing is read then.
    """
    size_bytes = _announced_bytes(req, limits)
    room: Room | None = req.context.get("room")
    if room is not None:
        req.context.held_bytes = room.take(size_bytes)
    deadline = time.monotonic() + limits.upload_timeout_s
    socket = req.env.get("gunicorn.socket")
    stream = req.env["wsgi.input"]
    body = bytearray()
    try:
        while len(body) < size_bytes:
            _allow_until(deadline, socket)
            chunk = stream.read(min(_CHUNK_BYTES, size_bytes - len(body)))
            if not chunk:
                raise MalformedPayloadError(
                    f"The body ended after {len(body)} of {size_bytes} announced bytes."
                )
            body += chunk
            req.context.n_read = len(body)
    except TimeoutError as error:
        close_after_answer()
        raise RequestTimeoutError(
            f"The body did not arrive within {limits.upload_timeout_s:g} s; send it faster."
        ) from error
    except OSError as error:
        raise MalformedPayloadError(
            f"The connection broke after {len(body)} of {size_bytes} announced bytes."
        ) from error
    finally:
        if isinstance(socket, SlowClientSocket):
            socket.await_body()
        elif socket is not None:
            socket.settimeout(None)
    return bytes(body)


def _announced_bytes(req: falcon.Request, limits: Limits) -> int:
    """Judge a body by its headers; return its size."""
    size_bytes = req.content_length
    if size_bytes is None or "chunked" in (req.get_header("Transfer-Encoding") or "").lower():
        raise LengthRequiredError(
            "The request announces no Content-Length; send the body in one piece, not chunked."
        )
    if size_bytes > limits.body_bytes:
        raise PayloadTooLargeError(
            f"The body has {size_bytes} bytes; at most {limits.body_bytes} are allowed."
        )
    encoding = req.get_header("Content-Encoding") or "identity"
    if encoding.strip().lower() != "identity":
        raise MalformedPayloadError(
            f"The body came with Content-Encoding {encoding[:80]}; send it as it is, without one."
        )
    return size_bytes


def _allow_until(deadline: float, socket: Any) -> None:
    remaining_s = deadline - time.monotonic()
    if remaining_s <= 0:
        raise TimeoutError
    if isinstance(socket, SlowClientSocket):
        socket.deadline = deadline
    elif socket is not None:  # another server's: it bounds each read only
        socket.settimeout(remaining_s)


def read_form(req: falcon.Request, limits: Limits) -> Body:
    """Read a multipart/form-data body as its parts by name.

    Raises
    ------
    MalformedPayloadError
        If the body is not such a form or names a part twice.
    PayloadTooLargeError
        If it has too many parts.

    See also `read_body`.
    """
    body = read_body(req, limits)
    if not (req.content_type or "").startswith("multipart/form-data"):
        return body
    options = MultipartParseOptions()
    options.max_body_part_count = limits.form_parts + 1
    options.max_body_part_buffer_size = limits.body_bytes
    handler = MultipartFormHandler(options)
    parts: dict[str, bytes] = {}
    try:
        for part in handler.deserialize(io.BytesIO(body), req.content_type, len(body)):
            if len(parts) == limits.form_parts:
                raise PayloadTooLargeError(f"The form has more than {limits.form_parts} parts.")
            if part.name is None or part.name in parts:
                raise MalformedPayloadError("Each part of the form needs a name of its own.")
            parts[part.name] = part.get_data()
    except falcon.HTTPError as error:
        reason = error.description or error.title or "it cannot be parsed"
        raise MalformedPayloadError(f"Expected a multipart/form-data body: {reason}") from error
    except ValueError as error:
        if isinstance(error, RequestError):
            raise
        raise MalformedPayloadError("Expected a multipart/form-data body.") from error
    return parts
