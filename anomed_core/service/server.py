"""The server: all challenges with the ledger, the engine and the state they share."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress

import attrs
import structlog

from anomed_core.config import ServerSettings
from anomed_core.engine import Engine, InlineEngine
from anomed_core.errors import ConfigError, ServiceError
from anomed_core.ledger import (
    FollowUpBook,
    Ledger,
    Neighbours,
    Rules,
    TeamBook,
    TokenBook,
    utc_microseconds,
)
from anomed_core.model import ChallengeSpec
from anomed_core.plugins import PluginRegistry
from anomed_core.service.archive import Archive
from anomed_core.service.background import Background, FollowingUp, Worker
from anomed_core.service.background_workers import (
    delivery_workers,
    house_attack_workers,
    house_entry_threads,
)
from anomed_core.service.derived_tokens import DerivedTokens
from anomed_core.service.devices import Devices
from anomed_core.service.engines import engine_of_processes, needs_processes
from anomed_core.service.evaluation import Evaluator
from anomed_core.service.frames import leave_frames_out
from anomed_core.service.heartbeat import Heartbeat
from anomed_core.service.hosting import HostedChallenge, open_challenge
from anomed_core.service.identities import Authorizer
from anomed_core.service.job_worker import JobWorker
from anomed_core.service.jobs import Jobs
from anomed_core.service.operations import Operations
from anomed_core.service.outlook import quota_of
from anomed_core.service.pages.figures import Figures
from anomed_core.service.pages.kept import Kept
from anomed_core.service.ranking.declared_rankings import ranked_metrics
from anomed_core.service.ranking.house_entries import HouseEntryThread
from anomed_core.service.ranking.rankings import Rankings
from anomed_core.service.records import Records, open_records, open_state
from anomed_core.service.seals import Seals, require_a_close
from anomed_core.service.sessions import Sessions
from anomed_core.service.submissions import Submissions
from anomed_core.service.throttle import Throttle, throttle_of
from anomed_core.service.told_numbers import ToldNumbers
from anomed_core.state import StateDirectory

log = structlog.get_logger(__name__)


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
    derived_tokens, devices, sessions
        Stand-ins for tokens, who waits for one, and browsers that are signed in.
    teams
        What organisers decide about teams.
    job_worker
        Does jobs, where a thread in the background asks it to.
    numbers
        How participants are told numbers of scores and attempts.
    neighbours
        Other servers of the same ledger, where its database lets there be others.
    background
        Threads that deliver scores, do jobs, run house attacks and score the entries of the house.
    state, settings, registry
        What they share.
    figures, kept_pages
        What pages are made of.
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
    sessions: Sessions
    teams: TeamBook
    seals: Seals
    numbers: ToldNumbers
    throttle: Throttle | None
    neighbours: Neighbours | None
    background: tuple[Background | HouseEntryThread, ...]
    state: StateDirectory
    settings: ServerSettings
    registry: PluginRegistry
    figures: Figures
    kept_pages: Kept = attrs.field(factory=Kept)

    def close(self) -> None:
        """End what runs in the background and release what is held open."""
        for thread in self.background:
            thread.stop()
        self.figures.close()
        if self.background and self.neighbours is not None:
            with suppress(ServiceError):  # then it is silent, which says the same later
                self.neighbours.leave()
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
        start = _Start(
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


@attrs.frozen(kw_only=True)
class _Start:
    """What is open already, when the parts of a server are put together."""

    challenges: Mapping[str, HostedChallenge]
    registry: PluginRegistry
    settings: ServerSettings
    state: StateDirectory
    secret: bytes = attrs.field(repr=False)
    records: Records
    inline: Engine
    engine: Engine

    def server(self, environment: Mapping[str, str] | None, clock: Callable[[], int]) -> Server:
        """Return a server whose threads are not started; without an environment, it has none."""
        records, settings = self.records, self.settings
        seals = Seals(ledger=records.ledger, auth=settings.auth)
        works = environment is not None
        following_up = self._following_up(seals, environment) if environment is not None else ()
        entries = house_entry_threads(self.challenges, records, self.engine) if works else ()
        derived_tokens = self._derived_tokens()
        authorizer = self._authorizer(derived_tokens)
        archive = self._archive(authorizer)
        submissions = self._submissions(following_up)
        operations = self._operations(archive)
        job_worker = self._job_worker(submissions, operations, archive)
        doing_jobs = (Background(job_worker),) if works else ()
        return Server(
            challenges=self.challenges,
            ledger=records.ledger,
            tokens=records.tokens,
            follow_ups=records.follow_ups,
            rankings=Rankings(records.ledger),
            submissions=submissions,
            operations=operations,
            archive=archive,
            jobs=self._jobs(submissions, operations, authorizer, doing_jobs),
            job_worker=job_worker,
            authorizer=authorizer,
            derived_tokens=derived_tokens,
            devices=self._devices(derived_tokens, authorizer),
            sessions=self._sessions(derived_tokens),
            teams=records.teams,
            seals=seals,
            numbers=ToldNumbers.of_secret(None if settings.auth == "open" else self.secret),
            throttle=throttle_of(settings, self.state, clock, records.request_counts),
            neighbours=records.neighbours,
            background=(*following_up, *doing_jobs, *entries, *(self._beating() if works else ())),
            state=self.state,
            settings=settings,
            registry=self.registry,
            figures=Figures(self.state.figures, beside=works),
        )

    def _beating(self) -> tuple[Background, ...]:
        """Return the thread that tells other servers that this one lives, if there may be any."""
        neighbours = self.records.neighbours
        return (Background(Heartbeat(neighbours=neighbours)),) if neighbours is not None else ()

    def _following_up(self, seals: Seals, environment: Mapping[str, str]) -> tuple[Background, ...]:
        """Return threads for what follows scores."""
        book = self.records.follow_ups
        workers: list[Worker] = [
            *delivery_workers(self.challenges, self.registry, book, seals, environment),
            *house_attack_workers(self.challenges, self.records, self.engine, self.settings),
        ]
        return tuple(Background(FollowingUp(book, worker)) for worker in workers)

    def _derived_tokens(self) -> DerivedTokens:
        return DerivedTokens(
            secret=self.secret,
            identify=self.records.tokens.identify,
            identity_of=self.records.tokens.identity_of,
            now=self.records.ledger.now,
        )

    def _sessions(self, derived_tokens: DerivedTokens) -> Sessions:
        return Sessions(
            secret=self.secret,
            believe=derived_tokens.believe,
            identity_of=self.records.tokens.identity_of,
            now=self.records.ledger.now,
            trusts_ids=self.settings.auth == "open",
        )

    def _authorizer(self, derived_tokens: DerivedTokens) -> Authorizer:
        return Authorizer(
            identify=derived_tokens.believe,
            owner=self.records.tokens.owner,
            trusts_ids=self.settings.auth == "open",
        )

    def _archive(self, authorizer: Authorizer) -> Archive:
        return Archive(
            ledger=self.records.ledger,
            bodies=self.state.call_bodies,
            authorizer=authorizer,
            kept_s=self.settings.archive_kept_s,
        )

    def _submissions(self, following_up: Iterable[Background]) -> Submissions:
        return Submissions(
            ledger=self.records.ledger,
            inline=self.inline,
            engine=self.engine,
            kept=self.records.kept,
            limits=self.settings.limits,
            quota=quota_of(self.settings.quota),
            lease_s=self.settings.claim_lease_s,
            recorded=tuple(thread.wake for thread in following_up),
        )

    def _operations(self, archive: Archive) -> Operations:
        return Operations(
            ledger=self.records.ledger,
            inline=self.inline,
            engine=self.engine,
            kept=self.records.kept,
            limits=self.settings.limits,
            archive=archive,
            lease_s=self.settings.claim_lease_s,
        )

    def _job_worker(
        self, submissions: Submissions, operations: Operations, archive: Archive
    ) -> JobWorker:
        return JobWorker(
            challenges=self.challenges,
            book=self.records.jobs,
            bodies=self.records.bodies,
            submissions=submissions,
            operations=operations,
            archive=archive,
        )

    def _jobs(
        self,
        submissions: Submissions,
        operations: Operations,
        authorizer: Authorizer,
        doing_jobs: Iterable[Background],
    ) -> Jobs:
        return Jobs(
            book=self.records.jobs,
            bodies=self.records.bodies,
            submissions=submissions,
            operations=operations,
            authorizer=authorizer,
            most=self.settings.limits.jobs,
            accepted=tuple(thread.wake for thread in doing_jobs),
        )

    def _devices(self, derived_tokens: DerivedTokens, authorizer: Authorizer) -> Devices:
        return Devices(
            codes=self.records.device_codes,
            tokens=self.records.tokens,
            derived=derived_tokens,
            authorizer=authorizer,
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
