"""Figures of pages: drawn once for each content, beside the web workers, and kept as files."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import attrs
import structlog

from anomed_core.report import (
    Chart,
    Columns,
    Drawing,
    Folded,
    Section,
    Side,
    parts_to_json,
)
from anomed_core.report.draughtsman import DRAWN, ORDERS, draw_waiting, write_whole
from anomed_core.version import __version__

log = structlog.get_logger(__name__)

_STOP_TIMEOUT_S = 5.0


@attrs.frozen(kw_only=True)
class Order:
    """A chart that is to be drawn.

    Attributes
    ----------
    title, description
        The chart's.
    text
        What is drawn, and how its identifiers begin, as JSON.
    key
        Under which its drawing is found: it changes with whatever the drawing shows.
    """

    title: str
    description: str
    text: str = attrs.field(repr=False)
    key: str

    @classmethod
    def of(cls, chart: Chart, name: str) -> Order:
        """Return the order for a chart; see `Figures.drawing`."""
        text = json.dumps([name, parts_to_json([chart])])
        key = hashlib.sha256(f"{_versions()} {text}".encode()).hexdigest()
        return cls(title=chart.title, description=chart.description, text=text, key=key)


@functools.cache
def _versions() -> str:
    return f"{__version__} {version('matplotlib')}"


class Figures:
    """Hands out drawings of charts; what is not drawn yet is ordered, and never waited for.

    A drawing is found by everything that it shows, so nobody is shown another one's.

    Parameters
    ----------
    folder
        Where drawings are kept.
    beside
        Whether another process draws: web workers have no room for it. Otherwise they are drawn
        when they are asked for.
    """

    def __init__(self, folder: Path, *, beside: bool) -> None:
        self._folder = folder
        self._beside = beside
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def drawing(self, chart: Chart, name: str) -> Drawing:
        """Return the drawing of a chart, without a picture as long as there is none.

        Parameters
        ----------
        chart
            What is drawn.
        name
            Begins its identifiers; unique on its page.
        """
        return self.drawing_of(Order.of(chart, name))

    def drawing_of(self, order: Order) -> Drawing:
        """Return what was ordered, without a picture as long as there is none."""
        try:
            svg = self._found(order)
        except OSError:  # and the page goes without it
            log.exception("a figure was not ordered")
            svg = ""
        return Drawing(
            title=order.title, description=order.description, svg=svg or "", failed=svg == ""
        )

    def drawn(self, parts: Iterable[object], name: str) -> tuple[object, ...]:
        """Return parts of a page with drawings in the places of their charts.

        Parameters
        ----------
        parts
            See `anomed_core.report.rendered`.
        name
            Begins the identifiers of all of them.
        """
        numbers = itertools.count(1)

        def one(part: object) -> object:
            if isinstance(part, Chart):
                return self.drawing(part, f"{name}-{next(numbers)}")
            if isinstance(part, Section | Folded | Side):
                return attrs.evolve(part, parts=tuple(map(one, part.parts)))
            if isinstance(part, Columns):
                return Columns([map(one, side.parts) for side in part.sides])
            return part

        return tuple(map(one, parts))

    def close(self) -> None:
        """End the process that draws."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()
                try:
                    self._process.wait(_STOP_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
            self._process = None

    def _found(self, order: Order) -> str | None:
        """Return what was drawn, nothing if that failed; ``None`` while it is waited for."""
        drawn = self._folder / f"{order.key}{DRAWN}"
        if not drawn.exists():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            waiting = self._folder / f"{order.key}{ORDERS}"
            if not waiting.exists():
                write_whole(waiting, order.text)
            if self._beside:
                self._wake()
                return None
            with self._lock:
                draw_waiting(self._folder)
        return drawn.read_text(encoding="utf-8")

    def _wake(self) -> None:
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "anomed_core.report.draughtsman", str(self._folder)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                )
