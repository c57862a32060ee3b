"""Which engine a server evaluates with: processes of their own, where something may take long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from anomed_core.config import ServerSettings
from anomed_core.engine import Engine, ForkingEngine
from anomed_core.service.evaluation import Evaluator
from anomed_core.service.hosting import HostedChallenge


def engine_of_processes(
    challenges: Mapping[str, HostedChallenge],
    settings: ServerSettings,
    on_loss: Callable[[], None],
) -> Engine:
    """Return an engine of processes."""
    # Forked before any thread or database connection exists: a child that inherits a lock which
    # another thread holds waits for ever, and SQLite forbids to carry a connection over a fork.
    return ForkingEngine(
        Evaluator(challenges),
        timeout_s=settings.evaluation_timeout_s,
        memory_bytes=settings.evaluation_memory_bytes,
        n_parallel=settings.evaluations_at_once,
        on_loss=on_loss,
    )


def needs_processes(challenges: Iterable[HostedChallenge]) -> bool:
    """Return whether anything is run that is not declared cheap."""
    return any(
        challenge.house_attacks
        or challenge.house_entries
        or not all(kind.cheap for kind in challenge.kinds)
        or not all(operation.cheap for operation in challenge.operations)
        for challenge in challenges
    )
