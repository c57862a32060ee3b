"""What pages are made of, kept as long as the ledger stands where it stood."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Made = TypeVar("Made")

_MOST_KEPT = 24
"""Of rankings with a thousand rows, this many take 24 times 1 MiB."""


class Kept:
    """Makes things once for each key, and keeps the few that were asked for last."""

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, threading.Lock] = {}

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._made)

    def later(self, key: Hashable, make: Callable[[], Made]) -> Made | None:
        """Return what was made for a key; if it is not, let a thread make it, and ``None``.

        Parameters
        ----------
        key, make
            See `get`.
        """
        with self._lock:
            if key in self._made:
                made: Made = self._made[key]
                return made
            if key in self._under_way:
                return None
            self._under_way[key] = threading.Lock()
        threading.Thread(target=self.get, args=(key, make), daemon=True, name="pages").start()
        return None

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what was made for a key, or make it; whoever comes second waits for the first.

        Parameters
        ----------
        key
            Everything that the result depends on.
        make
            Makes it.
        """
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                made: Made = self._made[key]
                return made
            turn = self._under_way.setdefault(key, threading.Lock())
        try:
            with turn:
                with self._lock:
                    if key in self._made:
                        again: Made = self._made[key]
                        return again
                new = make()
                with self._lock:
                    self._made[key] = new
                    while len(self._made) > _MOST_KEPT:
                        self._made.popitem(last=False)
                return new
        finally:
            with self._lock:
                self._under_way.pop(key, None)
