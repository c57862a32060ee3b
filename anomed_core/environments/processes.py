"""Run a command of another environment to its end, and no longer than it may."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

from anomed_core.errors import ForeignLibraryError

_N_LAST_LINES = 3
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def bare_settings(home: str) -> dict[str, str]:
    """Return environment variables that hold no secret and lead to no package of ours."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {"HOME": home, "TMPDIR": home, "HF_HUB_OFFLINE": "1", "PYTHONNOUSERSITE": "1"}


def last_words(text: str) -> str:
    """Return the last lines of what a process wrote, on one line."""
    return " | ".join(text.strip().splitlines()[-_N_LAST_LINES:])[-800:]


def run_limited(
    command: Sequence[str], *, timeout_s: float, what: str, settings: Mapping[str, str]
) -> None:
    """Run a command to its end or its time limit, and end all of its processes with it.

    Parameters
    ----------
    command
        Program and arguments.
    timeout_s
        Time limit in seconds.
    what
        What it does, for the message.
    settings
        Its environment variables.

    Raises
    ------
    ForeignLibraryError
        If it can't be started, exits with a code other than 0, or runs out of time.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            env=dict(settings),
        )
    except OSError as error:
        raise ForeignLibraryError(f"{what} could not start: {error}") from error
    with process:
        try:
            _, complaints = process.communicate(timeout=timeout_s)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)  # its own group, see start_new_session
            if isinstance(error, subprocess.TimeoutExpired):
                raise ForeignLibraryError(
                    f"{what} took longer than its limit of {timeout_s:g} s; "
                    "allow more or give it less"
                ) from error
            raise
    if process.returncode != 0:
        words = last_words(complaints)
        raise ForeignLibraryError(f"{what} failed with code {process.returncode}: {words}")
