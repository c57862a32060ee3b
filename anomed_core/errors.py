"""Every error that this package raises on purpose.

The tree, by what the person who meets the error can do about it::

    AnomedError
    ├── UsageError (ValueError)            an organiser fixes the command line, file or environment
    │   ├── ConfigError                    ... a key of the configuration
    │   ├── TableError                     ... a table in a file
    │   ├── EnvironmentInUseError          ... what uses the environment of a foreign library
    │   ├── EnvironmentMissingError        ... the environment of a foreign library
    │   └── PluginError                    ... the choice or installation of a plugin
    │       ├── PluginNotFoundError
    │       ├── PluginBrokenError
    │       └── PluginConflictError
    ├── ContractError (TypeError)          a plugin author fixes what a hook returned
    ├── RequestError (ValueError)          a participant fixes the request; costs no attempt
    │   ├── MissingParameterError          400
    │   ├── InvalidParameterError          400
    │   ├── MalformedPayloadError          400
    │   ├── NotAuthenticatedError          401
    │   ├── NotAllowedError                403
    │   ├── AccountFrozenError             403
    │   ├── BudgetExhaustedError           403
    │   │   └── BudgetExhaustedForNowError 429
    │   ├── UnknownResourceError           404
    │   ├── RequestTimeoutError            408
    │   ├── AlreadyScoredError             409
    │   ├── AttemptInProgressError         409
    │   ├── AccountSealedError             409
    │   ├── LengthRequiredError            411
    │   ├── PayloadTooLargeError           413
    │   ├── SubmissionRejected             422
    │   ├── CallRejected                   422
    │   └── QuotaExhaustedError            429
    └── ServiceError (RuntimeError)        the organiser reads the log; the participant tries again
        ├── EvaluationFailedError          503
        ├── EvaluationTimeoutError         504
        ├── ForeignLibraryError            503
        ├── ServerBusyError                503
        └── LedgerError                    503
            ├── LedgerFullError            507
            └── LedgerMismatchError        refuses to start

Facts are attributes; the message is one sentence that says what is wrong, what came, what is
allowed and what to do. The web layer alone turns them into HTTP.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal


class AnomedError(Exception):
    """Root of all errors raised on purpose."""


class UsageError(AnomedError, ValueError):
    """Something an organiser typed or configured is wrong; the command line exits with 2."""


class ConfigError(UsageError):
    """A key of the configuration is unknown, missing, or of the wrong type or value.

    Parameters
    ----------
    key
        Path of the key, such as ``challenges.iris.utility``; empty if the file itself is wrong.
    problem
        What is wrong with it and what is allowed instead.
    """

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}" if key else problem)
        self.key = key
        self.problem = problem

    def of_challenge(self, challenge: str) -> ConfigError:
        """Return the error with the key's whole path, where a plugin knew its own part only."""
        table = f"challenges.{challenge}"
        if self.key.startswith(table):
            return self
        return ConfigError(f"{table}.{self.key}" if self.key else table, self.problem)


class EnvironmentInUseError(UsageError):
    """The environment of a foreign library cannot be removed yet."""


class EnvironmentMissingError(UsageError):
    """A foreign library has no environment yet, or it could not be made."""


class TableError(UsageError):
    """A table in a file is not what it should be.

    Parameters
    ----------
    source
        Name of the file.
    problem
        What is wrong with it, what is allowed, and what to do.
    line
        Where in a text file, from 1.
    column
        Name of the column.
    """

    def __init__(
        self, source: str, problem: str, *, line: int | None = None, column: str | None = None
    ) -> None:
        where = source if line is None else f"{source}, line {line}"
        where = where if column is None else f"{where}, column {column!r}"
        super().__init__(f"{where}: {problem}")
        self.source = source
        self.problem = problem
        self.line = line
        self.column = column


class PluginError(UsageError):
    """A plugin cannot be used."""


class PluginNotFoundError(PluginError):
    """No installed distribution offers the plugin that was named."""


class PluginBrokenError(PluginError):
    """A plugin is installed but does not load."""


class PluginConflictError(PluginError):
    """Two plugins claim the same thing; the message names both."""


class ContractError(AnomedError, TypeError):
    """A hook returned something that its specification does not allow."""


_LONGEST_SENTENCE = 1_000
_LONGEST_ENDING = 300


