"""Whether an extension ever does anything: answers, changes what others answer, or refuses."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Generator
from typing import Any

import attrs
import pluggy

from anomed_core.testing.payloads import digest

SILENT_HOOKS = frozenset(
    {"anomed_score_recorded", "anomed_health", "anomed_validate_submission", "anomed_authorize"}
)
"""Hooks that may be answered by nothing while the plugin does its work."""


@attrs.define(kw_only=True)
class Part:
    """What an extension has done so far.

    Attributes
    ----------
    name
        How the extension is called.
    asked
        How often each of its hooks was asked.
    took_part
        Whether it has answered, changed an answer, or refused.
    """

    name: str
    asked: Counter[str] = attrs.field(factory=Counter)
    took_part: bool = False

    def watch(self, implementation: pluggy.HookImpl, hook: str) -> None:
        """Make an implementation be noted here whenever it is asked."""
        function: Callable[..., Any] = implementation.function

        @functools.wraps(function)
        def answer(*arguments: Any) -> Any:
            self.asked[hook] += 1
            try:
                result = function(*arguments)
            except Exception:
                self.took_part = True
                raise
            self.took_part |= result is not None and not _is_empty(result)
            return result

        @functools.wraps(function)
        def around(*arguments: Any) -> Generator[None, Any, Any]:
            self.asked[hook] += 1
            wrapper = function(*arguments)
            try:
                next(wrapper)
            except StopIteration:  # pluggy says that it did not yield
                return None
            try:
                others = yield
            except BaseException as error:  # noqa: BLE001 - a wrapper handles whatever comes
                return _end_of(wrapper.throw, error)
            before = digest(others)
            result = _end_of(wrapper.send, others)
            self.took_part |= digest(result) != before
            return result

        if not implementation.hookwrapper:
            watched = around if implementation.wrapper else answer
            implementation.function = watched  # type: ignore[misc]  # pluggy asks whoever is here


def _is_empty(result: Any) -> bool:
    return isinstance(result, (list, tuple, dict)) and not result


def _end_of(resume: Callable[[Any], Any], value: Any) -> Any:
    """Return what a wrapper returns when it is resumed."""
    try:
        resume(value)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a wrapper yields once")
