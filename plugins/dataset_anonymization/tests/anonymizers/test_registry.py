import inspect

import attrs
import pytest
from anomed_dataset_anonymization import anonymizers
from anomed_dataset_anonymization.anonymizers import (
    ANONYMIZERS,
    Datafly,
    Mondrian,
    OptimalRecoding,
    RankSwapping,
    create_anonymizer,
)
from anomed_dataset_anonymization.schema.hierarchies import flat_hierarchy
from anomed_dataset_anonymization.schemes import SCHEMES


def test_every_public_anonymizer_is_registered_under_its_name():
    public = {
        member.name: member
        for member in vars(anonymizers).values()
        if inspect.isclass(member) and isinstance(getattr(member, "name", None), str)
    }
    assert dict(ANONYMIZERS) == public


def test_the_public_names_are_sorted_and_exist():
    assert anonymizers.__all__ == sorted(anonymizers.__all__)
    assert all(hasattr(anonymizers, name) for name in anonymizers.__all__)


@pytest.mark.parametrize("name", ANONYMIZERS)
def test_every_method_works_with_its_defaults(name, register, schema, rng):
    method = create_anonymizer(name, {})
    assert method.scheme in SCHEMES
    assert len(method.anonymize(register.head(50), schema, rng=rng))


@pytest.mark.parametrize("name", ANONYMIZERS)
def test_methods_are_frozen(name):
    method = create_anonymizer(name, {})
    with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
        method.k = 3


@pytest.mark.parametrize(
    ("name", "parameters", "method"),
    [
        ("mondrian", {"k": "7", "relaxed": "True"}, Mondrian(k=7, relaxed=True)),
        ("mondrian", {"k": 7, "relaxed": "no"}, Mondrian(k=7)),
        ("rank-swapping", {"window": "0.1"}, RankSwapping(window=0.1)),
        ("optimal-recoding", {"suppression-limit": "0"}, OptimalRecoding(suppression_limit=0.0)),
        (
            "datafly",
            {"hierarchies": {"sex": flat_hierarchy("FM")}},
            Datafly(hierarchies={"sex": flat_hierarchy("FM")}),
        ),
    ],
)
def test_parameters_are_read_from_text(name, parameters, method):
    assert create_anonymizer(name, parameters) == method


@pytest.mark.parametrize(
    ("name", "parameters", "complaint"),
    [
        ("mondrain", {}, r"there is no method 'mondrain'; use one of .*mondrian"),
        (
            "mondrian",
            {"l": "2"},
            r"the method 'mondrian' has no parameter 'l'; it takes k, relaxed",
        ),
        ("identity", {"k": "2"}, r"the method 'identity' has no parameter 'k'; it takes none"),
        ("mondrian", {"k": "ten"}, r"the parameter 'k' must be of type int, got 'ten'"),
        ("mondrian", {"k": "0"}, r"k must be a whole number from 1, got 0"),
        ("mondrian", {"relaxed": "maybe"}, r"'relaxed' must be of type bool, got 'maybe'"),
        ("mondrian", {"relaxed": 1}, r"relaxed must be true or false, got 1"),
        ("datafly", {"hierarchies": "age.csv"}, r"hierarchies must map column names .*'age\.csv'"),
        ("datafly", {"hierarchies": {"age": "age.csv"}}, r"hierarchies must map column names"),
    ],
)
def test_what_is_unknown_or_not_allowed_is_refused(name, parameters, complaint):
    with pytest.raises(ValueError, match=complaint):
        create_anonymizer(name, parameters)
