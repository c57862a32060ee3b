"""Who holds a claim: a process, named so that its death can be proved on its own machine.

A name is ``boot/namespace/pid/start``: the machine's boot, the process-id namespace (a container
has its own), the process id and the time it started, so that a reused id is not mistaken for its
predecessor. Elsewhere, or where there is no ``/proc``, nothing can be proved and the lease decides.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

_PROC = Path("/proc")
_ENDED = "ZX"
"""States of a process that runs no more and was not waited for yet: zombie and dead (proc(5))."""
_FORM = re.compile(r"(?P<here>.+)/(?P<pid>\d+)/(?P<started>\d+)")


def this_process() -> str:
    """Return the name of the calling process; empty where there is no ``/proc``."""
    return _named(os.getpid())


@cache  # by id: a forked child must not go by its parent's name
def _named(pid: int) -> str:
    try:
        return f"{_here()}/{pid}/{_state_and_start(pid)[1]}"
    except OSError:
        return ""


def is_gone(owner: str) -> bool:
    """Return whether it is certain that a process has ended.

    Parameters
    ----------
    owner
        As `this_process` named it.

    Returns
    -------
    bool
        False if it lives, and also if nobody here can tell.
    """
    form = _FORM.fullmatch(owner)
    try:
        if form is None or form["here"] != _here():
            return False
        pid = int(form["pid"])
        os.kill(pid, 0)  # sends nothing, and fails if there is no such process
        state, started = _state_and_start(pid)
    except ProcessLookupError:
        return True
    except OSError:  # its state is hidden from us
        return False
    return state in _ENDED or started != form["started"]


def is_from_here(owner: str) -> bool:
    """Return whether a process, as it was named, is one of this machine and namespace."""
    form = _FORM.fullmatch(owner)
    try:
        return form is not None and form["here"] == _here()
    except OSError:
        return False


@cache
def _here() -> str:
    boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    namespace = str((_PROC / "self/ns/pid").readlink())
    return f"{boot}/{namespace}"


def _state_and_start(pid: int) -> tuple[str, str]:
    """Return fields 3 and 22 of ``/proc/<pid>/stat`` (proc(5)); names may hold brackets."""
    text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    fields = text.rpartition(")")[2].split()
    return fields[0], fields[19]
