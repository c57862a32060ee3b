"""The server: all challenges with the ledger, the engine and the state they share."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack

import attrs
import structlog

from anomed_core.config import ServerSettings
from anomed_core.delivery.platform import platform_from
from anomed_core.delivery.worker import DeliveryWorker, SealedScoreError
from anomed_core.engine import Engine, ForkingEngine, InlineEngine
from anomed_core.errors import ConfigError, ServiceError
from anomed_core.ledger import (
    Database,
    DeviceCodes,
    FollowUpBook,
    JobBook,
    Ledger,
    Rules,
    TokenBook,
    utc_microseconds,
)
from anomed_core.model import ChallengeSpec, Score
from anomed_core.model.delivery import DeliveryContext
from anomed_core.plugins import PluginRegistry
from anomed_core.service.archive import Archive
from anomed_core.service.background import Background, FollowingUp, Worker
from anomed_core.service.derived_tokens import DerivedTokens
from anomed_core.service.devices import Devices
from anomed_core.service.evaluation import Evaluator
from anomed_core.service.frames import leave_frames_out
from anomed_core.service.hosting import HostedChallenge, open_challenge
from anomed_core.service.house_attacks import HouseAttackWorker
from anomed_core.service.identities import Authorizer
from anomed_core.service.job_worker import JobWorker
from anomed_core.service.jobs import Jobs
from anomed_core.service.kept_submissions import KeptSubmissions
from anomed_core.service.operations import Operations
from anomed_core.service.outlook import quota_of
from anomed_core.service.ranking.declared_rankings import ranked_metrics
from anomed_core.service.ranking.house_entries import HouseEntries, HouseEntryThread
from anomed_core.service.ranking.rankings import Rankings
from anomed_core.service.seals import Seals, require_a_close
from anomed_core.service.submissions import Submissions
from anomed_core.service.throttle import Throttle, throttle_of
from anomed_core.service.transcripts import Transcripts
from anomed_core.state import StateDirectory
from anomed_core.state.filed_bodies import FiledBodies
from anomed_core.state.payloads import PayloadStore

log = structlog.get_logger(__name__)

PLATFORM_PLUGIN = "anomed-core platform"


@attrs.frozen(kw_only=True)
class Server:
    """Everything that a server needs to answer requests.

    Attributes
    ----------
    challenges
        Hosted challenges by id.
    ledger, tokens, follow_ups
        What is remembered.
    rankings
        Who won.
    submissions, operations, archive, jobs, authorizer, seals, throttle
        The rules; no throttle without a cap on requests.
    derived_tokens, devices
        Stand-ins for tokens, and who waits for one.
    job_worker
        Does jobs, where a thread in the background asks it to.
    background
        Threads that deliver scores, do jobs, run house attacks and score the entries of the house.
    state, settings, registry
        What they share.
    """

    challenges: Mapping[str, HostedChallenge]
    ledger: Ledger
    tokens: TokenBook
    follow_ups: FollowUpBook
    rankings: Rankings
    submissions: Submissions
    operations: Operations
    archive: Archive
    jobs: Jobs
    job_worker: JobWorker
    authorizer: Authorizer
    derived_tokens: DerivedTokens
    devices: Devices
    seals: Seals
    throttle: Throttle | None
    background: tuple[Background | HouseEntryThread, ...]
    state: StateDirectory
    settings: ServerSettings
    registry: PluginRegistry

    def close(self) -> None:
        """End what runs in the background and release what is held open."""
        for thread in self.background:
            thread.stop()
        self.submissions.engine.close()
        self.ledger.close()


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
    state = StateDirectory(settings.state, for_reading=for_reading)
    secret = state.secret(environment.get("ANOMED_SECRET"))
    secret_digest = hmac.digest(secret, b"ledger", "sha256").hex()
    hosted = _opened(specs, registry, state, secret)
    inline: Engine = InlineEngine(Evaluator(hosted))
    in_processes = in_background and _needs_processes(hosted.values())
    engine = _engine(hosted, settings, on_loss) if in_processes else inline
    with ExitStack() as undo:
        undo.callback(engine.close)
        records = _records(settings, state, clock, for_reading=for_reading, goes_on=goes_on)
        undo.callback(records.ledger.close)
        seals = Seals(ledger=records.ledger, auth=settings.auth)
        for challenge in hosted.values():
            require_a_close(challenge)
            if for_reading and challenge.id not in records.ledger.challenges():
                log.error("the ledger knows no challenge of this id", challenge=challenge.id)
                continue
            records.ledger.open_challenge(
                challenge.id,
                challenge.fingerprint,
                accept_change=accept_change,
                ranked=ranked_metrics(challenge.rankings, challenge.house_entries),
                rules=_rules(challenge),
                secret_digest=secret_digest,
            )
        workers: list[Worker] = []
        entries: tuple[HouseEntryThread, ...] = ()
        if in_background:
            _settle_dead_claims(records.ledger)
            workers += _delivery_workers(hosted, registry, records.follow_ups, seals, environment)
            workers += _house_attack_workers(hosted, records, engine, settings)
            entries = _house_entry_threads(hosted, records, engine)
        following_up = tuple(
            Background(FollowingUp(records.follow_ups, worker)) for worker in workers
        )
        submissions = _submissions(records, settings, inline, engine, following_up)
        derived_tokens = DerivedTokens(
            secret=secret,
            identify=records.tokens.identify,
            identity_of=records.tokens.identity_of,
            now=records.ledger.now,
        )
        authorizer = Authorizer(
            identify=derived_tokens.believe,
            owner=records.tokens.owner,
            trusts_ids=settings.auth == "open",
        )
        archive = Archive(
            ledger=records.ledger,
            bodies=FiledBodies(state.archive),
            authorizer=authorizer,
            kept_s=settings.archive_kept_s,
        )
        operations = Operations(
            ledger=records.ledger,
            inline=inline,
            engine=engine,
            kept=records.kept,
            limits=settings.limits,
            archive=archive,
            lease_s=settings.claim_lease_s,
        )
        job_worker = JobWorker(
            challenges=hosted,
            book=records.jobs,
            bodies=records.bodies,
            submissions=submissions,
            operations=operations,
            archive=archive,
        )
        doing_jobs = (Background(job_worker),) if in_background else ()
        background: tuple[Background | HouseEntryThread, ...] = (
            *following_up,
            *doing_jobs,
            *entries,
        )
        undo.pop_all()
    for thread in background:
        thread.start()
    return Server(
        challenges=hosted,
        ledger=records.ledger,
        tokens=records.tokens,
        follow_ups=records.follow_ups,
        rankings=Rankings(records.ledger),
        submissions=submissions,
        operations=operations,
        archive=archive,
        derived_tokens=derived_tokens,
        jobs=Jobs(
            book=records.jobs,
            bodies=records.bodies,
            submissions=submissions,
            operations=operations,
            authorizer=authorizer,
            most=settings.limits.jobs,
            accepted=tuple(thread.wake for thread in doing_jobs),
        ),
        job_worker=job_worker,
        authorizer=authorizer,
        devices=Devices(
            codes=records.device_codes,
            tokens=records.tokens,
            derived=derived_tokens,
            authorizer=authorizer,
        ),
        seals=seals,
        throttle=throttle_of(settings, state, clock),
        background=background,
        state=state,
        settings=settings,
        registry=registry,
    )


@attrs.frozen(kw_only=True)
class _Records:
    """What is remembered, in one database, and the bodies that belong to it."""

    ledger: Ledger
    follow_ups: FollowUpBook
    tokens: TokenBook
    device_codes: DeviceCodes
    kept: KeptSubmissions
    jobs: JobBook
    bodies: FiledBodies


def _records(
    settings: ServerSettings,
    state: StateDirectory,
    clock: Callable[[], int],
    *,
    for_reading: bool,
    goes_on: bool,
) -> _Records:
    url = settings.ledger or state.ledger_url
    database = Database(
        url,
        processes=None if for_reading else settings.workers,
        for_reading=for_reading,
        may_begin=not goes_on,
    )
    ledger = Ledger(database, clock=clock)
    payloads = PayloadStore(state.payloads)
    payloads.sweep()
    return _Records(
        ledger=ledger,
        follow_ups=FollowUpBook(database, clock=clock),
        tokens=TokenBook(database, clock=clock),
        device_codes=DeviceCodes(database, clock=clock),
        jobs=JobBook(database, kept_s=settings.jobs_kept_s, clock=clock),
        bodies=FiledBodies(state.jobs),
        # What was taken once is read again, whatever the ratio is now.
        kept=KeptSubmissions(
            ledger=ledger,
            payloads=payloads,
            limits=attrs.evolve(settings.limits, unpacked_ratio=settings.limits.unpacked_bytes),
            transcripts=Transcripts(ledger=ledger, bodies=FiledBodies(state.archive)),
        ),
    )


def _rules(hosted: HostedChallenge) -> Rules:
    kinds = {kind.name: kind.submitter for kind in hosted.kinds}
    accounts = tuple(hosted.accounts.values())
    return Rules(both_roles=hosted.both_roles, kinds=kinds, accounts=accounts)


def _submissions(
    records: _Records,
    settings: ServerSettings,
    inline: Engine,
    engine: Engine,
    following_up: Iterable[Background],
) -> Submissions:
    return Submissions(
        ledger=records.ledger,
        inline=inline,
        engine=engine,
        kept=records.kept,
        limits=settings.limits,
        quota=quota_of(settings.quota),
        lease_s=settings.claim_lease_s,
        recorded=tuple(thread.wake for thread in following_up),
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


def _engine(
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


def _needs_processes(challenges: Iterable[HostedChallenge]) -> bool:
    return any(
        challenge.house_attacks
        or challenge.house_entries
        or not all(kind.cheap for kind in challenge.kinds)
        or not all(operation.cheap for operation in challenge.operations)
        for challenge in challenges
    )


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


def _delivery_workers(
    hosted: Mapping[str, HostedChallenge],
    registry: PluginRegistry,
    follow_ups: FollowUpBook,
    seals: Seals,
    environment: Mapping[str, str],
) -> list[DeliveryWorker]:
    """Return the delivery worker, if there is anybody to deliver to."""
    platform = platform_from(environment)
    if platform is not None and registry.plugins.get(PLATFORM_PLUGIN) is None:
        registry.add(platform, name=PLATFORM_PLUGIN)
    if not registry.implementations("anomed_deliver_score"):
        return []

    def deliver(score: Score, context: DeliveryContext) -> bool:
        if score.challenge not in hosted:
            return False
        owner = hosted[score.challenge]
        if until := seals.of_score(owner, score):
            raise SealedScoreError(until)
        taken = owner.hook("anomed_deliver_score")(
            challenge=owner.challenge, score=score, context=context
        )
        return bool(taken)

    return [DeliveryWorker(follow_ups, deliver)]


def _house_attack_workers(
    hosted: Mapping[str, HostedChallenge],
    records: _Records,
    engine: Engine,
    settings: ServerSettings,
) -> list[HouseAttackWorker]:
    """Return the worker that runs house attacks, if there are attacks for it to run."""
    if not any(challenge.attacks_by_itself for challenge in hosted.values()):
        return []
    return [
        HouseAttackWorker(
            challenges=hosted,
            submissions=records.kept,
            engine=engine,
            ledger=records.ledger,
            follow_ups=records.follow_ups,
            timeout_s=settings.evaluation_timeout_s,
        )
    ]


def _house_entry_threads(
    hosted: Mapping[str, HostedChallenge], records: _Records, engine: Engine
) -> tuple[HouseEntryThread, ...]:
    """Return the thread that scores the entries of the house, if there are any."""
    if not any(challenge.house_entries for challenge in hosted.values()):
        return ()
    entries = HouseEntries(
        challenges=hosted, submissions=records.kept, engine=engine, ledger=records.ledger
    )
    return (HouseEntryThread(entries),)
