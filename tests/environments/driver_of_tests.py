"""A driver with every vice: it prints while it is imported, hangs, floods, dies and eats memory."""

import os
import sys
import time
from typing import Any

print("hello from the import")
values: list[Any] = []


def echo(value: Any) -> Any:
    values.append(value)
    return value


def calls() -> int:
    return len(values)


def process() -> int:
    return os.getpid()


def settings() -> dict[str, str]:
    return dict(os.environ)


def doubled(table: Any, factor: int) -> Any:
    return table * factor


def fail() -> None:
    raise ValueError("no such thing")


def die(code: int) -> None:
    sys.stderr.write("last words\n")
    sys.stderr.flush()
    os._exit(code)


def kill() -> None:
    os.kill(os.getpid(), 9)


def hang() -> None:
    time.sleep(600)


def chatter(n_lines: int) -> str:
    for number in range(n_lines):
        print("a line on standard output", number)
        sys.stderr.write(f"a line on standard error {number}\n")
    return "done"


def huge(n_bytes: int) -> str:
    return "x" * n_bytes


def allocate(n_bytes: int) -> int:
    return len(bytearray(n_bytes))
