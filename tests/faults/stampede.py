"""Post one submission from many threads at the same moment; run as a process of its own.

Every thread sends all of its request but the last byte, and that byte when the moment has come.
Prints the answers' status codes and Location headers as JSON.
"""

import argparse
import http.client
import json
import socket
import threading
import time
from pathlib import Path

from tests.e2e.processes import LOOPBACK


def post(port: int, target: str, body: bytes, *, moment: float) -> tuple[int, str]:
    """Return status and Location of the answer."""
    with socket.create_connection((LOOPBACK, port), timeout=60) as connection:
        head = f"POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[:-1])
        time.sleep(max(0.0, moment - time.time()))
        connection.sendall(body[-1:])
        response = http.client.HTTPResponse(connection)
        response.begin()
        response.read()
        return response.status, response.getheader("Location") or ""


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--body", type=Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--moment", type=float, required=True, help="seconds since 1970")
    options = parser.parse_args()
    body = options.body.read_bytes()
    answers: list[tuple[int, str]] = []

    def run() -> None:
        answers.append(post(options.port, options.target, body, moment=options.moment))

    threads = [threading.Thread(target=run) for _ in range(options.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
