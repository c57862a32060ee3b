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
    │   │   └── FormExpiredError           403
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
        ├── StoreError                     503
        └── LedgerError                    503
            ├── LedgerFullError            507
            └── LedgerMismatchError        refuses to start

Facts are attributes; the message is one sentence that says what is wrong, what came, what is
allowed and what to do. The web layer alone turns them into HTTP.
"""

from anomed_core.errors.failures import (
    EvaluationFailedError,
    EvaluationTimeoutError,
    ForeignLibraryError,
    LedgerError,
    LedgerFullError,
    LedgerMismatchError,
    ServerBusyError,
    ServiceError,
    StoreError,
)
from anomed_core.errors.refusals import (
    AccountFrozenError,
    AccountSealedError,
    AlreadyScoredError,
    AttemptInProgressError,
    BudgetExhaustedError,
    BudgetExhaustedForNowError,
    CallRejected,
    FormExpiredError,
    InvalidParameterError,
    LengthRequiredError,
    MalformedPayloadError,
    MissingParameterError,
    NotAllowedError,
    NotAuthenticatedError,
    PayloadTooLargeError,
    QuotaExhaustedError,
    RequestError,
    RequestTimeoutError,
    SubmissionRejected,
    UnknownResourceError,
)
from anomed_core.errors.root import (
    CULPRIT_NOTE,
    AnomedError,
    ContractError,
    culprit_of,
)
from anomed_core.errors.usage import (
    ConfigError,
    EnvironmentInUseError,
    EnvironmentMissingError,
    PluginBrokenError,
    PluginConflictError,
    PluginError,
    PluginNotFoundError,
    TableError,
    UsageError,
)

__all__ = [
    "CULPRIT_NOTE",
    "AccountFrozenError",
    "AccountSealedError",
    "AlreadyScoredError",
    "AnomedError",
    "AttemptInProgressError",
    "BudgetExhaustedError",
    "BudgetExhaustedForNowError",
    "CallRejected",
    "ConfigError",
    "ContractError",
    "EnvironmentInUseError",
    "EnvironmentMissingError",
    "EvaluationFailedError",
    "EvaluationTimeoutError",
    "ForeignLibraryError",
    "FormExpiredError",
    "InvalidParameterError",
    "LedgerError",
    "LedgerFullError",
    "LedgerMismatchError",
    "LengthRequiredError",
    "MalformedPayloadError",
    "MissingParameterError",
    "NotAllowedError",
    "NotAuthenticatedError",
    "PayloadTooLargeError",
    "PluginBrokenError",
    "PluginConflictError",
    "PluginError",
    "PluginNotFoundError",
    "QuotaExhaustedError",
    "RequestError",
    "RequestTimeoutError",
    "ServerBusyError",
    "ServiceError",
    "StoreError",
    "SubmissionRejected",
    "TableError",
    "UnknownResourceError",
    "UsageError",
    "culprit_of",
]
