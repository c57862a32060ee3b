"""Open a server: challenges, then the engine, then the ledger."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack

import structlog

from anomed_core.config import ServerSettings
from anomed_core.engine import Engine, InlineEngine
from anomed_core.errors import ConfigError, ServiceError
from anomed_core.ledger import (
    Ledger,
    Rules,
    utc_microseconds,
)
from anomed_core.model import ChallengeSpec
from anomed_core.plugins import PluginRegistry
from anomed_core.service.assembling import Start
from anomed_core.service.engines import engine_of_processes, needs_processes
from anomed_core.service.evaluation import Evaluator
from anomed_core.service.frames import leave_frames_out
from anomed_core.service.hosting import HostedChallenge, open_challenge
from anomed_core.service.ranking.declared_rankings import ranked_metrics
from anomed_core.service.records import open_records, open_state
from anomed_core.service.seals import require_a_close
from anomed_core.service.server import Server
from anomed_core.state import StateDirectory

log = structlog.get_logger(__name__)


def open_server(  # noqa: PLR0913 - each says one thing about the start
    specs: Iterable[ChallengeSpec],
    *,
    registry: PluginRegistry,
    settings: ServerSettings | None = None,
    accept_change: bool = False,
    in_background: bool = False,
    for_reading: bool = False,
    goes_on: bool = False,
    environment: Mapping[str, str] = os.environ,
    clock: Callable[[], int] = utc_microseconds,
    on_loss: Callable[[], None] = lambda: None,
) -> Server:
    """Open challenges, engine and ledger, in this order.

    Parameters
    ----------
    specs
        The challenges.
    registry
        Holds their types.
    settings
        What the organiser decided about the server.
    accept_change
        Whether a challenge may have other data or metrics than its recorded scores.
    in_background
        Whether to begin what runs beside requests: evaluations in processes of their own, and
        deliveries. Servers do; commands that only look do not.
    for_reading
        Whether nothing is written before somebody records something: a challenge that the ledger
        does not know is not added, and state and ledger may be on a read-only medium.
    goes_on
        Whether there was a start before, as for a worker: a ledger's file that is not there now is
        waited for, and never begun anew.
    environment
        ``ANOMED_SECRET``, ``ANOMED_HOST`` and ``ANOMED_PLATFORM_SECRET`` are read from it.
    clock
        Returns microseconds since 1970-01-01 UTC.
    on_loss
        Called when this process can evaluate nothing any more and another one should take over.

    Returns
    -------
    Server
        Close it in the end.

    Raises
    ------
    UsageError
        If something an organiser decided is wrong.
    LedgerMismatchError
        If the ledger belongs to other data or metrics.
    """
    leave_frames_out()
    settings = settings or ServerSettings()
    state = open_state(settings, for_reading=for_reading)
    secret = state.secret(environment.get("ANOMED_SECRET"))
    hosted = _opened(specs, registry, state, secret)
    inline: Engine = InlineEngine(Evaluator(hosted))
    in_processes = in_background and needs_processes(hosted.values())
    engine = engine_of_processes(hosted, settings, on_loss) if in_processes else inline
    with ExitStack() as undo:
        undo.callback(engine.close)
        records = open_records(settings, state, clock, for_reading=for_reading, goes_on=goes_on)
        undo.callback(records.ledger.close)
        _bind(
            hosted.values(),
            records.ledger,
            accept_change=accept_change,
            for_reading=for_reading,
            secret_digest=hmac.digest(secret, b"ledger", "sha256").hex(),
        )
        start = Start(
            challenges=hosted,
            registry=registry,
            settings=settings,
            state=state,
            secret=secret,
            records=records,
            inline=inline,
            engine=engine,
        )
        if in_background:
            _settle_dead_claims(records.ledger)
        server = start.server(environment if in_background else None, clock)
        undo.pop_all()
    for thread in server.background:
        thread.start()
    return server


def _opened(
    specs: Iterable[ChallengeSpec],
    registry: PluginRegistry,
    state: StateDirectory,
    secret: bytes,
) -> dict[str, HostedChallenge]:
    hosted: dict[str, HostedChallenge] = {}
    for spec in specs:
        if spec.id in hosted:
            raise ConfigError(f"challenges.{spec.id}", "the id is used twice")
        if spec.seed is not None:
            log.warning(
                "this challenge has a fixed seed: whoever knows it can compute the ground truth",
                challenge=spec.id,
                seed=spec.seed,
            )
        hosted[spec.id] = open_challenge(
            spec, registry=registry, secret=secret, artifacts=state.artifacts
        )
    if not hosted:
        raise ConfigError("challenges", "there is none; add a table [challenges.<id>]")
    return hosted


def _bind(
    challenges: Iterable[HostedChallenge],
    ledger: Ledger,
    *,
    accept_change: bool,
    for_reading: bool,
    secret_digest: str,
) -> None:
    """Bind challenges to their scores; who only reads adds none to the ledger."""
    for challenge in challenges:
        require_a_close(challenge)
        if for_reading and challenge.id not in ledger.challenges():
            log.error("the ledger knows no challenge of this id", challenge=challenge.id)
            continue
        kinds = {kind.name: kind.submitter for kind in challenge.kinds}
        accounts = tuple(challenge.accounts.values())
        ledger.open_challenge(
            challenge.id,
            challenge.fingerprint,
            accept_change=accept_change,
            ranked=ranked_metrics(challenge.rankings, challenge.house_entries),
            rules=Rules(both_roles=challenge.both_roles, kinds=kinds, accounts=accounts),
            secret_digest=secret_digest,
        )


def _settle_dead_claims(ledger: Ledger) -> None:
    """End what a killed server has left; if that cannot be written, the next claims do it."""
    try:
        n_dead = ledger.settle_dead()
    except ServiceError:
        log.exception("claims of dead processes stay for now")
    else:
        if n_dead:
            log.info("claims of dead processes were ended", number=n_dead)
