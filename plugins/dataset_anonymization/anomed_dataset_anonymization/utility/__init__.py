"""Utility of an anonymized table: what is lost, and what it is still good for.

Metrics of generalised tables take `Boxes`, metrics of partitions the equivalence classes of
`anomed_dataset_anonymization.privacy`, metrics of numbers two aligned matrices.
"""

from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals, ValueMasses
from anomed_dataset_anonymization.utility.class_size import (
    average_class_size,
    classification_metric,
    discernibility,
)
from anomed_dataset_anonymization.utility.classification import (
    gradient_boosting,
    majority_accuracy,
    model_accuracy,
)
from anomed_dataset_anonymization.utility.distortion import sse_share
from anomed_dataset_anonymization.utility.information_loss import (
    EntropyLoss,
    gcp,
    ncp_xu,
    non_uniform_entropy,
)
from anomed_dataset_anonymization.utility.marginals import binned_shares, k_marginal_score
from anomed_dataset_anonymization.utility.published import boxes_of_people, boxes_of_published
from anomed_dataset_anonymization.utility.queries import (
    CountQuery,
    QueryError,
    answer,
    draw_workload,
    query_error,
)
from anomed_dataset_anonymization.utility.truthfulness import covers, people_covered, truthfulness

__all__ = [
    "Boxes",
    "Cells",
    "CountQuery",
    "EntropyLoss",
    "Intervals",
    "QueryError",
    "ValueMasses",
    "answer",
    "average_class_size",
    "binned_shares",
    "boxes_of_people",
    "boxes_of_published",
    "classification_metric",
    "covers",
    "discernibility",
    "draw_workload",
    "gcp",
    "gradient_boosting",
    "k_marginal_score",
    "majority_accuracy",
    "model_accuracy",
    "ncp_xu",
    "non_uniform_entropy",
    "people_covered",
    "query_error",
    "sse_share",
    "truthfulness",
]
