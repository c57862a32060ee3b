"""Read a request's body: judge its size before reading, and never wait forever."""

from __future__ import annotations

import io
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
)
from anomed_core.state.payloads import Body
from anomed_core.web.slow_clients import SlowClientSocket
from anomed_core.wire import Limits

_CHUNK_BYTES = 2**16


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
        If it ends early.
    """
    size_bytes = req.content_length
    if size_bytes is None or "chunked" in (req.get_header("Transfer-Encoding") or "").lower():
        raise LengthRequiredError(
            "The request announces no Content-Length; send the body in one piece, not chunked."
        )
    if size_bytes > limits.body_bytes:
        raise PayloadTooLargeError(
            f"The body has {size_bytes} bytes; at most {limits.body_bytes} are allowed."
        )
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
    except TimeoutError as error:
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
