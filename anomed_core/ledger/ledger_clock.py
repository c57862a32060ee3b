"""What time it is for a ledger."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from anomed_core.ledger.schema import claims, clock

_TIMES = sa.select(
    sa.select(claims.c.claimed_at).order_by(claims.c.id.desc()).limit(1).scalar_subquery(),
    sa.select(clock.c.reached).scalar_subquery(),
)
"""Times that have been reached for certain: of the newest claim, and what was noted."""


class LedgerClock:
    """The machine's clock, but never earlier than the latest time in the ledger.

    It never runs backwards, so nothing reopens when the machine's clock does.

    Parameters
    ----------
    read
        Returns microseconds since 1970-01-01 UTC.
    """

    def __init__(self, read: Callable[[], int]) -> None:
        self._read = read

    def now(self, connection: sa.Connection) -> int:
        """Return the present, but never earlier than the newest claim or what was reached."""
        claimed, reached = connection.execute(_TIMES).one()
        return max(self._read(), claimed or 0, reached or 0)

    def machine_now(self) -> int:
        """Return what the machine's clock says, even if it was set back."""
        return self._read()

    def reached(self, connection: sa.Connection) -> int:
        """Return the time that `reach` remembers."""
        moment: int = connection.execute(sa.select(clock.c.reached)).scalar_one()
        return moment

    def reach(self, connection: sa.Connection, moment: int) -> None:
        """Remember that a time has come, for all processes and restarts."""
        connection.execute(sa.update(clock).where(clock.c.reached < moment).values(reached=moment))
