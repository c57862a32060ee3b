"""Transcripts: what an anonymizer has asked in paid calls and was answered, for plugins."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import attrs

from anomed_core.ledger import Entry, KeptBody, Ledger
from anomed_core.model import Exchange, Role
from anomed_core.service.archived_calls import content_of
from anomed_core.state.filed_bodies import FiledBodies

_JSON = "application/json"


@attrs.frozen(kw_only=True)
class Transcripts:
    """Reads the archive.

    Attributes
    ----------
    ledger
        Holds the rows.
    bodies
        Holds what is too large for them.
    """

    ledger: Ledger
    bodies: FiledBodies

    def of(
        self, challenge: str, anonymizer: str, *, until: datetime | None = None
    ) -> tuple[Exchange, ...]:
        """Return what an anonymizer has asked and was answered, oldest first; without times.

        Parameters
        ----------
        challenge
            In which challenge.
        anonymizer
            Its identifier.
        until
            Only what was recorded before.
        """
        entries = self.ledger.entries(
            challenge, role=Role.ANONYMIZER, holder=anonymizer, until=until
        )
        return tuple(self._exchange(entry) for entry in entries)

    def own(self, challenge: str, role: Role, holder: str) -> tuple[Exchange, ...]:
        """Return what somebody has asked and was answered, with times, for nobody else."""
        entries = self.ledger.entries(challenge, role=role, holder=holder)
        return tuple(attrs.evolve(self._exchange(entry), at=entry.recorded_at) for entry in entries)

    def _exchange(self, entry: Entry) -> Exchange:
        return Exchange(
            number=entry.id,
            operation=entry.operation,
            parameters=entry.parameters,
            request=self._decoded(entry, entry.request),
            answer=self._decoded(entry, entry.answer),
            lines=entry.lines,
            outcome=entry.outcome,
        )

    def _decoded(self, entry: Entry, kept: KeptBody) -> Any:
        content = content_of(self.bodies, entry, kept)
        return content if content is None or kept.media_type != _JSON else json.loads(content)
