"""Whose code it was: name plugin, hook and line when something goes wrong, or every call."""

from __future__ import annotations

import functools
import inspect
import os
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Protocol, TypeVar

import attrs
import pluggy

from anomed_core.errors import CULPRIT_NOTE, AnomedError

TRACE_VARIABLE = "ANOMED_TRACE_HOOKS"
"""Environment variable; anything but empty or 0 prints every hook call to standard error."""

Write = Callable[[str], None]
Result = TypeVar("Result")


class Implementation(Protocol):
    """Whose function may raise: a `pluggy.HookImpl`, or what a hook returned."""

    @property
    def plugin_name(self) -> str:
        """How the plugin is called."""

    @property
    def function(self) -> Callable[..., Any]:
        """What is called."""


@attrs.frozen
class _Returned:
    plugin_name: str
    function: Callable[..., Any]


def noting_culprit(
    function: Callable[..., Result], plugin_name: str, hook: str
) -> Callable[..., Result]:
    """Make a function that a hook returned add the same note as the hook itself would."""

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Result:
        with culprit_noted(_Returned(plugin_name, function), hook):
            return function(*arguments, **named)

    return call


@contextmanager
def culprit_noted(implementation: Implementation, hook: str) -> Iterator[None]:
    """Add a note to whatever is raised by an implementation: which one it is, and the line."""
    try:
        yield
    except (Exception, SystemExit) as error:
        note_culprit(error, [implementation], hook)
        raise


def note_culprit(
    error: BaseException, implementations: Iterable[Implementation], hook: str
) -> None:
    """Add a note to an exception that passed through an implementation of a hook.

    Errors raised on purpose stay as they are: they are read by those who can mend them.
    """
    if isinstance(error, AnomedError):
        return
    note = _culprit(error, implementations, hook)
    if note and note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def _culprit(error: BaseException, implementations: Iterable[Implementation], hook: str) -> str:
    by_code = {code_of(found): found for found in implementations}
    frames = list(traceback.walk_tb(error.__traceback__))
    for position in reversed(range(len(frames))):
        found = by_code.get(frames[position][0].f_code)
        if found is not None:
            frame, line = _deepest(frames[position:])
            return f"{_label(found, hook)}, at {frame.f_code.co_filename}:{line}"
    return ""


def _deepest(frames: list[tuple[FrameType, int]]) -> tuple[FrameType, int]:
    """Return the innermost frame that belongs to the same package as the outermost one."""
    home = str(Path(frames[0][0].f_code.co_filename).parent)
    return [item for item in frames if item[0].f_code.co_filename.startswith(home)][-1]


def place_of(implementation: Implementation, hook: str) -> str:
    """Return where an implementation is defined, as a note about what it returned."""
    code = code_of(implementation)
    where = f", at {code.co_filename}:{code.co_firstlineno}" if code else ""
    return _label(implementation, hook) + where


def _label(implementation: Implementation, hook: str) -> str:
    return f"{CULPRIT_NOTE} {implementation.plugin_name!r}, hook {hook}"


def code_of(implementation: Implementation) -> CodeType | None:
    """Return the code of an implementation, however it is wrapped or bound."""
    function = inspect.unwrap(implementation.function)
    return getattr(function, "__code__", None)


def traced(implementation: pluggy.HookImpl, hook: str, write: Write) -> None:
    """Make an implementation report each call: plugin, hook, time and result, in one line."""
    function: Callable[..., Any] = implementation.function
    label = f"{implementation.plugin_name}: {hook}"

    @functools.wraps(function)
    def report(*arguments: Any) -> Any:
        begin = time.perf_counter()
        try:
            result = function(*arguments)
        except BaseException as error:
            write(f"{_line(label, begin)} raised {type(error).__name__}: {error}")
            raise
        write(f"{_line(label, begin)} -> {type(result).__name__}")
        return result

    @functools.wraps(function)
    def report_around(*arguments: Any) -> Generator[None, Any, Any]:
        begin = time.perf_counter()
        result = yield from function(*arguments)
        write(f"{_line(f'{label} around others', begin)} -> {type(result).__name__}")
        return result

    if not implementation.hookwrapper:
        reporting = report_around if implementation.wrapper else report
        implementation.function = reporting  # type: ignore[misc]  # pluggy asks whoever is here


def _line(label: str, begin: float) -> str:
    return f"[{os.getpid()}] {label} {1000 * (time.perf_counter() - begin):.2f} ms"
