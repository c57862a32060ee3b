"""Messages over a stream socket: eight bytes of length, then the content."""

from __future__ import annotations

import socket
import struct

_LENGTH = struct.Struct("<Q")

BEGINS = b"begins"
"""Sent by a job that says so, and by nothing else: results are pickled, which begins otherwise."""
NOTED = b"noted"
"""The answer to that, for which the job waits."""


def send_message(connection: socket.socket, content: bytes) -> None:
    """Send one message."""
    connection.sendall(_LENGTH.pack(len(content)))
    connection.sendall(content)


def receive_message(connection: socket.socket) -> bytes:
    """Receive one message.

    Raises
    ------
    EOFError
        If the other end closes before the message is complete.
    """
    (length,) = _LENGTH.unpack(_receive(connection, _LENGTH.size))
    return _receive(connection, length)


def _receive(connection: socket.socket, n_bytes: int) -> bytes:
    content = bytearray()
    while len(content) < n_bytes:
        chunk = connection.recv(min(2**20, n_bytes - len(content)))
        if not chunk:
            raise EOFError("the other end closed the connection")
        content += chunk
    return bytes(content)
