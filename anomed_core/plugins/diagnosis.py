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
from typing import Any, TypeVar

import attrs
import pluggy

from anomed_core.errors import (
    CULPRIT_NOTE,
    AnomedError,
    ConfigError,
    ContractError,
    PluginBrokenError,
    culprit_of,
)
from anomed_core.plugins.loading import one_line

TRACE_VARIABLE = "ANOMED_TRACE_HOOKS"
"""Environment variable; anything but empty or 0 prints every hook call to standard error."""

Write = Callable[[str], object]
Result = TypeVar("Result")


@attrs.frozen
class Implementation:
    """A function that a plugin answers a hook with, or that the hook returned.

    Attributes
    ----------
    plugin_name
        How the plugin is called.
    hook
        Name of the hook.
    function
        What is called.
    argnames
        Those arguments of the hook that it takes.
    """

    plugin_name: str
    hook: str
    function: Callable[..., Any]
    argnames: tuple[str, ...] = ()

    @classmethod
    def of(cls, implementation: pluggy.HookImpl, hook: str) -> Implementation:
        """Return what pluggy knows of an implementation."""
        return cls(
            implementation.plugin_name, hook, implementation.function, implementation.argnames
        )

    def __call__(self, **arguments: Any) -> Any:
        """Call it with those of the hook's arguments that it takes; what it raises bears a note."""
        with culprit_noted(self):
            return self.function(*(arguments[name] for name in self.argnames))

    def __str__(self) -> str:
        return f"{CULPRIT_NOTE} {self.plugin_name!r}, hook {self.hook}"


def noting_culprit(
    function: Callable[..., Result], plugin_name: str, hook: str
) -> Callable[..., Result]:
    """Make a function that a hook returned add the same note as the hook itself would."""
    implementation = Implementation(plugin_name, hook, function)

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Result:
        with culprit_noted(implementation):
            return function(*arguments, **named)

    call.place = place_of(implementation)  # type: ignore[attr-defined]  # see `place_of_function`
    return call


def place_of_function(function: object) -> str:
    """Return what `noting_culprit` would note, about what a function returned; or nothing."""
    place: str = getattr(function, "place", "")
    return place


@contextmanager
def culprit_noted(implementation: Implementation) -> Iterator[None]:
    """Add a note to whatever is raised by an implementation: which one it is, and the line."""
    try:
        yield
    except (Exception, SystemExit) as error:
        note_culprit(error, [implementation])
        raise


def note_culprit(error: BaseException, implementations: Iterable[Implementation]) -> None:
    """Add a note to an exception that passed through one of a hook's implementations.

    Errors raised on purpose stay as they are: they are read by those who can mend them.
    """
    if isinstance(error, AnomedError):
        return
    note = _culprit(error, implementations)
    if note and note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def _culprit(error: BaseException, implementations: Iterable[Implementation]) -> str:
    by_code = {_code_of(one): one for one in implementations}
    frames = list(traceback.walk_tb(error.__traceback__))
    for position in reversed(range(len(frames))):
        implementation = by_code.get(frames[position][0].f_code)
        if implementation is not None:
            frame, line = _deepest(frames[position:])
            return f"{implementation}, at {frame.f_code.co_filename}:{line}"
    return ""


def _deepest(frames: list[tuple[FrameType, int]]) -> tuple[FrameType, int]:
    """Return the innermost frame that belongs to the same package as the outermost one."""
    home = str(Path(frames[0][0].f_code.co_filename).parent)
    return [item for item in frames if item[0].f_code.co_filename.startswith(home)][-1]


def place_of(implementation: Implementation) -> str:
    """Return where an implementation is defined, as a note about what it returned."""
    code = _code_of(implementation)
    where = f", at {code.co_filename}:{code.co_firstlineno}" if code else ""
    return f"{implementation}{where}"


def _code_of(implementation: Implementation) -> CodeType | None:
    function = inspect.unwrap(implementation.function)
    return getattr(function, "__code__", None)


@contextmanager
def blamed_on(who: object, challenge: str) -> Iterator[None]:
    """Refuse to open a challenge with one line that names the plugin at fault.

    Parameters
    ----------
    who
        The plugin whose answers are asked for, or judged.
    challenge
        Identifier of the challenge.

    Raises
    ------
    PluginBrokenError
        Instead of `ContractError`, and of whatever the plugin raises by mistake.
    ConfigError
        With the key's whole path.
    """
    try:
        yield
    except ContractError as error:
        raise PluginBrokenError(f"challenge {challenge!r}: {who}: {error}") from error
    except ConfigError as error:
        raise error.of_challenge(challenge) from error
    except AnomedError:
        raise
    except Exception as error:  # a third-party hook may raise anything
        place = culprit_of(error)
        raise PluginBrokenError(
            f"challenge {challenge!r}: {who} raised {one_line(error)}"
            + (f" ({place})" if place else "")
        ) from error


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