class RequestError(AnomedError, ValueError):
    """The caller's request is wrong; whatever the reason, it costs no attempt.

    Sentences quote what came, which may be as long as a body, so long ones are cut in the middle.
    """

    def __init__(self, message: str) -> None:
        if len(message) > _LONGEST_SENTENCE:
            ending = message[-_LONGEST_ENDING:]
            message = f"{message[: _LONGEST_SENTENCE - _LONGEST_ENDING]} [...] {ending}"
        super().__init__(message)


class MissingParameterError(RequestError):
    """A required query parameter is absent."""

    def __init__(self, name: str) -> None:
        super().__init__(f'The "{name}" parameter is required.')
        self.name = name


class InvalidParameterError(RequestError):
    """A query parameter has a value that is not allowed."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f'The "{name}" parameter is invalid: {problem}')
        self.name = name


class MalformedPayloadError(RequestError):
    """The body is not what its media type says, or an expected part is absent."""


class NotAuthenticatedError(RequestError):
    """The request carries no token, or one that is not valid here."""


class NotAllowedError(RequestError):
    """The subject is known but may not do this."""


class UnknownResourceError(RequestError):
    """There is nothing at this address."""


class RequestTimeoutError(RequestError):
    """The body arrived too slowly."""


class AlreadyScoredError(RequestError):
    """The final of this subject has been scored before; finals are scored once.

    Parameters
    ----------
    score_id
        Sequence number of the recorded score.
    """

    def __init__(self, *, score_id: int) -> None:
        super().__init__(
            "The final of this subject has been scored before; finals are scored once. "
            "The recorded score is at the given location."
        )
        self.score_id = score_id


class AttemptInProgressError(RequestError):
    """The same final is being evaluated at this moment.

    Parameters
    ----------
    message
        The sentence for the participant.
    retry_after_s
        Seconds until the claim is settled or free again, at the latest.
    """

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class LengthRequiredError(RequestError):
    """The request announces no length, so its size cannot be judged before reading."""


class PayloadTooLargeError(RequestError):
    """The body, or what it would unpack to, exceeds a limit."""


class SubmissionRejected(RequestError):  # noqa: N818 - the name is part of API 1
    """A well-formed submission that does not fit what was asked for.

    Plugins raise it from ``anomed_validate_submission``; its message is shown to the caller as it
    is, so it must not contain ground truth.
    """


class CallRejected(RequestError):  # noqa: N818 - named as the one above
    """A well-formed call of an operation that does not fit what may be asked.

    Plugins raise it from an operation's functions before anything that costs has begun; its message
    is shown to the caller as it is, so it must not contain anything secret.
    """


class QuotaExhaustedError(RequestError):
    """The subject has used up its attempts or requests for now.

    Parameters
    ----------
    message
        The sentence for the participant.
    retry_after_s
        Seconds until the next attempt is possible.
    remaining
        How many are left now.
    counted
        What is used up: ``attempts`` or ``requests``.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float,
        remaining: int = 0,
        counted: Literal["attempts", "requests"] = "attempts",
    ) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.remaining = remaining
        self.counted = counted


class BudgetExhaustedError(RequestError):
    """An account has not enough of a resource left.

    Parameters
    ----------
    message
        The sentence for the participant.
    account, resource
        Of what.
    remaining
        How much is left, as an exact decimal.
    """

    def __init__(self, message: str, *, account: str, resource: str, remaining: Decimal) -> None:
        super().__init__(message)
        self.account = account
        self.resource = resource
        self.remaining = remaining


class BudgetExhaustedForNowError(BudgetExhaustedError):
    """An account that begins anew with each period has not enough of a resource left in this one.

    Parameters
    ----------
    message, account, resource, remaining
        See `BudgetExhaustedError`.
    retry_after_s
        Seconds until it begins anew.
    """

    def __init__(
        self,
        message: str,
        *,
        account: str,
        resource: str,
        remaining: Decimal,
        retry_after_s: float,
    ) -> None:
        super().__init__(message, account=account, resource=resource, remaining=remaining)
        self.retry_after_s = retry_after_s


class AccountFrozenError(RequestError):
    """An organiser has frozen the account, and may thaw it."""


class AccountSealedError(RequestError):
    """The account was sealed by its holder or by an organiser, for ever."""


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


CULPRIT_NOTE = "in plugin"
"""How a note begins that says whose code an exception passed through."""


def culprit_of(error: BaseException) -> str:
    """Return what is noted about an exception or what caused it; empty if nothing is."""
    cause: BaseException | None = error
    while cause is not None:
        notes = [note for note in getattr(cause, "__notes__", ()) if note.startswith(CULPRIT_NOTE)]
        if notes:
            return "; ".join(notes)
        cause = cause.__cause__
    return ""
