"""What is said while bytes move or somebody waits."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any, Literal, Protocol

_AT_MOST_EVERY_S = 0.1
_QUIET_FOR_S = 2.0
_LOGGED_EVERY_S = 30.0

log = logging.getLogger("anomed_client")

What = Literal["download", "upload", "evaluation", "wait"]
State = Literal["started", "running", "resumed", "retrying", "done", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Transfer:
    """One moment of a transfer or of a wait.

    Attributes
    ----------
    what
        What takes time.
    name
        Of the product or submission kind.
    done_bytes, total_bytes
        How far it is; ``None`` where the total is not known.
    state
        ``started`` comes first, ``done`` or ``failed`` last.
    elapsed_s
        Since it was started.
    sentence
        The same for people.
    """

    what: What
    name: str
    done_bytes: int = 0
    total_bytes: int | None = None
    state: State
    elapsed_s: float = 0.0
    sentence: str = ""


class Progress(Protocol):
    """Anything that is called with each `Transfer`, ten times a second at most.

    What it raises ends the transfer.
    """

    def __call__(self, event: Transfer, /) -> None:
        """Take note of an event."""


class Reporter:
    """Tells one transfer's progress, not too often."""

    def __init__(self, progress: Progress, what: What, name: str) -> None:
        self._progress = progress
        self._what = what
        self._name = name
        self._started = time.monotonic()
        self._told = float("-inf")

    def tell(
        self,
        state: State,
        *,
        done_bytes: int = 0,
        total_bytes: int | None = None,
        sentence: str = "",
    ) -> None:
        """Report, unless it is only a step and the last report was a moment ago."""
        now = time.monotonic()
        if state == "running" and now - self._told < _AT_MOST_EVERY_S:
            return
        self._told = now
        self._progress(
            Transfer(
                what=self._what,
                name=self._name,
                done_bytes=done_bytes,
                total_bytes=total_bytes,
                state=state,
                elapsed_s=now - self._started,
                sentence=sentence or _sentence(self._what, self._name, done_bytes, total_bytes),
            )
        )


def _sentence(what: str, name: str, done_bytes: int, total_bytes: int | None) -> str:
    if not done_bytes and not total_bytes:
        return f"{what} of {name}"
    total = f" of {_size(total_bytes)}" if total_bytes else ""
    return f"{what} of {name}: {_size(done_bytes)}{total}"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e5 else f"{size_bytes / 1e3:.1f} kB"


def chosen_progress(wanted: Progress | bool | None) -> Progress:
    """Return who is told: the caller's function, a line on a terminal or in a notebook, or the log.

    Parameters
    ----------
    wanted
        As in `anomed_client.Options`; ``ANOMED_CLIENT_PROGRESS`` decides where it is ``None``.
    """
    if callable(wanted):
        return wanted
    if wanted is None:
        wanted = {"0": False, "1": True}.get(os.environ.get("ANOMED_CLIENT_PROGRESS", ""))
    if wanted is False:
        return _silent
    if _in_notebook():
        return NotebookLine()
    if wanted or (sys.stderr is not None and sys.stderr.isatty()):
        return TerminalLine()
    return LogLines()


def _silent(_: Transfer) -> None:
    return None


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


class TerminalLine:
    """One line on stderr that is written over, for what takes longer than two seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown = False

    def __call__(self, event: Transfer, /) -> None:
        """Draw the line anew, and take it away at the end."""
        with self._lock:
            if event.state in {"done", "failed"}:
                if self._shown:
                    self._write("\r\x1b[K")
                self._shown = False
            elif event.elapsed_s >= _QUIET_FOR_S:
                self._shown = True
                self._write(f"\r\x1b[K{_printable(event.sentence)}")

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


class NotebookLine:
    """One line of text below a cell; no widgets, which many notebooks lack."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handle: Any = None

    def __call__(self, event: Transfer, /) -> None:
        """Show the line, and leave the last one standing."""
        with self._lock:
            if event.state == "started" or event.elapsed_s < _QUIET_FOR_S:
                self._handle = None
                return
            from IPython import display  # type: ignore[import-not-found, unused-ignore]

            show: Any = display.display
            text = {"text/plain": _printable(event.sentence)}
            if self._handle is None:
                self._handle = show(text, raw=True, display_id=True)
            else:
                self._handle.update(text, raw=True)


class LogLines:
    """Lines in the log ``anomed_client``: beginning, every half minute, end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told_s: dict[tuple[str, str], float] = {}

    def __call__(self, event: Transfer, /) -> None:
        """Log one event, if it is time."""
        key = (event.what, event.name)
        with self._lock:
            due = event.elapsed_s - self._told_s.get(key, 0.0) >= _LOGGED_EVERY_S
            if event.state == "running" and not due:
                return
            self._told_s[key] = event.elapsed_s
            if event.state in {"done", "failed"}:
                self._told_s.pop(key, None)
        log.info("%s (%s)", _printable(event.sentence), event.state)


def _printable(text: str) -> str:
    """Return text without control characters: names come from opponents."""
    return "".join(character if character.isprintable() else "?" for character in text)
