"""Put the parts of a server together, once the ledger, the engines and the state are open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import attrs

from anomed_core.config import ServerSettings
from anomed_core.engine import Engine
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
from anomed_core.service.heartbeat import Heartbeat
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.identities import Authorizer
from anomed_core.service.job_worker import JobWorker
from anomed_core.service.jobs import Jobs
from anomed_core.service.operations import Operations
from anomed_core.service.outlook import quota_of
from anomed_core.service.pages.figures import Figures
from anomed_core.service.ranking.rankings import Rankings
from anomed_core.service.records import Records
from anomed_core.service.seals import Seals
from anomed_core.service.server import Server
from anomed_core.service.sessions import Sessions
from anomed_core.service.submissions import Submissions
from anomed_core.service.throttle import throttle_of
from anomed_core.service.told_numbers import ToldNumbers
from anomed_core.state import StateDirectory


@attrs.frozen(kw_only=True)
class Start:
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
