"""Post one submission from many threads at the same moment; run as a process of its own.

Every thread sends all of its request but the last byte. Then a line says that they are ready, a
line of standard input names the moment, in seconds since 1970, and then they send that byte. Prints
the answers' status codes and Location headers as JSON.
"""

import argparse
import http.client
import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.processes import LOOPBACK


def post(port: int, target: str, body: bytes, *, wait: Callable[[], None]) -> tuple[int, str]:
    """Return status and Location of the answer; wait before the last byte."""
    with socket.create_connection((LOOPBACK, port), timeout=60) as connection:
        head = f"POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[:-1])
        wait()
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
    options = parser.parse_args()
    body = options.body.read_bytes()
    answers: list[tuple[int, str]] = []
    ready, told = threading.Barrier(options.threads + 1), threading.Barrier(options.threads + 1)
    moment = 0.0

    def wait() -> None:
        ready.wait()
        told.wait()
        time.sleep(max(0.0, moment - time.time()))

    def run() -> None:
        answers.append(post(options.port, options.target, body, wait=wait))

    threads = [threading.Thread(target=run) for _ in range(options.threads)]
    for thread in threads:
        thread.start()
    ready.wait()
    print("ready", flush=True)
    moment = float(sys.stdin.readline())
    told.wait()
    for thread in threads:
        thread.join()
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
