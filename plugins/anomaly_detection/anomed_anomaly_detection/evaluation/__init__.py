"""Judging a detector on a task, and building tasks from data, in one line each."""

from anomed_anomaly_detection.evaluation.building import build_task, divide
from anomed_anomaly_detection.evaluation.judging import evaluate
from anomed_anomaly_detection.evaluation.results import Evaluation, judge

__all__ = ["Evaluation", "build_task", "divide", "evaluate", "judge"]
