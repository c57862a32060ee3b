"""Entries of the house: made and scored in the background, once for each fingerprint."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import attrs
import structlog

from anomed_core.engine import Engine
from anomed_core.errors import AnomedError
from anomed_core.ledger import Ledger, NewScore
from anomed_core.model import HouseEntry, Split, Subject
from anomed_core.service.evaluation import EntryEvaluation, ScoredEntry
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.house_attacks import attack_follow_ups
from anomed_core.service.kept_submissions import KeptSubmissions
from anomed_core.state.payloads import body_digest

log = structlog.get_logger(__name__)

_STOP_TIMEOUT_S = 12.0


def entry_subject(hosted: HostedChallenge, entry: HouseEntry) -> Subject:
    """Return whom an entry of the house is recorded for; no participant can have such an id."""
    role = hosted.kind(entry.kind).submitter
    return Subject(role=role, **{role.value: f"house {entry.name}"})


@attrs.frozen(kw_only=True)
class HouseEntries:
    """Scores the entries of the house that have no score yet.

    Attributes
    ----------
    challenges
        Hosted challenges by id.
    submissions
        Keeps their bodies, so that house attacks meet them.
    engine
        Where they are made and scored.
    ledger
        Where their scores are recorded.
    """

    challenges: Mapping[str, HostedChallenge]
    submissions: KeptSubmissions
    engine: Engine
    ledger: Ledger

    def missing(self) -> list[tuple[HostedChallenge, HouseEntry]]:
        """Return the entries that have not been scored on the data of today."""
        return [
            (hosted, entry)
            for hosted in self.challenges.values()
            for entry in hosted.house_entries
            if not self.ledger.has_entry(
                hosted.id, entry.kind, entry.name, fingerprint=hosted.fingerprint
            )
        ]

    def score(self, hosted: HostedChallenge, entry: HouseEntry) -> bool:
        """Make and score an entry.

        Returns
        -------
        bool
            Whether it was recorded; not if it failed, or somebody else was faster.
        """
        subject = entry_subject(hosted, entry)
        kind = hosted.kind(entry.kind)
        job = EntryEvaluation(
            challenge=hosted.id, entry=entry.name, subject=subject, limits=self.submissions.limits
        )
        try:
            scored: ScoredEntry = self.engine.run(job)
            if Split.VALIDATION in kind.keeps:
                self.submissions.payloads.keep(scored.body)
            recorded = self.ledger.record_entry(
                NewScore(
                    challenge=hosted.id,
                    kind=entry.kind,
                    subject=subject,
                    split=Split.VALIDATION,
                    metrics=scored.metrics,
                    origin="house",
                    label=entry.name,
                    payload_digest=body_digest(scored.body),
                    fingerprint=hosted.fingerprint,
                    provenance=hosted.provenance_of(entry.kind),
                ),
                follow_ups=attack_follow_ups(hosted, kind.name)
                if Split.VALIDATION in kind.keeps
                else (),
            )
        except (AnomedError, OSError) as error:
            log.warning("house entry failed", entry=entry.name, challenge=hosted.id, exc_info=error)
            return False
        return recorded is not None


class HouseEntryThread:
    """Scores what is missing, one entry after the other, and ends.

    Parameters
    ----------
    entries
        What scores them.
    """

    def __init__(self, entries: HouseEntries) -> None:
        self._entries = entries
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="houseentries", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the entry that is under way."""
        self._stopped.set()
        self._thread.join(timeout=_STOP_TIMEOUT_S)

    def _run(self) -> None:
        try:
            for hosted, entry in self._entries.missing():
                if self._stopped.is_set():
                    return
                self._entries.score(hosted, entry)
        except Exception:  # the border of a thread: the server goes on without references
            log.exception("entries of the house were not scored")
