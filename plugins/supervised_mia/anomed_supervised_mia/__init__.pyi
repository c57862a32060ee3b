from .attacks import Signals as Signals
from .auditing.audits import AuditSettings as AuditSettings
from .auditing.audits import audit as audit
from .auditing.metadata import AuditMetadata as AuditMetadata
from .auditing.results import AuditResults as AuditResults
from .challenge.data import InMemoryNumpyArrays as InMemoryNumpyArrays
from .challenge.data import NpzFromDisk as NpzFromDisk
from .challenge.data import NumpyDataset as NumpyDataset
from .challenge.data import discard_targets as discard_targets
from .challenge.scoring import (
    evaluate_membership_inference_attack as evaluate_membership_inference_attack,
)
from .challenge.scoring import evaluate_MIA as evaluate_MIA
from .challenge.upstream import SupervisedLearningMIAChallenge as SupervisedLearningMIAChallenge
from .challenge.upstream import (
    supervised_learning_MIA_challenge_server_factory as supervised_learning_MIA_challenge_server_factory,
)
from .metrics.accuracy import strict_binary_accuracy as strict_binary_accuracy
from .report import plot_by_epoch as plot_by_epoch
from .report import plot_privacy_utility as plot_privacy_utility
from .report import write_report as write_report
