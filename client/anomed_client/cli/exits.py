"""Exit codes, by what went wrong."""

from __future__ import annotations

from anomed_client import errors

REFUSED = 1
USAGE = 2
INTERRUPTED = 130

_CODES: tuple[tuple[type[errors.AnomedClientError], int], ...] = (
    (errors.UsageError, USAGE),
    (errors.MissingExtra, USAGE),
    (errors.NotAuthenticated, 3),
    (errors.NotAllowed, 3),
    (errors.QuotaExhausted, 4),
    (errors.AlreadyScored, 4),
    (errors.InProgress, 4),
    (errors.Refused, REFUSED),
    (errors.ConnectionFailed, 5),
    (errors.ServerFailed, 6),
    (errors.DownloadDamaged, 7),
    (errors.NotSupported, 8),
    (errors.NotAnAnomedServer, 8),
)


def exit_code(error: errors.AnomedClientError) -> int:
    """Return the exit code of an error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), REFUSED)
