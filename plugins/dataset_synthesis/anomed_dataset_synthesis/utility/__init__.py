"""Utility: how much of the training table's structure a synthetic table keeps."""

from anomed_dataset_synthesis.utility.evaluation import DEFAULT_GATE, Utility, evaluate_utility
from anomed_dataset_synthesis.utility.manifold import Manifold, manifold
from anomed_dataset_synthesis.utility.marginals import marginal_accuracies
from anomed_dataset_synthesis.utility.skill import MarginalFidelity, marginal_fidelity
from anomed_dataset_synthesis.utility.task_choice import choose_tasks
from anomed_dataset_synthesis.utility.transfer import Task, Transfer, tasks_of, transfer
from anomed_dataset_synthesis.utility.two_sample import TwoSampleTest, two_sample_test

__all__ = [
    "DEFAULT_GATE",
    "Manifold",
    "MarginalFidelity",
    "Task",
    "Transfer",
    "TwoSampleTest",
    "Utility",
    "choose_tasks",
    "evaluate_utility",
    "manifold",
    "marginal_accuracies",
    "marginal_fidelity",
    "tasks_of",
    "transfer",
    "two_sample_test",
]
