"""Workloads are drawn from what is public, and counted exactly."""

import numpy as np
import pytest
from anomed_dp_query.counting import (
    ConditionError,
    draw_workload,
    read_workload,
    true_counts,
)


def drawn(register, seed=0, **options):
    options = {"n_questions": 40, "n_conditions": (1, 3)} | options
    return draw_workload(register.METADATA, rng=np.random.default_rng(seed), **options)


def test_a_workload_depends_on_the_draw_alone(register):
    assert drawn(register) == drawn(register)
    assert drawn(register) != drawn(register, seed=1)


def test_questions_differ_and_have_as_many_conditions_as_allowed(register):
    questions = drawn(register, n_conditions=(2, 3))

    assert len(set(questions)) == 40
    assert {len(one.conditions) for one in questions} == {2, 3}


def test_questions_are_about_the_chosen_columns(register):
    questions = drawn(register, columns=["sex", "age", "crp"], n_questions=20)

    assert {c.column for q in questions for c in q.conditions} == {"sex", "age", "crp"}


def test_a_workload_survives_its_document(register):
    questions = drawn(register)

    assert read_workload([one.document() for one in questions], register.METADATA) == questions


def test_counts_are_those_of_the_reference(register, recorded):
    """60 questions on the register of seed 7, counted by another implementation."""
    reference = recorded("workload.json")["workload"]

    questions = read_workload(reference, register.METADATA)

    truth = true_counts(questions, register.draw(5_000, 7))
    assert truth.tolist() == [one["truth"] for one in reference]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"n_conditions": (2, 2), "columns": ["sex"]}, "allow fewer conditions or more columns"),
        ({"n_conditions": (1, 1), "columns": ["sex"]}, "only 2 different questions"),
    ],
)
def test_what_cannot_be_drawn_is_refused(register, options, sentence):
    with pytest.raises(ConditionError, match=sentence):
        drawn(register, **options)


def test_a_wrong_question_is_named_by_its_number(register):
    with pytest.raises(ConditionError, match="question 2: it has no conditions"):
        read_workload([{"where": {"sex": "male"}}, {}], register.METADATA)
