"""Take part in privacy challenges: download data, submit, attack, follow the ranking.

>>> from anomed_client import connect
>>> challenge = connect("http://127.0.0.1:8000", name="forest")  # doctest: +SKIP
"""

from anomed_client.access import Identity, Server
from anomed_client.accounts import Account, Balance
from anomed_client.attack import Attack
from anomed_client.challenge import Challenge
from anomed_client.connecting import ChallengeSummary, challenges, connect
from anomed_client.description import (
    Description,
    Kind,
    Limits,
    Metric,
    Operation,
    Parameter,
    Phase,
    Product,
    Quotas,
    Split,
)
from anomed_client.downloads import Arrays, Download
from anomed_client.errors import (
    AlreadyScored,
    AnomedClientError,
    ConnectionFailed,
    DownloadDamaged,
    EvaluationTimedOut,
    InProgress,
    JobCancelled,
    MissingExtra,
    NotAllowed,
    NotAnAnomedServer,
    NotAuthenticated,
    NotFound,
    NotSupported,
    QuotaExhausted,
    Refused,
    Rejected,
    ServerFailed,
    TimedOut,
    UsageError,
)
from anomed_client.http import Answer
from anomed_client.jobs import Job
from anomed_client.options import Options
from anomed_client.progress import Progress, Transfer
from anomed_client.ranking import Entry, Ranking
from anomed_client.results import Attempt, Attempts, Outlook, Receipt, Score
from anomed_client.signing_in import login
from anomed_client.targets import Target

__all__ = [
    "Account",
    "AlreadyScored",
    "AnomedClientError",
    "Answer",
    "Arrays",
    "Attack",
    "Attempt",
    "Attempts",
    "Balance",
    "Challenge",
    "ChallengeSummary",
    "ConnectionFailed",
    "Description",
    "Download",
    "DownloadDamaged",
    "Entry",
    "EvaluationTimedOut",
    "Identity",
    "InProgress",
    "Job",
    "JobCancelled",
    "Kind",
    "Limits",
    "Metric",
    "MissingExtra",
    "NotAllowed",
    "NotAnAnomedServer",
    "NotAuthenticated",
    "NotFound",
    "NotSupported",
    "Operation",
    "Options",
    "Outlook",
    "Parameter",
    "Phase",
    "Product",
    "Progress",
    "QuotaExhausted",
    "Quotas",
    "Ranking",
    "Receipt",
    "Refused",
    "Rejected",
    "Score",
    "Server",
    "ServerFailed",
    "Split",
    "Target",
    "TimedOut",
    "Transfer",
    "UsageError",
    "challenges",
    "connect",
    "login",
]
