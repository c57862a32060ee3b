"""The vocabulary: frozen value classes, no input or output."""

from anomed_core.model.accounts import Account, AccountState, Holding, Lapse, Line, Resource
from anomed_core.model.alternatives import alternatives
from anomed_core.model.amounts import amount_text, as_amount
from anomed_core.model.challenge import (
    Challenge,
    ChallengePages,
    ChallengeSpec,
    Phase,
    ShownRanking,
    Since,
)
from anomed_core.model.codebook import CodebookColumn
from anomed_core.model.data_product import DataProduct
from anomed_core.model.data_source import DataSource
from anomed_core.model.declarations import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    PAIR,
    ChallengeType,
    DemoConfig,
    Metric,
    Parameter,
    normalised_slug,
)
from anomed_core.model.delivery import DeliveryContext
from anomed_core.model.events import DataRequest, Payload, Score, Subject, Submission, Target
from anomed_core.model.exchanges import Exchange
from anomed_core.model.extras import Baseline, HouseAttack, Quality, ReportSection
from anomed_core.model.foreign_protocol import (
    ForeignJob,
    ForeignJobs,
    ForeignProtocol,
    Refusal,
    Rendered,
)
from anomed_core.model.metric_rows import MetricRow, measured, rows_of_part
from anomed_core.model.operation import Answer, Call, Caller, Operation
from anomed_core.model.payloads import (
    ArraySchema,
    ArraysSchema,
    ColumnSchema,
    FormPart,
    FormSchema,
    JSONSchema,
    Meaning,
    ProductSchema,
    SubmissionSchema,
    TableSchema,
    TextSchema,
)
from anomed_core.model.ranking import Criterion, Gate, HouseEntry, Ranking, Take
from anomed_core.model.roles import BothRoles, Direction, FinalScores, Purpose, Role, Split
from anomed_core.model.submission_kind import SubmissionKind

__all__ = [
    "ANONYMIZER",
    "DATA_SPLIT",
    "DEANONYMIZER",
    "PAIR",
    "Account",
    "AccountState",
    "Answer",
    "ArraySchema",
    "ArraysSchema",
    "Baseline",
    "BothRoles",
    "Call",
    "Caller",
    "Challenge",
    "ChallengePages",
    "ChallengeSpec",
    "ChallengeType",
    "CodebookColumn",
    "ColumnSchema",
    "Criterion",
    "DataProduct",
    "DataRequest",
    "DataSource",
    "DeliveryContext",
    "DemoConfig",
    "Direction",
    "Exchange",
    "FinalScores",
    "ForeignJob",
    "ForeignJobs",
    "ForeignProtocol",
    "FormPart",
    "FormSchema",
    "Gate",
    "Holding",
    "HouseAttack",
    "HouseEntry",
    "JSONSchema",
    "Lapse",
    "Line",
    "Meaning",
    "Metric",
    "MetricRow",
    "Operation",
    "Parameter",
    "Payload",
    "Phase",
    "ProductSchema",
    "Purpose",
    "Quality",
    "Ranking",
    "Refusal",
    "Rendered",
    "ReportSection",
    "Resource",
    "Role",
    "Score",
    "ShownRanking",
    "Since",
    "Split",
    "Subject",
    "Submission",
    "SubmissionKind",
    "SubmissionSchema",
    "TableSchema",
    "Take",
    "Target",
    "TextSchema",
    "alternatives",
    "amount_text",
    "as_amount",
    "measured",
    "normalised_slug",
    "rows_of_part",
]
