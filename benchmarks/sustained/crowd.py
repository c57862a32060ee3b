"""Put load on a server over many connections at once, from a process of its own.

Run as `python -m benchmarks.sustained.crowd`; prints one JSON object. Every thread has a connection
and sends its next request as soon as the last one is answered.
"""

import argparse
import json
import threading
import time
from pathlib import Path

import attrs

from benchmarks.http.load import Connection


@attrs.frozen(kw_only=True)
class Crowd:
    """Participants who hand in one submission after the other."""

    port: int
    target: str = attrs.field(
        metadata={"help": "path and query; {n} becomes a number never used twice"}
    )
    body: Path
    seconds: float
    connections: int

    def run(self) -> dict[str, float | list[float]]:
        """Send requests; return the `seconds` it took and each answer's `waits` in seconds.

        Raises
        ------
        ValueError
            If an answer is not 201: its time would mean nothing.
        """
        body = self.body.read_bytes()
        waits: list[float] = []
        failures: list[BaseException] = []
        began = time.perf_counter()

        def play(number: int) -> None:
            try:
                self._play(number, body, waits, began + self.seconds)
            except BaseException as error:  # noqa: BLE001 - raised again by the main thread
                failures.append(error)

        threads = [threading.Thread(target=play, args=(n,)) for n in range(self.connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        return {"seconds": time.perf_counter() - began, "waits": waits}

    def _play(self, number: int, body: bytes, waits: list[float], deadline: float) -> None:
        connection = Connection(self.port)
        prefix, turn = f"{time.time_ns()}-{number}", 0
        while (sent := time.perf_counter()) < deadline:
            turn += 1
            target = self.target.replace("{n}", f"{prefix}-{turn}")
            head = (
                f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            status, _ = connection.exchange(head.encode() + body)
            if status != 201:
                raise ValueError(f"{target} answered {status} instead of 201")
            waits.append(time.perf_counter() - sent)


def main() -> None:
    """Read a load from the command line and run it."""
    parser = argparse.ArgumentParser(description="Put load on a server over many connections.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--body", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--connections", type=int, required=True)
    print(json.dumps(Crowd(**vars(parser.parse_args())).run()))


if __name__ == "__main__":
    main()
