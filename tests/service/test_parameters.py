"""Who asks, for what: the query."""

import pytest

from anomed_core import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    ArraySchema,
    ArraysSchema,
    Parameter,
    Purpose,
    Role,
    Split,
    Subject,
    SubmissionKind,
)
from anomed_core.errors import InvalidParameterError, MissingParameterError
from anomed_core.service.parameters import checked_parameters, split_of, subject_of

DECLARED = (ANONYMIZER, DEANONYMIZER, DATA_SPLIT)
GIVEN = {"anonymizer": "a", "deanonymizer": "b", "data_split": "tuning"}


def kind(submitter: Role, **changes: object) -> SubmissionKind:
    facts: dict[str, object] = {
        "name": "x",
        "path": "/x",
        "submitter": submitter,
        "purpose": Purpose.UTILITY,
        "schema": ArraysSchema(arrays=[ArraySchema(name="p", kinds=("int",), shape=())]),
        "parameters": DECLARED,
    }
    return SubmissionKind(**{**facts, **changes})  # type: ignore[arg-type]


def test_declared_parameters_are_kept_and_others_left_out() -> None:
    assert checked_parameters(DECLARED, {**GIVEN, "more": "1"}) == GIVEN


@pytest.mark.parametrize(
    ("given", "first_missing"),
    [
        ({}, "anonymizer"),
        ({"data_split": "x"}, "anonymizer"),
        ({"anonymizer": ""}, "anonymizer"),
        ({"anonymizer": "a"}, "deanonymizer"),
        ({"anonymizer": "a", "deanonymizer": "b"}, "data_split"),
    ],
)
def test_the_first_missing_parameter_is_named(given: dict[str, str], first_missing: str) -> None:
    with pytest.raises(MissingParameterError) as refusal:
        checked_parameters(DECLARED, given)

    assert str(refusal.value) == f'The "{first_missing}" parameter is required.'


@pytest.mark.parametrize("split", ["garbage", "Tuning", "validation ", "none"])
def test_other_splits_are_refused(split: str) -> None:
    with pytest.raises(
        InvalidParameterError, match=r'"data_split" .* allowed are tuning, validation'
    ):
        checked_parameters(DECLARED, {**GIVEN, "data_split": split})


@pytest.mark.parametrize("name", ["a", "A1", "a.b_c@d+e:f-g", "0", "x" * 128])
def test_identifiers_are_taken(name: str) -> None:
    assert checked_parameters(DECLARED, {**GIVEN, "anonymizer": name})["anonymizer"] == name


@pytest.mark.parametrize("name", ["-a", "a b", "ä", "a/b", "a\n", "../x", "x" * 129, "a\x00"])
def test_other_identifiers_are_refused(name: str) -> None:
    with pytest.raises(InvalidParameterError, match="an identifier has 1 to 128 letters"):
        checked_parameters(DECLARED, {**GIVEN, "deanonymizer": name})


def test_an_optional_parameter_may_be_empty() -> None:
    optional = Parameter(name="note", required=False)

    assert checked_parameters([optional], {"note": ""}) == {}
    assert checked_parameters([optional], {"note": "1"}) == {"note": "1"}


def test_an_anonymizer_submits_for_itself() -> None:
    assert subject_of(kind(Role.ANONYMIZER), GIVEN) == Subject(role=Role.ANONYMIZER, anonymizer="a")


def test_a_deanonymizer_submits_against_an_anonymizer() -> None:
    assert subject_of(kind(Role.DEANONYMIZER), GIVEN) == Subject(
        role=Role.DEANONYMIZER, anonymizer="a", deanonymizer="b"
    )


def test_the_split_is_that_of_the_query_or_the_default() -> None:
    tabular = kind(Role.ANONYMIZER, parameters=(ANONYMIZER,), default_split=Split.VALIDATION)

    assert split_of(kind(Role.ANONYMIZER), GIVEN) is Split.TUNING
    assert split_of(tabular, {"anonymizer": "a"}) is Split.VALIDATION


def test_without_default_the_split_is_missing() -> None:
    with pytest.raises(MissingParameterError, match="data_split"):
        split_of(kind(Role.ANONYMIZER), {"anonymizer": "a"})
