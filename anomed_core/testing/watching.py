"""What a piece of code does to the world around it, as the interpreter's audit events tell."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from types import FrameType
from typing import Any

_LOOKUPS = ("socket.gethostbyname", "socket.gethostbyaddr", "socket.getaddrinfo")
_EVENTS = frozenset(
    {
        *("socket.connect", "socket.bind", "socket.sendto", *_LOOKUPS),
        *("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec"),
        *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "shutil.rmtree"),
        *("os.link", "os.symlink", "os.chdir"),
    }
)
_OF_FILES = ("os.re", "os.rm", "os.mk", "os.tr", "shutil.")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
_watching: list[tuple[tuple[str, ...], list[str]]] = []


@contextmanager
def watched(homes: Sequence[str]) -> Iterator[list[str]]:
    """Yield a list to which each act of the block is added, with the line that is to blame.

    Connections, programs, and files that are changed count, but for temporary files that are named
    in full, and for what Python compiles.

    Parameters
    ----------
    homes
        Files and folders of the code that is watched: the innermost line in one of them is named,
        and what no such line is behind is left out.
    """
    _install()
    watch = tuple(homes), list[str]()
    _watching.append(watch)
    try:
        yield watch[1]
    finally:
        _watching.remove(watch)


@cache
def _install() -> None:
    """Listen from now on: an audit hook stays until the process ends."""
    sys.addaudithook(_note)


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching:
        return
    act = _act(event, arguments)
    if act:
        homes, acts = _watching[-1]
        place = _place(sys._getframe(1), homes)  # noqa: SLF001 - who acts is above us
        if place:
            acts.append(f"{act}, at {place}")


def _act(event: str, arguments: tuple[Any, ...]) -> str:
    if event == "open":
        path, mode, flags = arguments
        is_written = any(letter in mode for letter in "wax+") if mode else flags & _WRITING
        return f"open {path!r} for writing" if is_written and _is_ours(path) else ""
    if event not in _EVENTS:
        return ""
    if event.startswith(_OF_FILES) and not _is_ours(arguments[0]):
        return ""
    has_socket = event.startswith("socket.") and event not in _LOOKUPS
    shown = arguments[1] if has_socket else arguments[0]
    return f"{event} {shown!r}"


def _is_ours(path: Any) -> bool:
    """Whether a file is none of those that may be changed."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        return False  # a descriptor, which was opened before
    name = os.fsdecode(path)
    is_compiled = "__pycache__" in name
    is_temporary = name.startswith((f"{tempfile.gettempdir()}{os.sep}", "/dev/"))
    return not (is_compiled or is_temporary)


def _place(frame: FrameType | None, homes: tuple[str, ...]) -> str:
    """Return the innermost line in one of some files and folders."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(homes):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
