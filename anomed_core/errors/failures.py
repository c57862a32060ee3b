"""What is our fault: the participant tries again, the organiser reads the log."""

from __future__ import annotations

from anomed_core.errors.root import AnomedError


class ServiceError(AnomedError, RuntimeError):
    """Our fault: the claim is released and the participant may try again."""

    @property
    def public(self) -> str:
        """What a participant may read of it; empty for nothing."""
        return str(self)


class EvaluationFailedError(ServiceError):
    """The evaluation raised, returned something undeclared, or its worker died.

    Parameters
    ----------
    message
        The sentence for the participant.
    by_engine
        Whether it never came to its end for reasons of the engine, so that another try may.
    """

    def __init__(self, message: str, *, by_engine: bool = False) -> None:
        super().__init__(message)
        self.by_engine = by_engine


class EvaluationTimeoutError(ServiceError):
    """The evaluation took longer than its time limit, or waited as long for its turn.

    Parameters
    ----------
    message
        The sentence for the participant.
    by_engine
        Whether it never had its turn, so that another try may end otherwise.
    """

    def __init__(self, message: str, *, by_engine: bool = False) -> None:
        super().__init__(message)
        self.by_engine = by_engine


class ForeignLibraryError(ServiceError):
    """A foreign library, behind a process or a server, failed, hung or answered nonsense."""

    @property
    def public(self) -> str:
        """Nothing: what a library printed may hold paths and data of ours."""
        return ""


class ServerBusyError(ServiceError):
    """There is no room for the request now.

    Parameters
    ----------
    message
        The sentence for the participant.
    retry_after_s
        Seconds after which it is worth another try.
    """

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StoreError(ServiceError):
    """The store that servers share cannot be used now.

    Parameters
    ----------
    reason
        What the store said, for the organiser: it may name hosts.
    """

    retry_after_s = 5.0

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"{_STORE_IS_AWAY} ({reason})")

    @property
    def public(self) -> str:
        """The sentence, without what the store said."""
        return _STORE_IS_AWAY


_STORE_IS_AWAY = "The store cannot be used now; nothing was counted, try again."


class LedgerError(ServiceError):
    """The ledger cannot be read or written.

    Parameters
    ----------
    message
        The sentence for the participant.
    reason
        What the database said, for the organiser: it may name hosts and users.
    """

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(f"{message} ({reason})" if reason else message)
        self._message = message

    @property
    def public(self) -> str:
        """The sentence, without what the database said."""
        return self._message


class LedgerFullError(LedgerError):
    """There is no room left to write to the ledger."""


class LedgerMismatchError(LedgerError):
    """The ledger was written by a challenge with other data or metrics, or by a newer release."""
