"""What is wrong with a declaration is a sentence: what, what came, what is allowed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs
import pytest

from anomed_core import (
    Account,
    ArraySchema,
    ArraysSchema,
    Baseline,
    ChallengeSpec,
    ChallengeType,
    ColumnSchema,
    Criterion,
    DataProduct,
    DataSource,
    FormSchema,
    HouseAttack,
    JSONSchema,
    Metric,
    Parameter,
    Phase,
    Ranking,
    Resource,
    Role,
    Split,
    SubmissionKind,
    TableSchema,
    TextSchema,
)
from anomed_core.sampling import Lottery

LOTTERY = Lottery(b"0" * 16, scope="test")


@pytest.mark.parametrize(
    ("declare", "sentence"),
    [
        (
            lambda: Metric.of(lambda truth, submitted: 0.0),
            (
                "the name of a Metric is '<lambda>'; write a letter, then letters, digits or "
                "_.%@-, as in tpr_at_fpr_0.1"
            ),
        ),
        (
            lambda: Metric(name="hits", kind="anonymizer", direction="down"),  # type: ignore[arg-type]
            "the direction of the Metric 'hits': 'down' is no direction; give higher, lower",
        ),
        (
            lambda: DataProduct(path="/data/x", audience="anonymiser", schema=JSONSchema()),
            (
                "the audience of the DataProduct '/data/x': 'anonymiser' is no role; give public, "
                "anonymizer, deanonymizer, organiser"
            ),
        ),
        (
            lambda: HouseAttack(name="nearest box", kind="anonymizer", run=lambda *_: {}),
            (
                "the name of a HouseAttack is 'nearest box'; write a letter, then letters, digits "
                "or _.-, as in nearest-box"
            ),
        ),
        (
            lambda: Metric(name="hits", bounds=(0, 1, 2)),  # type: ignore[arg-type]
            (
                "the bounds of the metric 'hits' must be (low, high) with low < high, got "
                "(0, 1, 2); give (-inf, inf) where there are none"
            ),
        ),
        (
            lambda: Ranking(name="best", kind="anonymizer", criteria=[]),
            "the criteria of the Ranking 'best': Length of 'criteria' must be >= 1: 0",
        ),
        (
            lambda: Criterion(metric="hits", resolution=0),
            "the resolution of the Criterion 'hits': 'resolution' must be > 0: 0",
        ),
        (
            lambda: DataProduct(path="data", audience="public", schema=JSONSchema()),
            (
                "the path of a DataProduct is 'data'; write lower-case words behind slashes, as in "
                "/data/anonymizer"
            ),
        ),
        (
            lambda: DataProduct(path="/data/anonymizer/x", data={"a": (i for i in (1, 2))}),
            (
                "/data/anonymizer/x: its data['a'] is a generator, which can be read once; give a "
                "list, or a function that returns one"
            ),
        ),
        (
            lambda: ArraySchema(name="x", kinds="integer", shape=(1,)),
            (
                "the kinds of the ArraySchema 'x': kinds must be some of ['bool', 'bytes', "
                "'float', 'int', 'str'], got ['integer']"
            ),
        ),
        (
            lambda: Parameter(name="Data Split"),
            (
                "the name of a Parameter is 'Data Split'; write lower-case letters, digits, "
                "underscores, as in data_split"
            ),
        ),
        (
            lambda: DataSource(scheme="CSV"),
            (
                "the scheme of a DataSource is 'CSV'; write lower-case letters, digits, hyphens, "
                "as in csv"
            ),
        ),
        (
            lambda: ChallengeSpec(id="My Iris", type="supervised-mia"),
            (
                "the id of a ChallengeSpec is 'My Iris'; write 1 to 64 lower-case letters, digits, "
                "- or _, as in iris"
            ),
        ),
        (
            lambda: Phase(opens=datetime(2027, 1, 31)),
            (
                "a phase opens and closes at times with a zone, got datetime.datetime(2027, 1, "
                "31, 0, 0); give datetime(2027, 1, 31, tzinfo=UTC)"
            ),
        ),
        (
            lambda: LOTTERY.permutation(9, "x", 5),  # type: ignore[arg-type]
            "purposes and ids of draws are text, got 5 of type int; write str(...) around it",
        ),
    ],
)
def test_each_mistake_has_its_sentence(declare: Callable[[], Any], sentence: str) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        declare()

    assert str(caught.value) == sentence


WHOLE: dict[type[Any], dict[str, Any]] = {
    Account: {"name": "privacy", "resources": [Resource(name="epsilon", limit=1)]},
    ArraySchema: {"name": "x", "kinds": "int", "shape": (1,)},
    ArraysSchema: {"arrays": []},
    Baseline: {"name": "truth", "kind": "k", "quality": "perfect", "payload": 0},
    ChallengeType: {"name": "guesses", "config_class": "guesses:Config"},
    ColumnSchema: {"name": "age", "kinds": "int"},
    Criterion: {"metric": "hits"},
    DataProduct: {"path": "/data/x", "audience": "public", "schema": JSONSchema()},
    FormSchema: {"parts": []},
    HouseAttack: {"name": "panel", "kind": "anonymizer", "run": lambda *_: {}},
    Metric: {"name": "hits"},
    Parameter: {"name": "task"},
    Ranking: {"name": "best", "kind": "k", "criteria": [Criterion(metric="hits")]},
    Resource: {"name": "epsilon", "limit": 1},
    SubmissionKind: {"name": "anonymizer", "schema": JSONSchema()},
    TableSchema: {},
    TextSchema: {},
}
CONVERTED = [
    (declared, field.name)
    for declared in WHOLE
    for field in attrs.fields(declared)
    if field.converter is not None and (declared, field.name) != (Baseline, "payload")
]


@pytest.mark.parametrize(
    ("declared", "field"), CONVERTED, ids=lambda one: getattr(one, "__name__", one)
)
def test_what_no_field_takes_is_refused_with_the_name_of_field_and_owner(
    declared: type[Any], field: str
) -> None:
    given = {**WHOLE[declared], field: object()}
    first = next(iter(attrs.fields_dict(declared)))
    named = first in {"name", "path", "metric"}

    with pytest.raises((TypeError, ValueError)) as caught:
        declared(**given)

    whose = f"the {declared.__name__} {given[first]!r}" if named else f"a {declared.__name__}"
    assert str(caught.value).startswith(f"the {field} of {whose}: ")


def test_one_word_stands_for_a_set_of_one() -> None:
    product = DataProduct(path="/data/x", audience="deanonymizer", schema=JSONSchema())
    kind = SubmissionKind(name="anonymizer", schema=JSONSchema(), keeps="validation")

    assert product.audience == {Role.DEANONYMIZER}
    assert kind.keeps == {Split.VALIDATION}
    assert ArraySchema(name="x", kinds="int", shape=(1,)).kinds == ("int",)
