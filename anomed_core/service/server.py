"""The server: all challenges with the ledger, the engine and the state they share."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import attrs

from anomed_core.config import ServerSettings
from anomed_core.errors import ServiceError
from anomed_core.ledger import (
    FollowUpBook,
    Ledger,
    Neighbours,
    TeamBook,
    TokenBook,
)
from anomed_core.plugins import PluginRegistry
from anomed_core.service.archive import Archive
from anomed_core.service.background import Background
from anomed_core.service.derived_tokens import DerivedTokens
from anomed_core.service.devices import Devices
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.identities import Authorizer
from anomed_core.service.job_worker import JobWorker
from anomed_core.service.jobs import Jobs
from anomed_core.service.operations import Operations
from anomed_core.service.pages.figures import Figures
from anomed_core.service.pages.kept import Kept
from anomed_core.service.ranking.house_entries import HouseEntryThread
from anomed_core.service.ranking.rankings import Rankings
from anomed_core.service.seals import Seals
from anomed_core.service.sessions import Sessions
from anomed_core.service.submissions import Submissions
from anomed_core.service.throttle import Throttle
from anomed_core.service.told_numbers import ToldNumbers
from anomed_core.state import StateDirectory


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
