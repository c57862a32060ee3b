"""Rounds: who is asked about, what is asked, and what somebody answers who knows nothing."""

from anomed_dataset_synthesis.rounds.drawing import (
    answers_of_background,
    build_round,
    draw_people,
    draw_tasks,
)
from anomed_dataset_synthesis.rounds.round import Halves, Round, RoundPlan, halves_of

__all__ = [
    "Halves",
    "Round",
    "RoundPlan",
    "answers_of_background",
    "build_round",
    "draw_people",
    "draw_tasks",
    "halves_of",
]
