"""What a participant fixes: requests that are refused, which costs no attempt."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from anomed_core.errors.root import AnomedError

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


class FormExpiredError(NotAllowedError):
    """A form of a page comes from another session than the browser's; nothing was changed."""


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

    Parameters
    ----------
    message
        The sentence for the caller.
    details
        The same for programs: short texts by name, such as ``{"kind": "not-offered"}``. They are
        told in the answer, and to whoever writes it in another protocol's words.
    """

    def __init__(self, message: str, *, details: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.details = dict(details or {})


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
    left
        The same of all of the account's resources that have a limit, by name.
    """

    def __init__(
        self,
        message: str,
        *,
        account: str,
        resource: str,
        remaining: Decimal,
        left: Mapping[str, Decimal] | None = None,
    ) -> None:
        super().__init__(message)
        self.account = account
        self.resource = resource
        self.remaining = remaining
        self.left = dict(left or {resource: remaining})


class BudgetExhaustedForNowError(BudgetExhaustedError):
    """An account that begins anew with each period has not enough of a resource left in this one.

    Parameters
    ----------
    message, account, resource, remaining, left
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
        left: Mapping[str, Decimal] | None = None,
    ) -> None:
        super().__init__(
            message, account=account, resource=resource, remaining=remaining, left=left
        )
        self.retry_after_s = retry_after_s


class AccountFrozenError(RequestError):
    """An organiser has frozen the account, and may thaw it."""


class AccountSealedError(RequestError):
    """The account was sealed by its holder or by an organiser, for ever."""
