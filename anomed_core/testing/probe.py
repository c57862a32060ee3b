"""Try a plugin in a fresh interpreter.

Reads a pickled `Question` from standard input and writes a pickled answer to standard output.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

HEAVY = (
    *("sklearn", "pandas", "pyarrow", "scipy", "torch", "tensorflow", "jax", "keras", "xgboost"),
    *("lightgbm", "catboost", "matplotlib", "polars", "transformers", "sqlalchemy", "falcon"),
)
"""Modules that cost tenths of a second or more; a type is announced without them."""

_TIMEOUT_S = 600.0


@attrs.frozen(kw_only=True)
class Question:
    """What a fresh interpreter is asked.

    Attributes
    ----------
    task
        ``"announce"`` or ``"answers"``.
    plugin, extensions
        As `anomed_core.testing.plugin_under_test.reference` returns them.
    config
        The challenge's table; ``None`` takes the demo.
    state
        State directory.
    trials
        What is evaluated.
    in_company
        Whether other plugins are loaded, and a twin of the challenge is played before.
    """

    task: str
    plugin: str
    extensions: tuple[str, ...] = ()
    config: Mapping[str, Any] | None = None
    state: Path | None = None
    trials: tuple[Any, ...] = ()
    in_company: bool = False


class ProbeError(RuntimeError):
    """A fresh interpreter ended without an answer; the message is the last line it wrote."""


def ask(question: Question, *, hash_seed: int = 0) -> Any:
    """Ask a fresh interpreter that sees the same modules as this one.

    Parameters
    ----------
    question
        What to do.
    hash_seed
        ``PYTHONHASHSEED``: the order of sets of text depends on it.

    Returns
    -------
    object
        Of ``"announce"``: an `Announcement`. Of ``"answers"``: a dict, see `answers`.

    Raises
    ------
    ProbeError
        If it fails.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONHASHSEED": str(hash_seed),
    }
    done = subprocess.run(
        [sys.executable, "-c", "from anomed_core.testing.probe import main; main()"],
        input=pickle.dumps(question),
        capture_output=True,
        env=environment,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise ProbeError(lines[-1])
    return pickle.loads(done.stdout)  # noqa: S301 - written by our own child


@attrs.frozen(kw_only=True)
class Announcement:
    """How a type was announced.

    Attributes
    ----------
    seconds
        From the import of the plugin until its type was known.
    heavy
        Which of `HEAVY` were imported meanwhile.
    """

    seconds: float
    heavy: tuple[str, ...]


def announce(question: Question) -> Announcement:
    """Load a plugin and measure what that costs."""
    from anomed_core.model import ChallengeType  # noqa: F401 - what every plugin imports
    from anomed_core.plugins import build_registry
    from anomed_core.testing.loading import load_plugin

    registry = build_registry()
    before = set(sys.modules)
    begin = time.perf_counter()
    load_plugin(registry, question.plugin)
    seconds = time.perf_counter() - begin
    heavy = tuple(name for name in HEAVY if name in sys.modules and name not in before)
    return Announcement(seconds=seconds, heavy=heavy)


def _answers(question: Question) -> dict[str, Any]:
    import random

    import numpy as np

    from anomed_core.testing.answers import answers
    from anomed_core.testing.company import EVERYBODY, Company, served_in_company

    random.seed(20)
    np.random.seed(20)  # noqa: NPY002 - plugins must not depend on it
    if question.state is None:
        raise ValueError("answers need a state directory")
    with served_in_company(
        question.plugin,
        EVERYBODY if question.in_company else Company(),
        config=question.config,
        extensions=question.extensions,
        state=question.state,
    ) as client:
        return answers(client, question.trials)


_TASKS = {"announce": announce, "answers": _answers}


def main() -> None:
    """Answer one question; standard output is kept clean of what plugins print."""
    from anomed_core.testing.client import described

    question: Question = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by our own parent
    channel = os.dup(1)
    os.dup2(2, 1)
    try:
        answer = pickle.dumps(_TASKS[question.task](question))
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything; our parent is told
        traceback.print_exc()
        sys.exit(described(error))
    with os.fdopen(channel, "wb") as output:
        output.write(answer)
