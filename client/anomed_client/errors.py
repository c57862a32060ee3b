"""Every exception of this package.

The tree, by what its reader can do about it::

    AnomedClientError
    ├── UsageError (ValueError)               found before sending; costs nothing
    ├── MissingExtra (ImportError)            names the extra to install
    ├── ConnectionFailed (ConnectionError)    nothing came back, or it broke off
    │   └── TimedOut (TimeoutError)
    ├── Refused                               the server said no; costs nothing
    │   ├── Rejected (ValueError)             400 408 411 413 415 422: another request would do
    │   ├── NotAuthenticated (PermissionError)    401
    │   ├── NotAllowed (PermissionError)      403
    │   ├── NotFound (LookupError)            404
    │   ├── AlreadyScored                     409: finals are scored once
    │   ├── InProgress                        409: one's own evaluation still runs
    │   ├── JobCancelled                      somebody has ended the job
    │   └── QuotaExhausted                    429
    ├── ServerFailed                          5xx; the attempt is free again
    │   └── EvaluationTimedOut (TimeoutError) 504
    ├── DownloadDamaged (OSError)             digest or size wrong twice; nothing was kept
    ├── NotSupported (NotImplementedError)    this server is older, newer, or the published one
    └── NotAnAnomedServer                     a login page, a gateway, another program

`str` of an error that came from a server is the server's sentence, followed by what was asked and
the id under which the organiser finds the request.
"""

from __future__ import annotations

from datetime import datetime


class AnomedClientError(Exception):
    """Root of all exceptions of this package.

    Attributes
    ----------
    sentence
        What is wrong and what to do, without the address.
    status
        HTTP status; ``None`` where there was no answer.
    title, code
        The server's heading and name of the error; empty where it gave none.
    url
        What was asked, without user info.
    request_id
        Under which the organiser finds the request in the log.
    """

    def __init__(
        self,
        sentence: str,
        *,
        status: int | None = None,
        title: str = "",
        code: str = "",
        method: str = "",
        url: str = "",
        request_id: str = "",
    ) -> None:
        self.sentence = sentence
        self.status = status
        self.title = title
        self.code = code
        self.method = method
        self.url = url
        self.request_id = request_id
        super().__init__(f"{sentence} [{self._where()}]" if self._where() else sentence)

    def _where(self) -> str:
        asked = " ".join(str(part) for part in (self.status, self.method, self.url) if part)
        identified = f"request {self.request_id}" if self.request_id else ""
        return ", ".join(part for part in (asked, identified) if part)


class UsageError(AnomedClientError, ValueError):
    """Found before anything was sent; costs nothing."""


class MissingExtra(AnomedClientError, ImportError):
    """A library is needed that an extra installs."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what}; install it: pip install 'anomed-client[{extra}]'")
        self.extra = extra


class ConnectionFailed(AnomedClientError, ConnectionError):
    """Nothing came back, or it broke off.

    Attributes
    ----------
    maybe_received
        Whether the server may have acted on the request all the same.
    idempotency_key
        With which the same submission can be sent again without counting twice; empty for
        downloads.
    """

    def __init__(
        self,
        sentence: str,
        *,
        maybe_received: bool = False,
        idempotency_key: str = "",
        method: str = "",
        url: str = "",
    ) -> None:
        super().__init__(sentence, method=method, url=url)
        self.maybe_received = maybe_received
        self.idempotency_key = idempotency_key


class TimedOut(ConnectionFailed, TimeoutError):
    """A limit of `anomed_client.Options` passed; the sentence says which."""


class Refused(AnomedClientError):
    """The server said no; nothing was counted."""


class Rejected(Refused, ValueError):
    """The request is wrong; the sentence says what would be right."""


class NotAuthenticated(Refused, PermissionError):
    """No token, or one that is not valid there."""


class NotAllowed(Refused, PermissionError):
    """Whoever the token belongs to may not do this, or not now."""


class NotFound(Refused, LookupError):
    """There is nothing of this name."""


class AlreadyScored(Refused):
    """The final was scored before.

    Attributes
    ----------
    score_url
        Where the recorded score is; empty if the server did not say.
    """

    score_url: str = ""


class InProgress(Refused):
    """The same submission is being evaluated, and patience is at its end."""


class JobCancelled(Refused):
    """The job was ended before anything came of it; the attempt is free again."""


class QuotaExhausted(Refused):
    """No attempt, or no request, is left for now.

    Attributes
    ----------
    retry_after_s
        Seconds until the next one; ``None`` if the server did not say.
    resets_at
        The same as a time in UTC.
    remaining
        How many are left.
    """

    retry_after_s: float | None = None
    resets_at: datetime | None = None
    remaining: int = 0


class ServerFailed(AnomedClientError):
    """The server failed; the attempt is free again."""


class EvaluationTimedOut(ServerFailed, TimeoutError):
    """The evaluation took longer than the server allows."""


class DownloadDamaged(AnomedClientError, OSError):
    """What arrived is not what the server has, twice; nothing was kept."""


class NotSupported(AnomedClientError, NotImplementedError):
    """A server cannot do what it was asked for.

    Attributes
    ----------
    feature
        What it lacks.
    """

    def __init__(self, sentence: str, *, feature: str = "") -> None:
        super().__init__(sentence)
        self.feature = feature


class NotAnAnomedServer(AnomedClientError):
    """What answers at this address is something else."""
